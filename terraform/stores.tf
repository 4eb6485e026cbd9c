# The truth: one event store per service that owns data.

locals {
  prefix = "${var.name}-${var.environment}"
}

module "orders_events" {
  source = "./modules/event_store"

  name                   = "${local.prefix}-orders-events"
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}
