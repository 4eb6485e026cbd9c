# The routes of the API, each with the function (a folder in functions/) that answers it.

locals {
  routes = {
    "POST /customers"           = "customers_commands"
    "PUT /customers/{id}/name"  = "customers_commands"
    "PUT /customers/{id}/email" = "customers_commands"
    "GET /customers"            = "customers_queries"
    "GET /customers/{id}"       = "customers_queries"

    "POST /products"              = "inventory_commands"
    "PUT /products/{id}/price"    = "inventory_commands"
    "POST /products/{id}/receive" = "inventory_commands"
    "POST /products/{id}/reserve" = "inventory_commands"
    "POST /products/{id}/release" = "inventory_commands"
    "POST /products/{id}/ship"    = "inventory_commands"
    "GET /products"               = "inventory_queries"
    "GET /products/{id}"          = "inventory_queries"

    "POST /orders"              = "orders_commands"
    "PUT /orders/{id}/address"  = "orders_commands"
    "POST /orders/{id}/confirm" = "orders_commands"
    "POST /orders/{id}/reject"  = "orders_commands"
    "POST /orders/{id}/cancel"  = "orders_commands"
    "POST /orders/{id}/ship"    = "orders_commands"
    "POST /orders/{id}/deliver" = "orders_commands"
    "GET /order-facts"          = "orders_queries"
    "GET /order-facts/{id}"     = "orders_queries"

    "POST /payments/{id}/authorise" = "payments_commands"
    "POST /payments/{id}/capture"   = "payments_commands"
    "POST /payments/{id}/void"      = "payments_commands"
    "POST /payments/{id}/refund"    = "payments_commands"
    "GET /payments"                 = "payments_queries"
    "GET /payments/{id}"            = "payments_queries"

    "GET /orders"                = "storefront_queries"
    "GET /orders/{id}"           = "storefront_queries"
    "GET /customers/{id}/orders" = "storefront_queries"
    "GET /sales/products"        = "storefront_queries"
    "GET /health"                = "storefront_queries"

    "GET /search/orders" = "storefront_search"

    # The same queries, answered by API composition.
    "GET /composed/orders/{id}"           = "storefront_composition"
    "GET /composed/customers/{id}/orders" = "storefront_composition"

    "$default" = "storefront_queries" # everything else: our own 404 and 405
  }
}
