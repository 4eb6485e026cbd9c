variable "name" {
  description = "Name of the API."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the API is for, in one sentence."
  type        = string
  nullable    = false
}

variable "routes" {
  description = "Which function answers which route, for example { \"POST /orders\" = \"orders_commands\" }. The route \"$default\" gets what no other matches."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for route in keys(var.routes) : can(regex("^(\\$default|(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) /\\S*)$", route))])
    error_message = "`routes` must have keys like \"GET /orders/{id}\" or \"$default\"."
  }
}

variable "functions" {
  description = "The functions that routes may name."
  type = map(object({
    name       = string
    invoke_arn = string
  }))
  nullable = false
}

variable "throttling" {
  description = "Requests a second that are let through, and how many at once above that."
  type = object({
    requests_per_second = number
    burst               = number
  })
  nullable = false
}

variable "access_logs" {
  description = "Whether every request is logged, with its status and how long it took."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the access log keeps its lines, in days."
  type        = number
  nullable    = false
}

variable "local_id" {
  description = "Id that a local AWS gives to the API (8 hexadecimal digits). Null lets AWS choose."
  type        = string
  default     = null
}
