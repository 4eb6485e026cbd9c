variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted. Without its data every walk starts anew."
  type        = bool
  nullable    = false
}
