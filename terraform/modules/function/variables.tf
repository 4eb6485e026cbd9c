variable "name" {
  description = "Name of the function. Longer ones than Lambda allows are cut, with a hash."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the function is for, in one sentence."
  type        = string
  nullable    = false
}

variable "package" {
  description = "Where the zip lies that has handler.py at its root. A changed one has another key."
  type = object({
    bucket = string
    key    = string
  })
  nullable = false
}

variable "layer_arns" {
  description = "Layers that the function's imports come from."
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
  description = "What the function may do: policy documents as JSON, named by their use. Stores and streams export them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "memory_megabytes" {
  description = "Memory, in megabytes. It brings CPU with it: 1769 is one core."
  type        = number
  nullable    = false
}

variable "timeout_seconds" {
  description = "After how many seconds an invocation is ended."
  type        = number
  nullable    = false
}

variable "log_level" {
  description = "Lowest level of the lines that Lambda keeps."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the log group keeps its lines, in days."
  type        = number
  nullable    = false
}

variable "traced" {
  description = "Whether Lambda sends traces to X-Ray."
  type        = bool
  default     = true
  nullable    = false
}
