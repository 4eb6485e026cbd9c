variable "name" {
  description = "Name of the layer."
  type        = string
  nullable    = false
}

variable "package" {
  description = "Bucket and key of the zip. A changed zip has another key."
  type = object({
    bucket = string
    key    = string
  })
  nullable = false
}
