# The tables. Those that can't be rebuilt have point-in-time recovery. Rebuilding the others takes time, so
# where data is protected no table can be deleted.

module "events" {
  source   = "./modules/event_store"
  for_each = module.nouns.services

  name                   = "${local.prefix}-${replace(each.key, "_", "-")}-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = contains(local.protected, "${each.key}_events")
}

module "guards" {
  source   = "./modules/guard_store"
  for_each = { for service, said in module.nouns.services : service => said if said.guards }

  name                   = "${local.prefix}-${replace(each.key, "_", "-")}-guards"
  point_in_time_recovery = var.protect_data
  deletion_protection    = contains(local.protected, "${each.key}_guards")
}

# Rows of a process can't be rebuilt: only they record which commands were sent, and the answers.
module "processes" {
  source   = "./modules/view_store"
  for_each = module.nouns.processes

  name                   = "${local.prefix}-${replace(each.key, "_", "-")}"
  lists                  = ["waiting"]
  bare_lists             = ["waiting"]
  point_in_time_recovery = var.protect_data
  deletion_protection    = contains(local.protected, each.key)
}

module "rows" {
  source   = "./modules/view_store"
  for_each = { for view, said in module.nouns.views : view => said if said.kind == "row" }

  name                = "${local.prefix}-${replace(each.key, "_", "-")}"
  lists               = each.value.lists
  deletion_protection = contains(local.protected, each.key)
}

module "tallies" {
  source   = "./modules/tally_store"
  for_each = { for view, said in module.nouns.views : view => said if said.kind == "tally" }

  name                = "${local.prefix}-${replace(each.key, "_", "-")}"
  deletion_protection = contains(local.protected, each.key)
}

# How far walks are. If lost, a walk starts again. What nobody has walked for long is forgotten.
resource "aws_dynamodb_table" "walks" {
  name         = "${local.prefix}-walks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "row"

  attribute {
    name = "row"
    type = "S"
  }

  ttl {
    attribute_name = "forget"
    enabled        = true
  }

  deletion_protection_enabled = contains(local.protected, "walks")
}

# The generations of each view, and which one queries see.
resource "aws_dynamodb_table" "generations" {
  name         = "${local.prefix}-generations"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "view"

  attribute {
    name = "view"
    type = "S"
  }

  deletion_protection_enabled = contains(local.protected, "generations")

  point_in_time_recovery {
    enabled = var.protect_data
  }
}

# Which kinds of events were ever written: no code may come back that does not know them.
resource "aws_dynamodb_table" "written" {
  name         = "${local.prefix}-written"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "what"

  attribute {
    name = "what"
    type = "S"
  }

  deletion_protection_enabled = contains(local.protected, "written")

  point_in_time_recovery {
    enabled = var.protect_data
  }
}

locals {
  protectable = concat(
    [for service in keys(module.nouns.services) : "${service}_events"],
    [for service, said in module.nouns.services : "${service}_guards" if said.guards],
    keys(module.nouns.processes),
    [for view, said in module.nouns.views : view if said.kind != "search"],
    ["failures", "generations", "user_pool", "walks", "written"],
  )

  # What can't be deleted.
  protected = !var.protect_data || contains(var.unprotected, "all") ? [] : setsubtract(local.protectable, var.unprotected)

  tables = merge(module.processes, module.rows, module.tallies) # of everything but search views

  generations_policy_jsons = {
    for use, actions in { read = ["dynamodb:BatchGetItem"], change = ["dynamodb:BatchGetItem", "dynamodb:PutItem"] } :
    use => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = actions
        Resource = aws_dynamodb_table.generations.arn
      }]
    })
  }

  written_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "dynamodb:UpdateItem"
      Resource = aws_dynamodb_table.written.arn
    }]
  })

  walks_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Scan"]
      Resource = aws_dynamodb_table.walks.arn
    }]
  })
}

resource "terraform_data" "unprotected_is_known" {
  lifecycle {
    precondition {
      condition     = length(setsubtract(var.unprotected, concat(local.protectable, ["all"]))) == 0
      error_message = "`unprotected` names ${join(", ", setsubtract(var.unprotected, concat(local.protectable, ["all"])))}, and can only name ${join(", ", local.protectable)}, or \"all\"."
    }
  }
}
