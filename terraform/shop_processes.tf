# Processes: followers whose output is commands. Here is what they remember, and whom they command.

# What a process was told by others than events, and what it still has to send, can't be made again.
module "checkout" {
  source = "./modules/view_store"

  name                   = "${local.prefix}-checkout"
  lists                  = ["waiting"]
  bare_lists             = ["waiting"]
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "payment_gateway" {
  source = "./modules/view_store"

  name                   = "${local.prefix}-payment-gateway"
  lists                  = ["waiting"]
  bare_lists             = ["waiting"]
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

locals {
  processes = {
    checkout        = module.checkout
    payment_gateway = module.payment_gateway
  }

  checkout_seconds = coalesce(var.checkout_deadline_seconds, var.emulated ? 20 : 900)

  # Functions that are sent commands by others, and those of them that deadlines command.
  commanded              = ["inventory_commands", "orders_commands", "payments_commands"]
  commanded_at_deadlines = ["orders_commands"]
}
