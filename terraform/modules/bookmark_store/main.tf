resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"

  # One item per walk: where it left off.
  hash_key = "row"

  attribute {
    name = "row"
    type = "S"
  }

  deletion_protection_enabled = var.deletion_protection
}
