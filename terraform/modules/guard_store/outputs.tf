output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.this.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.this.arn
}

output "claim_policy_json" {
  description = "Lets a command function read guards, and claim and release them in the transaction that appends."
  value       = local.policy_jsons.claim
}

output "protection" {
  description = "Protection of the table."
  value = {
    deletion_protection    = aws_dynamodb_table.this.deletion_protection_enabled
    point_in_time_recovery = aws_dynamodb_table.this.point_in_time_recovery[0].enabled
  }
}
