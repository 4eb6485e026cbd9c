# The views: made from the events of services, and rebuilt from them if lost.

locals {
  views = {
    customer_lookups = { follows = ["customers"] }
    order_history    = { follows = ["orders", "payments"], lists = ["customer", "status"] }
    product_lookups  = { follows = ["inventory"] }
    sales            = { follows = ["orders"], kind = "tally" }

    customer_search = { follows = ["customers"], kind = "search" }
    order_search    = { follows = ["orders", "payments"], kind = "search" }
    product_search  = { follows = ["inventory"], kind = "search" }

    placed_orders = { follows = ["orders"], lists = ["customer"] } # the orders service's own
  }
}
