variable "name" {
  description = "Name of this delivery, for the alarms."
  type        = string
  nullable    = false
}

variable "function_arn" {
  description = "ARN of the function that gets the records."
  type        = string
  nullable    = false
}

variable "function_name" {
  description = "Name of that function, whose metrics the alarms watch."
  type        = string
  nullable    = false
}

variable "source_arns" {
  description = "ARNs of the streams, of DynamoDB tables or of Kinesis; each has its own mapping. All share the alarms, as Lambda measures a function's lag over all its streams."
  type        = map(string)
  nullable    = false
}

variable "failures_bucket_arn" {
  description = "ARN of the bucket for records that the mappings give up on."
  type        = string
  nullable    = false
}

variable "batch_size" {
  description = "Maximum number of records in an invocation."
  type        = number
  nullable    = false
}

variable "parallelization_factor" {
  description = "Number of batches of one shard that are processed at the same time. Kinesis keeps the order of each partition key then, DynamoDB only that of each item."
  type        = number
  default     = 1
  nullable    = false
}

variable "maximum_age_seconds" {
  description = "Age at which the mapping gives up on a record, in seconds. Must be less than the stream's retention, or the record is lost before it reaches the failures bucket."
  type        = number
  nullable    = false

  validation {
    condition     = var.maximum_age_seconds >= 60 && var.maximum_age_seconds <= 604800
    error_message = "`maximum_age_seconds` must be 60 to 604800 (seven days)."
  }
}

variable "filters" {
  description = "Event patterns as JSON. A record that matches none of them is not delivered. Empty delivers all."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "enabled" {
  description = "Whether Lambda polls the stream."
  type        = bool
  default     = true
  nullable    = false
}

variable "behind_seconds" {
  description = "Age of the oldest waiting record that raises an alarm, in seconds."
  type        = number
  default     = 60
  nullable    = false
}

variable "alarm_topic_arns" {
  description = "SNS topics that are notified of the alarms."
  type        = list(string)
  default     = []
  nullable    = false
}
