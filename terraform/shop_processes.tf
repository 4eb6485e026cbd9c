# The processes: followers that send commands.

locals {
  processes = {
    checkout = {
      follows   = ["orders", "payments"]
      commands  = ["inventory", "orders", "payments"]
      deadlines = ["orders"]
      settings  = { CHECKOUT_SECONDS = coalesce(var.checkout_deadline_seconds, var.emulated ? 20 : 900) }
    }

    payment_gateway = {
      follows  = ["payments"]
      commands = ["payments"]
    }
  }
}
