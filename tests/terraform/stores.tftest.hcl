# The table that is the truth.

mock_provider "aws" {
  source = "./mocks"
}

run "an_event_store_streams_every_commit" {
  command = plan

  module {
    source = "../../terraform/modules/event_store"
  }

  variables {
    name                   = "events"
    point_in_time_recovery = true
    deletion_protection    = true
  }

  assert {
    condition     = aws_dynamodb_table.this.stream_enabled && aws_dynamodb_table.this.stream_view_type == "NEW_IMAGE"
    error_message = "Commits that are stored do not reach the publisher."
  }

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "stream" && aws_dynamodb_table.this.range_key == "version"
    error_message = "Two commits of one stream do not meet on the same key."
  }

  assert {
    condition     = length(aws_dynamodb_table.this.global_secondary_index) == 0
    error_message = "Every append pays for an index."
  }
}

run "a_view_keeps_each_list_in_an_index_of_its_own" {
  command = plan

  module {
    source = "../../terraform/modules/view_store"
  }

  variables {
    name                = "view"
    lists               = ["customer", "day"]
    deletion_protection = false
  }

  assert {
    condition = (
      { for index in aws_dynamodb_table.this.global_secondary_index : index.name => "${index.hash_key}, ${index.range_key}" }
      == {
        by_customer = "customer, customer_sort"
        by_day      = "day, day_sort"
        parked      = "parked_in, row"
      }
    )
    error_message = "The indexes are not by_<list> and parked."
  }
}
