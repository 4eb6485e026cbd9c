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

output "role_arns" {
  description = "ARN of the role that requests are signed as, or \"none\", by use (read, write)."
  value       = { for use in keys(var.user_role_arns) : use => try(aws_iam_role.this[use].arn, "none") }
}

output "use_policy_jsons" {
  description = "Lets a function search (read), or index, too (write). The role of that use must trust the function's role, too: `user_role_arns`."
  value = {
    for use in keys(var.user_role_arns) : use => {
      for other, role in aws_iam_role.this : "${use}-search" => jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Effect   = "Allow"
          Action   = "sts:AssumeRole"
          Resource = role.arn
        }]
      }) if other == use
    }
  }
}

output "trust_jsons" {
  description = "The trust policy of the role of each use."
  value       = { for use, role in aws_iam_role.this : use => role.assume_role_policy }
}
