# One entry per folder in functions/: what it is for, and what it does. What it is told and what it may do follows.

locals {
  functions = {
    customers_commands = {
      description      = "Decides on commands for customers and appends what happened to their store."
      appends          = ["customers"]
      claims           = ["customers"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    customers_queries = {
      description      = "Answers what the customers service knows of customers."
      reads            = ["customers"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    inventory_commands = {
      description      = "Decides on commands for products and their stock and appends what happened to their store."
      appends          = ["inventory"]
      claims           = ["inventory"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    inventory_queries = {
      description      = "Answers what the inventory service knows of products."
      reads            = ["inventory"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    orders_commands = {
      description      = "Decides on commands for orders and appends what happened to their store."
      appends          = ["orders"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    orders_projector = {
      description      = "Keeps the orders service's own view up to date with the events of its store."
      keeps            = ["placed_orders"]
      fed_by           = ["orders"] # its own events are its own business: it takes them from its own table
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    orders_queries = {
      description      = "Answers what the orders service knows of an order, and of the orders of a customer."
      queries          = ["placed_orders"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    payments_commands = {
      description      = "Decides on commands for payments and appends what happened to their store."
      appends          = ["payments"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    payments_queries = {
      description      = "Answers what the payments service knows of the payments of orders."
      reads            = ["payments"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    # A process waits for those whom it commands and does little else.
    checkout_process = {
      description       = "Takes every order that is placed to its end: confirmed, or rejected and undone."
      keeps             = ["checkout"]
      batch_size        = 25
      batches_at_a_time = 4
      memory_megabytes  = 512
      timeout_seconds   = 120
    }

    payments_gateway = {
      description       = "Asks the payment gateway for what payments wait for, and tells them its answers."
      keeps             = ["payment_gateway"]
      batch_size        = 25
      batches_at_a_time = 4
      memory_megabytes  = 512
      timeout_seconds   = 60
    }

    storefront_projector = {
      description      = "Keeps the storefront's views up to date with the events that arrive."
      keeps            = ["customer_lookups", "order_history", "product_lookups", "sales"]
      batch_size       = 200
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    storefront_queries = {
      description      = "Answers queries from the views, and every request that no other function answers."
      queries          = ["customer_lookups", "order_history", "product_lookups", "sales"]
      memory_megabytes = 1024
      timeout_seconds  = 10
    }

    # By itself: while the search is down its batches fail, are kept and come again, and hold up nothing else.
    storefront_indexer = {
      description      = "Keeps the search index up to date with the events that arrive."
      keeps            = ["customer_search", "order_search", "product_search"]
      batch_size       = 100
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    storefront_search = {
      description      = "Searches for orders, and counts them by what they have in common."
      queries          = ["customer_search", "order_search", "product_search"]
      memory_megabytes = 1024
      timeout_seconds  = 25
    }

    storefront_composition = {
      description      = "Answers from what each service is asked for at the time, without a view."
      memory_megabytes = 1024
      timeout_seconds  = 10

      settings = {
        SERVICES_URL = coalesce(var.services_url, module.api.url)
        DEADLINE_MS  = var.emulated ? 5000 : 1500 # where a function starts on a laptop, it takes longer
      }
    }
  }
}
