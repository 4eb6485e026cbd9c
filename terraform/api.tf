# The API's table of contents: which function (a folder in functions/) answers what.

locals {
  routes = {
    "POST /orders"             = "order_commands"
    "POST /orders/{id}/cancel" = "order_commands"
    "PUT /orders/{id}/address" = "order_commands"

    "GET /orders/{id}"           = "storefront_queries"
    "GET /customers/{id}/orders" = "storefront_queries"
    "GET /health"                = "storefront_queries"

    "$default" = "storefront_queries" # everything else: our own 404 and 405
  }
}

module "api" {
  source = "./modules/http_api"

  name        = "${local.prefix}-api"
  description = "Commands and queries of ${local.prefix}."
  routes      = local.routes
  functions   = { for key, function in module.functions : key => { name = function.name, invoke_arn = function.invoke_arn } }
  throttling  = var.throttling

  access_logs        = !var.emulated
  log_retention_days = var.log_retention_days
  local_id           = var.local_api_id
}
