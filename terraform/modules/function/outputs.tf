output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "invoke_arn" {
  description = "ARN by which API Gateway invokes the function."
  value       = aws_lambda_function.this.invoke_arn
}

output "role_name" {
  description = "Name of the function's own role."
  value       = aws_iam_role.this.name
}

output "log_group_name" {
  description = "Name of the function's own log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy_jsons" {
  description = "Everything the role allows, by use. Known when the role has it: who needs the permissions to be there waits for this."
  value       = { for use, policy in aws_iam_role_policy.this : use => policy.policy }
}
