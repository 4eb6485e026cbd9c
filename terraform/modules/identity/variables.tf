variable "name" {
  description = "Name of the user pool."
  type        = string
  nullable    = false
}

variable "protect_data" {
  description = "Whether the user pool can't be deleted."
  type        = bool
  nullable    = false
}

variable "by_password" {
  description = "Whether an administrator gets tokens for a user's password. On a local AWS, for `make token`."
  type        = bool
  default     = false
  nullable    = false
}
