# The shop's settings that may differ between environments.

variable "checkout_deadline_seconds" {
  description = "Seconds until the order of a checkout that is not finished is rejected. Scheduler is punctual to the minute. Null means 900, and 20 on a local AWS."
  type        = number
  default     = null

  validation {
    condition     = var.checkout_deadline_seconds == null || try(var.checkout_deadline_seconds >= 10 && floor(var.checkout_deadline_seconds) == var.checkout_deadline_seconds, false)
    error_message = "`checkout_deadline_seconds` must be a whole number from 10: an order needs a moment to be reserved and paid."
  }
}
