# The tables. What can't be made again is also kept as it was at any second; all others too are not made again in
# a moment, so where data is protected none can be deleted.

module "events" {
  source   = "./modules/event_store"
  for_each = module.nouns.services

  name                   = "${local.prefix}-${replace(each.key, "_", "-")}-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "guards" {
  source   = "./modules/guard_store"
  for_each = { for service, said in module.nouns.services : service => said if said.guards }

  name                   = "${local.prefix}-${replace(each.key, "_", "-")}-guards"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

# What a process was told by others than events, and what it still has to send, can't be made again.
module "processes" {
  source   = "./modules/view_store"
  for_each = module.nouns.processes

  name                   = "${local.prefix}-${replace(each.key, "_", "-")}"
  lists                  = ["waiting"]
  bare_lists             = ["waiting"]
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "rows" {
  source   = "./modules/view_store"
  for_each = { for view, said in module.nouns.views : view => said if said.kind == "row" }

  name                = "${local.prefix}-${replace(each.key, "_", "-")}"
  lists               = each.value.lists
  deletion_protection = var.protect_data
}

module "tallies" {
  source   = "./modules/tally_store"
  for_each = { for view, said in module.nouns.views : view => said if said.kind == "tally" }

  name                = "${local.prefix}-${replace(each.key, "_", "-")}"
  deletion_protection = var.protect_data
}

# Where the sweeper's walks leave off. Lost, it costs a walk from the start.
resource "aws_dynamodb_table" "bookmarks" {
  name         = "${local.prefix}-bookmarks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "row"

  attribute {
    name = "row"
    type = "S"
  }

  deletion_protection_enabled = var.protect_data
}

locals {
  tables = merge(module.processes, module.rows, module.tallies) # of what is kept outside of the search index

  bookmarks_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem"]
      Resource = aws_dynamodb_table.bookmarks.arn
    }]
  })
}
