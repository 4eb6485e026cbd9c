resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"

  # A row and the cells that it contributes to are saved in one transaction and share this table. A row has
  # the sort key "-"; the cells of a partition are sorted by theirs.
  hash_key  = "row"
  range_key = "cell"

  dynamic "attribute" {
    for_each = toset(["row", "cell", "parked_in"])

    content {
      name = attribute.value
      type = "S"
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
