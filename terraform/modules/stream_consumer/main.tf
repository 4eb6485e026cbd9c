# Delivers streams to a function. A batch that fails is halved until the bad record is alone, the
# function says how far it came, and it is tried again until it is old: an outage must not become loss
# after a few tries. What is given up then goes to the failures bucket, whole, and the sweep takes it up.
resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.source_arns

  function_name    = var.function_arn
  event_source_arn = each.value
  enabled          = var.enabled

  # LATEST can miss what is written while the mapping is being made.
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
