# The search admits one caller: this role, which the functions that search and index assume. So rights
# are defined in one place for every kind of search.
resource "aws_iam_role" "this" {
  count = local.is_signed ? 1 : 0

  name        = var.name
  description = "What searches and indexes in ${var.name}."

  # A trust policy may only name existing roles. These may be created later, so a condition compares them.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
      Condition = { ArnEquals = { "aws:PrincipalArn" = var.user_role_arns } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = local.is_signed ? 1 : 0

  name = "search-and-index"
  role = aws_iam_role.this[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = local.actions[local.service]
      Resource = local.service == "es" ? "${local.arn}/*" : local.arn
    }]
  })
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  service = lookup({ domain = "es", serverless = "aoss" }, var.settings.kind, var.settings.service)

  is_signed = local.service != "none"

  arn = one(concat(
    aws_opensearch_domain.this[*].arn,
    aws_opensearchserverless_collection.this[*].arn,
    var.settings.kind == "existing" ? [var.settings.arn] : [],
  ))

  actions = {
    es   = ["es:ESHttpDelete", "es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"]
    aoss = ["aoss:APIAccessAll"] # the collection's own policy restricts it further
  }
}
