output "mappings" {
  description = "The delivery settings of each stream."
  value = {
    for key, mapping in aws_lambda_event_source_mapping.this : key => {
      bisect                 = mapping.bisect_batch_on_function_error
      enabled                = mapping.enabled
      function               = mapping.function_name
      function_response      = mapping.function_response_types
      maximum_age_seconds    = mapping.maximum_record_age_in_seconds
      maximum_retry_attempts = mapping.maximum_retry_attempts
      on_failure_arn         = mapping.destination_config[0].on_failure[0].destination_arn
      parallelization_factor = mapping.parallelization_factor
      starting_position      = mapping.starting_position
    }
  }
}
