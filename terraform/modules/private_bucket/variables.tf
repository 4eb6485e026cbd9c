variable "name" {
  description = "Name of the bucket. If it is too long for S3, it is cut, with a hash."
  type        = string
  nullable    = false
}

variable "expiry_days" {
  description = "Days after which an object is deleted. Null keeps objects."
  type        = number
  default     = null
}

variable "https_only" {
  description = "Whether requests that are not encrypted are refused. A local AWS gets no others."
  type        = bool
  default     = true
  nullable    = false
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed if it is not empty."
  type        = bool
  nullable    = false
}
