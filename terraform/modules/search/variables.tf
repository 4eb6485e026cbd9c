variable "name" {
  description = "Name of what is made. Where AWS allows shorter ones, it is cut, with a hash."
  type        = string
  nullable    = false
}

variable "settings" {
  description = "What kind of search there is, and its settings, as the root's variable `search` describes them."
  type = object({
    kind             = string
    url              = optional(string)
    service          = optional(string, "none")
    arn              = optional(string)
    engine_version   = optional(string)
    instance_type    = optional(string)
    instance_count   = optional(number)
    volume_gigabytes = optional(number)
    standby_replicas = optional(bool)
  })
  nullable = false
}

variable "user_role_arns" {
  description = "ARNs of the roles that may take on the role that searches and indexes. They need not be there yet."
  type        = list(string)
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the log of a domain keeps its lines, in days."
  type        = number
  nullable    = false
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of the alarms."
  type        = list(string)
  default     = []
  nullable    = false
}
