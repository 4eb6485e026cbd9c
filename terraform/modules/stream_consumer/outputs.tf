output "mapping" {
  description = "The rules by which the records are delivered."
  value = {
    bisect                 = aws_lambda_event_source_mapping.this.bisect_batch_on_function_error
    enabled                = aws_lambda_event_source_mapping.this.enabled
    function_response      = aws_lambda_event_source_mapping.this.function_response_types
    maximum_age_seconds    = aws_lambda_event_source_mapping.this.maximum_record_age_in_seconds
    maximum_retry_attempts = aws_lambda_event_source_mapping.this.maximum_retry_attempts
    on_failure_arn         = aws_lambda_event_source_mapping.this.destination_config[0].on_failure[0].destination_arn
    parallelization_factor = aws_lambda_event_source_mapping.this.parallelization_factor
    starting_position      = aws_lambda_event_source_mapping.this.starting_position
  }
}
