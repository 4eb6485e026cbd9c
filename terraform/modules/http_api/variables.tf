variable "name" {
  description = "Name of the API."
  type        = string
  nullable    = false
}

variable "description" {
  description = "The API's purpose, in one sentence."
  type        = string
  nullable    = false
}

variable "routes" {
  description = "The function that answers each route, and the role it is open to, for example { \"POST /orders\" = { function = \"orders_commands\", role = \"customer\" } }. The route \"$default\" gets all requests that match no other."
  type = map(object({
    function = string
    role     = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for route in keys(var.routes) : can(regex("^(\\$default|(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) /\\S*)$", route))])
    error_message = "`routes` must have keys like \"GET /orders/{id}\" or \"$default\"."
  }
}

variable "identity" {
  description = "Whose tokens are believed, and for which audiences they must be made. Null: all routes have to be public."
  type = object({
    issuer   = string
    audience = list(string)
  })
  default = null
}

variable "functions" {
  description = "The aliases of the functions that routes may name: each one's name, and its function's."
  type = map(object({
    name          = string
    function_name = string
    invoke_arn    = string
  }))
  nullable = false
}

variable "cors" {
  description = "Origins of the web pages that may call the API, and for how long their browsers remember so. Without origins there are no rules for pages."
  type = object({
    origins         = list(string)
    max_age_seconds = optional(number)
  })
  default  = { origins = [] }
  nullable = false
}

variable "throttling" {
  description = "Limit of requests a second, and a burst above that; `routes` have their own."
  type = object({
    requests_per_second = number
    burst               = number
    routes = optional(map(object({
      requests_per_second = number
      burst               = number
    })), {})
  })
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.throttling.routes), keys(var.routes))) == 0
    error_message = "`throttling.routes` names what is no route: ${join(", ", setsubtract(keys(var.throttling.routes), keys(var.routes)))}. Call it as in `routes`, or take it out (environments/*.tfvars)."
  }
}

variable "access_logs" {
  description = "Whether every request is logged, with its status and duration."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "Retention of the access log, in days."
  type        = number
  nullable    = false
}

variable "local_id" {
  description = "Id that a local AWS gives to the API (8 hexadecimal digits). Null lets AWS choose."
  type        = string
  default     = null
}
