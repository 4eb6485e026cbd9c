resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"

  # One item per claim. Its key is a hash of the claimed value, so a second commit can't claim the same.
  hash_key = "guard"

  attribute {
    name = "guard"
    type = "S"
  }

  deletion_protection_enabled = var.deletion_protection

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}
