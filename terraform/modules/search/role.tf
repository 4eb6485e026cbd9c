# The search admits two callers: the role that reads, which functions that search assume, and the role that
# writes, which those assume that index. So rights are defined in one place for every kind of search.
resource "aws_iam_role" "this" {
  for_each = local.users

  name        = "${var.name}-${each.key}"
  description = each.key == "read" ? "What searches in ${var.name}." : "What searches and indexes in ${var.name}."

  # A trust policy may only name existing roles. These may be created later, so a condition compares them.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
      Condition = { ArnEquals = { "aws:PrincipalArn" = each.value } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.users

  name = each.key
  role = aws_iam_role.this[each.key].name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge({ Effect = "Allow" }, local.may[local.service][each.key])]
  })
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  service = lookup({ domain = "es", serverless = "aoss" }, var.settings.kind, var.settings.service)

  users = { for use, role_arns in var.user_role_arns : use => role_arns if local.service != "none" && length(role_arns) > 0 }

  arn = one(concat(
    aws_opensearch_domain.this[*].arn,
    aws_opensearchserverless_collection.this[*].arn,
    var.settings.kind == "existing" ? [var.settings.arn] : [],
  ))

  may = {
    es = {
      # Both name the index in the body. A path with an index would need a *, which stands for slashes, too: as
      # `/*/_mget` it would allow to write a document with the id `_mget`.
      read = {
        Action   = ["es:ESHttpPost"]
        Resource = ["${coalesce(local.arn, "-")}/_mget", "${coalesce(local.arn, "-")}/_msearch"]
      }
      write = {
        Action   = ["es:ESHttpDelete", "es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"]
        Resource = ["${coalesce(local.arn, "-")}/*"] # whatever is in the domain
      }
    }

    # The collection's own policy says what (serverless.tf).
    aoss = { for use in ["read", "write"] : use => { Action = ["aoss:APIAccessAll"], Resource = [local.arn] } }
  }
}
