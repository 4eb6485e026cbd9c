# What is made from the events, and can be made again.

module "order_history" {
  source = "./modules/view_store"

  name                = "${local.prefix}-order-history"
  lists               = ["customer"]
  deletion_protection = var.protect_data
}
