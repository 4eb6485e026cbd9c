# Delivers streams to a function. A failed batch is bisected until the bad record is alone, the function
# reports which record failed, and retries end only with the record's age, so that an outage loses nothing.
# After that the whole record goes to the failures bucket, and the recoverer processes it.
resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.source_arns

  function_name    = var.function_arn
  event_source_arn = each.value
  enabled          = var.enabled

  # LATEST may miss records that are written while the mapping is created.
  starting_position = "TRIM_HORIZON"

  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = 0
  parallelization_factor             = var.parallelization_factor

  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = -1
  maximum_record_age_in_seconds  = var.maximum_age_seconds

  destination_config {
    on_failure {
      destination_arn = var.failures_bucket_arn
    }
  }

  dynamic "filter_criteria" {
    for_each = length(var.filters) == 0 ? [] : [var.filters]

    content {
      dynamic "filter" {
        for_each = filter_criteria.value

        content {
          pattern = filter.value
        }
      }
    }
  }
}
