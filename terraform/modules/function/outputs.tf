output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "version" {
  description = "The version with the newest code, layer and environment. It waits for the role's policies: a version that is live has its rights."
  value       = aws_lambda_function.this.version
  depends_on  = [aws_iam_role_policy.this]
}

output "role_name" {
  description = "Name of the function's own role."
  value       = aws_iam_role.this.name
}

output "log_group" {
  description = "The function's log group, and its retention."
  value = {
    name           = aws_cloudwatch_log_group.this.name
    retention_days = aws_cloudwatch_log_group.this.retention_in_days
  }
}

output "layer_arns" {
  description = "Layers with the packages that the function imports."
  value       = aws_lambda_function.this.layers
}

output "environment" {
  description = "Environment variables of the function."
  value       = aws_lambda_function.this.environment[0].variables
}

output "policy_jsons" {
  description = "All policies of the role, by use."
  value       = { for use, policy in aws_iam_role_policy.this : use => policy.policy }
}

output "statements" {
  description = "The same, statement by statement, with lists of actions and resources."
  value = flatten([
    for policy in aws_iam_role_policy.this : [
      for statement in jsondecode(policy.policy).Statement : merge(statement, {
        Action   = flatten([statement.Action])
        Resource = flatten([statement.Resource])
      })
    ]
  ])
}
