variable "name" {
  description = "Name of the layer."
  type        = string
  nullable    = false
}

variable "package" {
  description = "Where the zip lies. A changed one has another key."
  type = object({
    bucket = string
    key    = string
  })
  nullable = false
}
