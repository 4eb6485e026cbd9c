# One entry per folder in functions/. Environment variables and rights are derived from it.

locals {
  functions = {
    customers_commands = {
      description      = "Handles the commands to customers, and appends events to their store."
      appends          = ["customers"]
      claims           = ["customers"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    customers_queries = {
      description      = "Answers queries for customers from the service's own event store."
      reads            = ["customers"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    inventory_commands = {
      description      = "Handles the commands to products and their stock, and appends events to their store."
      appends          = ["inventory"]
      claims           = ["inventory"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    inventory_queries = {
      description      = "Answers queries for products from the service's own event store."
      reads            = ["inventory"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    orders_commands = {
      description      = "Handles the commands to orders, and appends events to their store."
      appends          = ["orders"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    orders_projector = {
      description      = "Keeps the orders service's own view up to date with its events."
      keeps            = ["placed_orders"]
      fed_by           = ["orders"] # from its own table: it depends on nothing outside the service
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    orders_queries = {
      description      = "Answers queries for an order and for a customer's orders from the service's own view."
      queries          = ["placed_orders"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    payments_commands = {
      description      = "Handles the commands to payments, and appends events to their store."
      appends          = ["payments"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    payments_queries = {
      description      = "Answers queries for payments from the service's own event store."
      reads            = ["payments"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    # A process mostly waits for the services that it sends commands to.
    checkout_process = {
      description       = "Runs the checkout of every placed order, until it is confirmed, or rejected and undone."
      keeps             = ["checkout"]
      batch_size        = 25
      batches_at_a_time = 4
      memory_megabytes  = 512
      timeout_seconds   = 120
    }

    payments_gateway = {
      description       = "Makes the calls to the payment gateway that payments wait for, and records the answers."
      keeps             = ["payment_gateway"]
      batch_size        = 25
      batches_at_a_time = 4
      memory_megabytes  = 512
      timeout_seconds   = 60
    }

    storefront_projector = {
      description      = "Keeps the storefront's views up to date with the event stream."
      keeps            = ["customer_lookups", "order_history", "product_lookups", "sales"]
      batch_size       = 200
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    storefront_queries = {
      description      = "Answers queries from the storefront's views, and all requests that match no route."
      queries          = ["customer_lookups", "order_history", "product_lookups", "sales"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    # A function of its own: while search is down its batches fail and are repeated, which must not hold up other views.
    storefront_indexer = {
      description      = "Keeps the storefront's search views up to date with the event stream."
      keeps            = ["customer_search", "order_search", "product_search"]
      batch_size       = 100
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    storefront_search = {
      description      = "Answers searches for orders, with facets."
      queries          = ["customer_search", "order_search", "product_search"]
      memory_megabytes = 1024
      timeout_seconds  = 25
    }

    storefront_composition = {
      description      = "Answers queries by API composition: asks each service at query time."
      memory_megabytes = 1024
      timeout_seconds  = 10

      settings = {
        SERVICES_URL = coalesce(var.services_url, module.api.url)
        DEADLINE_MS  = var.emulated ? 5000 : 1500 # cold starts on a laptop take longer
      }
    }
  }
}
