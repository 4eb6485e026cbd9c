variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days."
  type        = bool
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted."
  type        = bool
  nullable    = false
}
