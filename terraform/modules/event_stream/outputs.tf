output "name" {
  description = "Name of the stream. Known before the stream is there."
  value       = var.name
}

output "arn" {
  description = "ARN of the stream. Who waits for this waits for the stream."
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
