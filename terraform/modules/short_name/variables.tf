variable "name" {
  description = "Name in full."
  type        = string
  nullable    = false
}

variable "max_length" {
  description = "Number of characters that AWS allows."
  type        = number
  nullable    = false
}
