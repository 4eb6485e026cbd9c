# The truth: one event store per service that owns data, which only its own command function adds to,
# and beside it the guards of what must be unique.

locals {
  event_stores = {
    customers = module.customers_events
    inventory = module.inventory_events
    orders    = module.orders_events
    payments  = module.payments_events
  }

  guard_stores = {
    customers = module.customers_guards
    inventory = module.inventory_guards
  }
}

module "customers_events" {
  source = "./modules/event_store"

  name                   = "${local.prefix}-customers-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "customers_guards" {
  source = "./modules/guard_store"

  name                   = "${local.prefix}-customers-guards"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "inventory_events" {
  source = "./modules/event_store"

  name                   = "${local.prefix}-inventory-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "inventory_guards" {
  source = "./modules/guard_store"

  name                   = "${local.prefix}-inventory-guards"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "orders_events" {
  source = "./modules/event_store"

  name                   = "${local.prefix}-orders-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "payments_events" {
  source = "./modules/event_store"

  name                   = "${local.prefix}-payments-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}
