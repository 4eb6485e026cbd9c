resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"

  # One item per commit. An append is conditional on its key being free, so an append that is based on an
  # older version fails.
  hash_key  = "stream"
  range_key = "version"

  attribute {
    name = "stream"
    type = "S"
  }

  attribute {
    name = "version"
    type = "N"
  }

  # Commits are never changed, so there are only new images to publish.
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"

  deletion_protection_enabled = var.deletion_protection

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}
