variable "name" {
  description = "Name of what is done with the records, for the alarms."
  type        = string
  nullable    = false
}

variable "function_arn" {
  description = "ARN of the function that the records go to."
  type        = string
  nullable    = false
}

variable "function_name" {
  description = "Name of that function, whose metrics the alarms watch."
  type        = string
  nullable    = false
}

variable "source_arns" {
  description = "ARNs of the streams that the function is fed with, each by a mapping of its own: of DynamoDB tables or of Kinesis. The alarms are one set for all, as Lambda measures a function's lag over all its streams."
  type        = map(string)
  nullable    = false
}

variable "failures_bucket_arn" {
  description = "ARN of the bucket for records that were given up."
  type        = string
  nullable    = false
}

variable "batch_size" {
  description = "How many records an invocation gets at most."
  type        = number
  nullable    = false
}

variable "parallelization_factor" {
  description = "How many batches of one shard are worked on at the same time. Kinesis keeps the order of each partition key then, DynamoDB only that of each item."
  type        = number
  default     = 1
  nullable    = false
}

variable "maximum_age_seconds" {
  description = "At what age a record is given up, in seconds. Must be less than the stream remembers, or the record is gone before it reaches the failures bucket."
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
  description = "How old the oldest waiting record may be before there is an alarm, in seconds."
  type        = number
  default     = 60
  nullable    = false
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of the alarms."
  type        = list(string)
  default     = []
  nullable    = false
}
