output "name" {
  description = "Name of the stream. Known at plan time."
  value       = var.name
}

output "arn" {
  description = "ARN of the stream. Depending on it waits for the stream to exist."
  value       = aws_kinesis_stream.this.arn
}

output "publish_policy_json" {
  description = "Lets a function put records on the stream."
  value       = local.policy_jsons.publish
}

output "consume_policy_json" {
  description = "Lets a function be invoked with the stream's records."
  value       = local.policy_jsons.consume
}
