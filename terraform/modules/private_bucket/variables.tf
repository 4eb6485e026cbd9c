variable "name" {
  description = "Name of the bucket. Longer ones than S3 allows are cut, with a hash."
  type        = string
  nullable    = false
}

variable "expiry_days" {
  description = "After how many days an object is deleted. Null keeps them."
  type        = number
  default     = null
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed while something lies in it."
  type        = bool
  nullable    = false
}
