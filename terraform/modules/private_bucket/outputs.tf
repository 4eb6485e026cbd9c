output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "put_policy_json" {
  description = "Lets a function, or its stream mapping, put objects."
  value       = local.policy_jsons.put
}

output "take_policy_json" {
  description = "Lets a function find objects, read them and delete them."
  value       = local.policy_jsons.take
}

output "bucket" {
  description = "Name of the bucket, known at plan time."
  value       = aws_s3_bucket.this.bucket
}

output "force_destroy" {
  description = "Whether the bucket may be destroyed if it is not empty."
  value       = aws_s3_bucket.this.force_destroy
}

output "https_only" {
  description = "Whether the bucket refuses requests that are not encrypted."
  value       = length(aws_s3_bucket_policy.this) > 0
}
