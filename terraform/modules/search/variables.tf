variable "name" {
  description = "Name of the domain or collection. If it is too long for AWS, it is cut, with a hash."
  type        = string
  nullable    = false
}

variable "settings" {
  description = "Kind and settings of the search, as described at the root's variable `search`."
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
  description = "ARNs of the roles that `read` (search) and of those that `write` (index, and search). They need not exist yet."
  type        = object({ read = list(string), write = list(string) })
  nullable    = false
}

variable "log_retention_days" {
  description = "Retention of a domain's log, in days."
  type        = number
  nullable    = false
}

variable "alarm_topic_arns" {
  description = "SNS topics that are notified of the alarms."
  type        = list(string)
  default     = []
  nullable    = false
}
