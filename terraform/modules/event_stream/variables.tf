variable "name" {
  description = "Name of the stream."
  type        = string
  nullable    = false
}

variable "shards" {
  description = "Number of shards. Null makes the stream on-demand."
  type        = number
  default     = null
}

variable "retention_hours" {
  description = "How long the stream keeps records, in hours."
  type        = number
  nullable    = false
}

variable "encrypted" {
  description = "Whether the records are encrypted at rest, with the key that AWS manages for Kinesis."
  type        = bool
  default     = true
  nullable    = false
}
