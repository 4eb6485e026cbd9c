# The routes of the API, each with the function (a folder in functions/) that answers it, and the role that it is open
# to: `public`, or whoever has a token (`customer`), or only `staff`, or only an `operator`. Each may do what the ones
# before it may. Of what is open to customers each sees and changes only their own.

locals {
  routes = {
    "POST /customers"           = { function = "customers_commands", role = "customer" }
    "PUT /customers/{id}/name"  = { function = "customers_commands", role = "customer" }
    "PUT /customers/{id}/email" = { function = "customers_commands", role = "customer" }
    "GET /customers"            = { function = "customers_queries", role = "customer" }
    "GET /customers/{id}"       = { function = "customers_queries", role = "customer" }

    "POST /products"              = { function = "inventory_commands", role = "staff" }
    "PUT /products/{id}/price"    = { function = "inventory_commands", role = "staff" }
    "POST /products/{id}/receive" = { function = "inventory_commands", role = "staff" }
    "POST /products/{id}/reserve" = { function = "inventory_commands", role = "operator" }
    "POST /products/{id}/release" = { function = "inventory_commands", role = "operator" }
    "POST /products/{id}/ship"    = { function = "inventory_commands", role = "operator" }
    "GET /products"               = { function = "inventory_queries", role = "public" }
    "GET /products/{id}"          = { function = "inventory_queries", role = "public" }

    "POST /orders"              = { function = "orders_commands", role = "customer" }
    "PUT /orders/{id}/address"  = { function = "orders_commands", role = "customer" }
    "POST /orders/{id}/confirm" = { function = "orders_commands", role = "operator" }
    "POST /orders/{id}/reject"  = { function = "orders_commands", role = "operator" }
    "POST /orders/{id}/cancel"  = { function = "orders_commands", role = "customer" }
    "POST /orders/{id}/ship"    = { function = "orders_commands", role = "staff" }
    "POST /orders/{id}/deliver" = { function = "orders_commands", role = "staff" }
    "GET /order-facts"          = { function = "orders_queries", role = "customer" }
    "GET /order-facts/{id}"     = { function = "orders_queries", role = "customer" }

    "POST /payments/{id}/authorise" = { function = "payments_commands", role = "operator" }
    "POST /payments/{id}/capture"   = { function = "payments_commands", role = "operator" }
    "POST /payments/{id}/void"      = { function = "payments_commands", role = "operator" }
    "POST /payments/{id}/refund"    = { function = "payments_commands", role = "operator" }
    "GET /payments"                 = { function = "payments_queries", role = "customer" }
    "GET /payments/{id}"            = { function = "payments_queries", role = "customer" }

    "GET /orders"                = { function = "storefront_queries", role = "staff" }
    "GET /orders/{id}"           = { function = "storefront_queries", role = "customer" }
    "GET /customers/{id}/orders" = { function = "storefront_queries", role = "customer" }
    "GET /sales/products"        = { function = "storefront_queries", role = "staff" }
    "GET /health"                = { function = "storefront_queries", role = "public" }

    "GET /search/orders" = { function = "storefront_search", role = "customer" }

    # The same queries, answered by API composition.
    "GET /composed/orders/{id}"           = { function = "storefront_composition", role = "customer" }
    "GET /composed/customers/{id}/orders" = { function = "storefront_composition", role = "customer" }

    "$default" = { function = "storefront_queries", role = "public" } # everything else: our own 404 and 405
  }
}
