variable "name" {}
variable "protected" {}

resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "stream"
  deletion_protection_enabled = var.protected

  attribute {
    name = "stream"
    type = "S"
  }
}
