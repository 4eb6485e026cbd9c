# The HTTP API. Its routes are in shop_routes.tf.

module "api" {
  source = "./modules/http_api"

  name        = "${local.prefix}-api"
  description = "Commands and queries of ${local.prefix}."
  routes      = local.open_to
  identity    = local.identity
  functions   = local.aliases
  cors        = var.cors
  throttling  = var.throttling

  access_logs        = !var.emulated
  log_retention_days = var.log_retention_days
  local_id           = var.local_api_id
}
