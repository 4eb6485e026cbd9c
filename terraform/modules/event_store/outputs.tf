output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.this.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.this.arn
}

output "stream_arn" {
  description = "ARN of the table's stream, which carries every commit once it is stored."
  value       = aws_dynamodb_table.this.stream_arn
}

output "append_policy_json" {
  description = "Lets a command function load streams and append to them."
  value       = local.policy_jsons.append
}

output "read_policy_json" {
  description = "Lets a function read a stream by its id."
  value       = local.policy_jsons.read
}

output "walk_policy_json" {
  description = "Lets a function walk over all streams."
  value       = local.policy_jsons.walk
}

output "measure_policy_json" {
  description = "Lets a function see how large the store is, to cut a walk into legs."
  value       = local.policy_jsons.measure
}

output "publish_policy_json" {
  description = "Lets a function be invoked with the commits as they are stored."
  value       = local.policy_jsons.publish
}

output "protection" {
  description = "Protection of the table."
  value = {
    deletion_protection    = aws_dynamodb_table.this.deletion_protection_enabled
    point_in_time_recovery = aws_dynamodb_table.this.point_in_time_recovery[0].enabled
  }
}
