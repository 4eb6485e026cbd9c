output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "put_policy_json" {
  description = "Lets a function, or its stream mapping, leave objects."
  value       = local.policy_jsons.put
}

output "take_policy_json" {
  description = "Lets a function find objects, read them and delete them."
  value       = local.policy_jsons.take
}

output "bucket" {
  description = "Name of the bucket, known before it is there."
  value       = aws_s3_bucket.this.bucket
}

output "force_destroy" {
  description = "Whether the bucket may be destroyed while something lies in it."
  value       = aws_s3_bucket.this.force_destroy
}
