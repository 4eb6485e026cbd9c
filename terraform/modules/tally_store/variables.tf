variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days. A tally can be rebuilt instead, in a new generation."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted. A tally can be rebuilt, but that takes time."
  type        = bool
  nullable    = false
}
