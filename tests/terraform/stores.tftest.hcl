# The tables: of the truth, of what must be unique, and of what is made from events. And buckets.

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

run "a_guard_is_one_item_for_all_who_claim_it" {
  command = plan

  module {
    source = "../../terraform/modules/guard_store"
  }

  variables {
    name                   = "guards"
    point_in_time_recovery = true
    deletion_protection    = true
  }

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "guard" && aws_dynamodb_table.this.range_key == null
    error_message = "Two that claim the same do not meet on the same key."
  }

  assert {
    condition     = length(aws_dynamodb_table.this.ttl) == 0
    error_message = "Claims are forgotten after a while."
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

run "a_tally_has_its_rows_and_its_cells_in_one_table" {
  command = plan

  module {
    source = "../../terraform/modules/tally_store"
  }

  variables {
    name                = "tally"
    deletion_protection = false
  }

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "row" && aws_dynamodb_table.this.range_key == "cell"
    error_message = "The cells of a partition do not lie side by side."
  }

  assert {
    condition     = [for index in aws_dynamodb_table.this.global_secondary_index : index.name] == ["parked"]
    error_message = "Every change of a cell pays for an index, or what is parked can't be found."
  }
}

run "a_bucket_refuses_what_is_not_encrypted" {
  module {
    source = "../../terraform/modules/private_bucket"
  }

  variables {
    name          = "bucket"
    force_destroy = false
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this[0].policy).Statement == [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::some-bucket", "arn:aws:s3:::some-bucket/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "Somebody may ask a bucket by plain HTTP, or may not ask it at all."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy
      && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    )
    error_message = "A bucket can be opened to the public."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm
    ] == ["AES256"]
    error_message = "What is in a bucket is not encrypted."
  }
}

run "the_event_stream_is_encrypted" {
  command = plan

  module {
    source = "../../terraform/modules/event_stream"
  }

  variables {
    name            = "events"
    retention_hours = 24
  }

  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS"
    error_message = "Events lie on the stream in the clear."
  }
}

run "a_name_is_cut_to_what_aws_allows_and_stays_its_own" {
  command = plan

  module {
    source = "../../terraform/modules/short_name"
  }

  variables {
    name       = "a-name-of-more-characters-than-are-allowed"
    max_length = 24
  }

  assert {
    condition     = output.name == "a-name-of-more-${substr(sha1("a-name-of-more-characters-than-are-allowed"), 0, 8)}"
    error_message = "A cut name has no hash of the whole, or is longer than allowed."
  }
}
