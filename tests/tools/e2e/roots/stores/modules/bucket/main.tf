variable "name" {}
variable "protected" {}

resource "aws_s3_bucket" "this" {
  bucket        = var.name
  force_destroy = !var.protected
}

output "name" {
  value = aws_s3_bucket.this.bucket
}
