output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "put_policy_json" {
  description = "Lets a function's stream mapping leave the records that failed."
  value       = local.policy_jsons.put
}

output "take_policy_json" {
  description = "Lets a function find the failed records, read them and delete them."
  value       = local.policy_jsons.take
}
