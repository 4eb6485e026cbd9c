output "url" {
  description = "URL of the search, without a slash at the end, or \"none\"."
  value = one(concat(
    [for domain in aws_opensearch_domain.this : "https://${domain.endpoint}"],
    [for collection in aws_opensearchserverless_collection.this : collection.collection_endpoint],
    var.settings.kind == "existing" ? [var.settings.url] : [],
    var.settings.kind == "none" ? ["none"] : [],
  ))
}

output "service" {
  description = "The service that requests are signed for (es or aoss), or \"none\"."
  value       = local.service
}

output "role_arn" {
  description = "ARN of the role that requests are signed as, or \"none\"."
  value       = local.is_signed ? aws_iam_role.this[0].arn : "none"
}

output "use_policy_jsons" {
  description = "Lets a function search and index. The search's role must trust the function's role, too: `user_role_arns`."
  value = local.is_signed ? {
    use-search = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = aws_iam_role.this[0].arn
      }]
    })
  } : {}
}

output "trust_json" {
  description = "The trust policy of the role, or null if there is none."
  value       = one(aws_iam_role.this[*].assume_role_policy)
}
