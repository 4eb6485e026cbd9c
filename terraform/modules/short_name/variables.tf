variable "name" {
  description = "Name in full."
  type        = string
  nullable    = false
}

variable "max_length" {
  description = "How many characters AWS allows."
  type        = number
  nullable    = false
}
