resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "row"

  dynamic "attribute" {
    for_each = local.key_attributes

    content {
      name = attribute.value
      type = "S"
    }
  }

  # A row is in a list if it has the list's two attributes.
  dynamic "global_secondary_index" {
    for_each = var.lists
    iterator = list

    content {
      name               = "by_${list.value}"
      hash_key           = list.value
      range_key          = "${list.value}_sort"
      projection_type    = contains(var.bare_lists, list.value) ? "KEYS_ONLY" : "INCLUDE"
      non_key_attributes = contains(var.bare_lists, list.value) ? null : ["doc", "parked", "positions"]
    }
  }

  # Holds only the rows with a parked stream, so looking for them costs nothing when there are none.
  global_secondary_index {
    name               = "parked"
    hash_key           = "parked_in"
    range_key          = "row"
    projection_type    = "INCLUDE"
    non_key_attributes = ["parked"]
  }

  deletion_protection_enabled = var.deletion_protection

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}

locals {
  key_attributes = toset(concat(
    ["row", "parked_in"],
    flatten([for list in var.lists : [list, "${list}_sort"]]),
  ))
}
