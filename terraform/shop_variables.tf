# What may differ between environments of the shop.

variable "checkout_deadline_seconds" {
  description = "How long a checkout may take before its order is rejected, in seconds. Scheduler is punctual to the minute."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.checkout_deadline_seconds >= 10 && floor(var.checkout_deadline_seconds) == var.checkout_deadline_seconds
    error_message = "`checkout_deadline_seconds` must be a whole number from 10: an order needs a moment to be reserved and paid."
  }
}
