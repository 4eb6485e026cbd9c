variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false
}

variable "lists" {
  description = "Lists of rows, each named after the attribute that is its partition key: \"customer\" makes the index by_customer, sorted by customer_sort."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for list in var.lists : can(regex("^[a-z][a-z_]*$", list))])
    error_message = "`lists` must name attributes in lower case with underscores, for example [\"customer\"]."
  }

  validation {
    condition     = length(setintersection(var.lists, ["row", "doc", "parked", "parked_in", "positions", "revision"])) == 0
    error_message = "`lists` must not use the names that every row has: row, doc, parked, parked_in, positions, revision."
  }
}

variable "bare_lists" {
  description = "Those of `lists` whose index holds keys only. A change of a row that keeps its position does not write to them."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.bare_lists, var.lists)) == 0
    error_message = "`bare_lists` must name some of `lists`."
  }
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days. A view can be rebuilt instead. The rows of a process can't: only they record which commands were sent, and the answers."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted. A view can be rebuilt, but that takes time."
  type        = bool
  nullable    = false
}
