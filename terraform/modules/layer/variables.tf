variable "name" {
  description = "Name of the layer."
  type        = string
  nullable    = false
}

variable "package" {
  description = "Path of the layer's zip."
  type        = string
  nullable    = false
}
