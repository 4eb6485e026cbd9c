# A Serverless collection: nothing to size; billed by the hour even if it is not used.
resource "aws_opensearchserverless_collection" "this" {
  count = local.is_serverless ? 1 : 0

  name             = local.collection
  description      = "What ${var.name} searches."
  type             = "SEARCH" # the only type whose documents can have ids of our own
  standby_replicas = var.settings.standby_replicas ? "ENABLED" : "DISABLED"

  # AWS refuses to create a collection without an encryption policy.
  depends_on = [aws_opensearchserverless_security_policy.encryption]
}

resource "aws_opensearchserverless_security_policy" "encryption" {
  count = local.is_serverless ? 1 : 0

  name        = local.collection
  description = "Encrypts ${local.collection} with a key of AWS."
  type        = "encryption"

  policy = jsonencode({
    Rules       = [{ ResourceType = "collection", Resource = ["collection/${local.collection}"] }]
    AWSOwnedKey = true
  })
}

resource "aws_opensearchserverless_security_policy" "network" {
  count = local.is_serverless ? 1 : 0

  name        = local.collection
  description = "Lets requests that are signed reach ${local.collection} over the internet."
  type        = "network"

  policy = jsonencode([{
    Rules           = [{ ResourceType = "collection", Resource = ["collection/${local.collection}"] }]
    AllowFromPublic = true # the functions are not in a VPC
  }])
}

resource "aws_opensearchserverless_access_policy" "this" {
  count = local.is_serverless ? 1 : 0

  name        = local.collection
  description = "Lets one role search in ${local.collection}, and another one search and index."
  type        = "data"

  policy = jsonencode([
    for use, role in aws_iam_role.this : {
      Principal = [role.arn]
      Rules     = local.may_in_collection[use]
    }
  ])
}

module "collection_name" {
  source = "../short_name"

  name       = var.name
  max_length = 32
}

locals {
  is_serverless = var.settings.kind == "serverless"
  collection    = module.collection_name.name
  indexes       = ["index/${local.collection}/*"] # whatever is in the collection

  may_in_collection = {
    read = [
      { ResourceType = "index", Resource = local.indexes, Permission = ["aoss:ReadDocument"] },
    ]
    write = [
      {
        ResourceType = "collection"
        Resource     = ["collection/${local.collection}"]
        Permission   = [for verb in ["Create", "Delete", "Describe", "Update"] : "aoss:${verb}CollectionItems"] # aliases
      },
      {
        ResourceType = "index"
        Resource     = local.indexes
        Permission = [
          "aoss:CreateIndex", "aoss:DeleteIndex", "aoss:DescribeIndex", "aoss:UpdateIndex",
          "aoss:ReadDocument", "aoss:WriteDocument",
        ]
      },
    ]
  }
}
