resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"

  # One item per claim, its key a hash of what is claimed: two commits that claim the same meet here.
  hash_key = "guard"

  attribute {
    name = "guard"
    type = "S"
  }

  # Claims that need not stand for ever say when they may go.
  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  deletion_protection_enabled = var.deletion_protection

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}
