# What may differ between environments of the shop.

variable "checkout_deadline_seconds" {
  description = "How long a checkout may take before its order is rejected, in seconds. Scheduler is punctual to the minute. Null means a quarter of an hour, and on a local AWS 20 seconds: soon enough to watch."
  type        = number
  default     = null

  validation {
    condition     = var.checkout_deadline_seconds == null || try(var.checkout_deadline_seconds >= 10 && floor(var.checkout_deadline_seconds) == var.checkout_deadline_seconds, false)
    error_message = "`checkout_deadline_seconds` must be a whole number from 10: an order needs a moment to be reserved and paid."
  }
}
