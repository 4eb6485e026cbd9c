# What is made from the events, and can be made again.

# The storefront's: over the events of all services.
module "order_history" {
  source = "./modules/view_store"

  name                = "${local.prefix}-order-history"
  lists               = ["customer", "status"]
  deletion_protection = var.protect_data
}

module "customer_lookups" {
  source = "./modules/view_store"

  name                = "${local.prefix}-customer-lookups"
  deletion_protection = var.protect_data
}

module "product_lookups" {
  source = "./modules/view_store"

  name                = "${local.prefix}-product-lookups"
  deletion_protection = var.protect_data
}

module "sales" {
  source = "./modules/tally_store"

  name                = "${local.prefix}-sales"
  deletion_protection = var.protect_data
}

# The orders service's own, of nobody's events but its own.
module "placed_orders" {
  source = "./modules/view_store"

  name                = "${local.prefix}-placed-orders"
  lists               = ["customer"]
  deletion_protection = var.protect_data
}

locals {
  views = {
    customer_lookups = module.customer_lookups
    order_history    = module.order_history
    placed_orders    = module.placed_orders
    product_lookups  = module.product_lookups
    sales            = module.sales
  }

  # Functions that use the search index (search.tf): other views are in it, whose tables these are not.
  searching = ["storefront_indexer", "storefront_search", "sweeper"]
}
