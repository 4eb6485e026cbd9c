output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.this.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.this.arn
}

output "query_policy_json" {
  description = "Lets a function read rows and lists."
  value       = local.policy_jsons.query
}

output "write_policy_json" {
  description = "Lets a follower load its rows and save them."
  value       = local.policy_jsons.write
}

output "drop_policy_json" {
  description = "Lets a function delete the rows of a generation that was dropped."
  value       = local.policy_jsons.drop
}

output "list_policy_json" {
  description = "Lets a function read lists, and those of parked streams among them."
  value       = local.policy_jsons.list
}

output "parked_policy_json" {
  description = "Lets a function find the rows that have a parked stream."
  value       = local.policy_jsons.parked
}

output "protection" {
  description = "Protection of the table."
  value = {
    deletion_protection    = aws_dynamodb_table.this.deletion_protection_enabled
    point_in_time_recovery = aws_dynamodb_table.this.point_in_time_recovery[0].enabled
  }
}
