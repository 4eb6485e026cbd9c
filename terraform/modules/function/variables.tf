variable "name" {
  description = "Name of the function. If it is too long for Lambda, it is cut, with a hash."
  type        = string
  nullable    = false
}

variable "description" {
  description = "The function's purpose, in one sentence."
  type        = string
  nullable    = false
}

variable "package" {
  description = "Bucket and key of the zip with handler.py at its root. A changed zip has another key."
  type = object({
    bucket = string
    key    = string
  })
  nullable = false
}

variable "layer_arns" {
  description = "Layers with the packages that the function imports."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "policies" {
  description = "Policies of the function as JSON documents, named by use. Stores and streams export them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "memory_megabytes" {
  description = "Memory, in megabytes. CPU is in proportion: 1769 is one core."
  type        = number
  nullable    = false
}

variable "timeout_seconds" {
  description = "Seconds after which an invocation is ended."
  type        = number
  nullable    = false
}

variable "log_level" {
  description = "Lowest log level that Lambda keeps."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Retention of the log group, in days."
  type        = number
  nullable    = false
}

variable "traced" {
  description = "Whether Lambda sends traces to X-Ray."
  type        = bool
  default     = true
  nullable    = false
}

variable "snap_start" {
  description = "Whether new execution environments go on from a snapshot of each version, taken when it is published."
  type        = bool
  default     = false
  nullable    = false
}
