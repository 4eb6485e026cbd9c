# One entry per folder in functions/: what it is for, what it is told, what it may do.

locals {
  functions = {
    customers_commands = {
      description      = "Decides on commands for customers and appends what happened to their store."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
        CUSTOMERS_GUARDS_TABLE = module.customers_guards.table_name
      }
      policies = {
        append-customers = module.customers_events.append_policy_json
        claim-customers  = module.customers_guards.claim_policy_json
      }
    }

    customers_queries = {
      description      = "Answers what the customers service knows of customers."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
      }
      policies = {
        read-customers = module.customers_events.read_policy_json
      }
    }

    inventory_commands = {
      description      = "Decides on commands for products and their stock and appends what happened to their store."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
        INVENTORY_GUARDS_TABLE = module.inventory_guards.table_name
      }
      policies = {
        append-inventory = module.inventory_events.append_policy_json
        claim-inventory  = module.inventory_guards.claim_policy_json
      }
    }

    inventory_queries = {
      description      = "Answers what the inventory service knows of products."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
      }
      policies = {
        read-inventory = module.inventory_events.read_policy_json
      }
    }

    orders_commands = {
      description      = "Decides on commands for orders and appends what happened to their store."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        ORDERS_EVENTS_TABLE = module.orders_events.table_name
      }
      policies = {
        append-orders = module.orders_events.append_policy_json
      }
    }

    orders_projector = {
      description      = "Keeps the orders service's own view up to date with the events of its store."
      memory_megabytes = 512
      timeout_seconds  = 60

      environment = {
        ORDERS_EVENTS_TABLE = module.orders_events.table_name
        PLACED_ORDERS_TABLE = module.placed_orders.table_name
      }
      policies = {
        consume-orders      = module.orders_events.publish_policy_json
        read-orders         = module.orders_events.read_policy_json
        write-placed-orders = module.placed_orders.write_policy_json
        put-failures        = module.failures.put_policy_json
      }
    }

    orders_queries = {
      description      = "Answers what the orders service knows of an order, and of the orders of a customer."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        ORDERS_EVENTS_TABLE = module.orders_events.table_name
        PLACED_ORDERS_TABLE = module.placed_orders.table_name
      }
      policies = {
        read-orders         = module.orders_events.read_policy_json
        query-placed-orders = module.placed_orders.query_policy_json
      }
    }

    payments_commands = {
      description      = "Decides on commands for payments and appends what happened to their store."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        PAYMENTS_EVENTS_TABLE = module.payments_events.table_name
      }
      policies = {
        append-payments = module.payments_events.append_policy_json
      }
    }

    payments_queries = {
      description      = "Answers what the payments service knows of the payments of orders."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        PAYMENTS_EVENTS_TABLE = module.payments_events.table_name
      }
      policies = {
        read-payments = module.payments_events.read_policy_json
      }
    }

    checkout_process = {
      description      = "Takes every order that is placed to its end: confirmed, or rejected and undone."
      memory_megabytes = 512
      timeout_seconds  = 120

      environment = {
        ORDERS_EVENTS_TABLE   = module.orders_events.table_name
        PAYMENTS_EVENTS_TABLE = module.payments_events.table_name
        CHECKOUT_TABLE        = module.checkout.table_name
        ORDERS_FUNCTION       = local.command_function_arns["orders_commands"]
        INVENTORY_FUNCTION    = local.command_function_arns["inventory_commands"]
        PAYMENTS_FUNCTION     = local.command_function_arns["payments_commands"]
        DEADLINES_GROUP       = aws_scheduler_schedule_group.deadlines.name
        DEADLINES_ROLE        = aws_iam_role.deadlines.arn
        CHECKOUT_SECONDS      = local.checkout_seconds
      }
      policies = {
        consume           = module.event_stream.consume_policy_json
        read-orders       = module.orders_events.read_policy_json
        read-payments     = module.payments_events.read_policy_json
        write-checkout    = module.checkout.write_policy_json
        command-orders    = local.command_policy_jsons["orders_commands"]
        command-inventory = local.command_policy_jsons["inventory_commands"]
        command-payments  = local.command_policy_jsons["payments_commands"]
        set-deadlines     = local.deadlines_policy_json
        put-failures      = module.failures.put_policy_json
      }
    }

    payments_gateway = {
      description      = "Asks the payment gateway for what payments wait for, and tells them its answers."
      memory_megabytes = 512
      timeout_seconds  = 60

      environment = {
        PAYMENTS_EVENTS_TABLE = module.payments_events.table_name
        PAYMENT_GATEWAY_TABLE = module.payment_gateway.table_name
        PAYMENTS_FUNCTION     = local.command_function_arns["payments_commands"]
      }
      policies = {
        consume               = module.event_stream.consume_policy_json
        read-payments         = module.payments_events.read_policy_json
        write-payment-gateway = module.payment_gateway.write_policy_json
        command-payments      = local.command_policy_jsons["payments_commands"]
        put-failures          = module.failures.put_policy_json
      }
    }

    storefront_projector = {
      description      = "Keeps the storefront's views up to date with the events that arrive."
      memory_megabytes = 512
      timeout_seconds  = 60

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
        ORDERS_EVENTS_TABLE    = module.orders_events.table_name
        PAYMENTS_EVENTS_TABLE  = module.payments_events.table_name
        CUSTOMER_LOOKUPS_TABLE = module.customer_lookups.table_name
        ORDER_HISTORY_TABLE    = module.order_history.table_name
        PRODUCT_LOOKUPS_TABLE  = module.product_lookups.table_name
        SALES_TABLE            = module.sales.table_name
      }
      policies = {
        consume                = module.event_stream.consume_policy_json
        read-customers         = module.customers_events.read_policy_json
        read-inventory         = module.inventory_events.read_policy_json
        read-orders            = module.orders_events.read_policy_json
        read-payments          = module.payments_events.read_policy_json
        write-customer-lookups = module.customer_lookups.write_policy_json
        write-order-history    = module.order_history.write_policy_json
        write-product-lookups  = module.product_lookups.write_policy_json
        write-sales            = module.sales.write_policy_json
        put-failures           = module.failures.put_policy_json
      }
    }

    storefront_queries = {
      description      = "Answers queries from the views, and every request that no other function answers."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
        ORDERS_EVENTS_TABLE    = module.orders_events.table_name
        PAYMENTS_EVENTS_TABLE  = module.payments_events.table_name
        CUSTOMER_LOOKUPS_TABLE = module.customer_lookups.table_name
        ORDER_HISTORY_TABLE    = module.order_history.table_name
        PRODUCT_LOOKUPS_TABLE  = module.product_lookups.table_name
        SALES_TABLE            = module.sales.table_name

        # What exists, so that the rest can be told apart: not found, or not with this method.
        ROUTES = join(",", [for route in sort(keys(local.routes)) : route if route != "$default"])
      }
      policies = {
        read-customers         = module.customers_events.read_policy_json
        read-inventory         = module.inventory_events.read_policy_json
        read-orders            = module.orders_events.read_policy_json
        read-payments          = module.payments_events.read_policy_json
        query-customer-lookups = module.customer_lookups.query_policy_json
        query-order-history    = module.order_history.query_policy_json
        query-product-lookups  = module.product_lookups.query_policy_json
        query-sales            = module.sales.query_policy_json
      }
    }

    storefront_indexer = {
      description      = "Keeps the search index up to date with the events that arrive."
      memory_megabytes = 512
      timeout_seconds  = 60

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
        ORDERS_EVENTS_TABLE    = module.orders_events.table_name
        PAYMENTS_EVENTS_TABLE  = module.payments_events.table_name
        SEARCH_URL             = module.search.url
        SEARCH_SERVICE         = module.search.service
        SEARCH_ROLE            = module.search.role_arn
        SEARCH_PREFIX          = local.prefix
      }
      policies = merge(module.search.use_policy_jsons, {
        consume        = module.event_stream.consume_policy_json
        read-customers = module.customers_events.read_policy_json
        read-inventory = module.inventory_events.read_policy_json
        read-orders    = module.orders_events.read_policy_json
        read-payments  = module.payments_events.read_policy_json
        put-failures   = module.failures.put_policy_json
      })
    }

    storefront_search = {
      description      = "Searches for orders, and counts them by what they have in common."
      memory_megabytes = 1024
      timeout_seconds  = 25

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
        ORDERS_EVENTS_TABLE    = module.orders_events.table_name
        PAYMENTS_EVENTS_TABLE  = module.payments_events.table_name
        SEARCH_URL             = module.search.url
        SEARCH_SERVICE         = module.search.service
        SEARCH_ROLE            = module.search.role_arn
        SEARCH_PREFIX          = local.prefix
      }
      policies = merge(module.search.use_policy_jsons, {
        read-customers = module.customers_events.read_policy_json
        read-inventory = module.inventory_events.read_policy_json
        read-orders    = module.orders_events.read_policy_json
        read-payments  = module.payments_events.read_policy_json
      })
    }

    storefront_composition = {
      description      = "Answers from what each service is asked for at the time, without a view."
      memory_megabytes = 1024
      timeout_seconds  = 10

      environment = {
        SERVICES_URL = coalesce(var.services_url, module.api.url)
        DEADLINE_MS  = var.emulated ? 5000 : 1500 # where a function starts on a laptop, it takes longer
      }
      policies = {}
    }

    event_publisher = {
      description      = "Puts every commit on the event stream once it is stored."
      memory_megabytes = 512
      timeout_seconds  = 60

      environment = {
        EVENT_STREAM = module.event_stream.name
      }
      policies = {
        read-customers-stream = module.customers_events.publish_policy_json
        read-inventory-stream = module.inventory_events.publish_policy_json
        read-orders-stream    = module.orders_events.publish_policy_json
        read-payments-stream  = module.payments_events.publish_policy_json
        publish               = module.event_stream.publish_policy_json
        put-failures          = module.failures.put_policy_json
      }
    }

    sweeper = {
      description      = "Finds what the streams have missed, lets followers catch up, and delivers what processes could not."
      memory_megabytes = 512
      timeout_seconds  = 300

      environment = {
        CUSTOMERS_EVENTS_TABLE = module.customers_events.table_name
        INVENTORY_EVENTS_TABLE = module.inventory_events.table_name
        ORDERS_EVENTS_TABLE    = module.orders_events.table_name
        PAYMENTS_EVENTS_TABLE  = module.payments_events.table_name
        CUSTOMER_LOOKUPS_TABLE = module.customer_lookups.table_name
        ORDER_HISTORY_TABLE    = module.order_history.table_name
        PLACED_ORDERS_TABLE    = module.placed_orders.table_name
        PRODUCT_LOOKUPS_TABLE  = module.product_lookups.table_name
        SALES_TABLE            = module.sales.table_name
        CHECKOUT_TABLE         = module.checkout.table_name
        PAYMENT_GATEWAY_TABLE  = module.payment_gateway.table_name
        ORDERS_FUNCTION        = local.command_function_arns["orders_commands"]
        INVENTORY_FUNCTION     = local.command_function_arns["inventory_commands"]
        PAYMENTS_FUNCTION      = local.command_function_arns["payments_commands"]
        DEADLINES_GROUP        = aws_scheduler_schedule_group.deadlines.name
        DEADLINES_ROLE         = aws_iam_role.deadlines.arn
        CHECKOUT_SECONDS       = local.checkout_seconds
        FAILURES_BUCKET        = module.failures.name
        SEARCH_URL             = module.search.url
        SEARCH_SERVICE         = module.search.service
        SEARCH_ROLE            = module.search.role_arn
        SEARCH_PREFIX          = local.prefix
      }
      policies = merge(module.search.use_policy_jsons, {
        read-customers = module.customers_events.read_policy_json
        read-inventory = module.inventory_events.read_policy_json
        read-orders    = module.orders_events.read_policy_json
        read-payments  = module.payments_events.read_policy_json
        walk-customers = module.customers_events.walk_policy_json
        walk-inventory = module.inventory_events.walk_policy_json
        walk-orders    = module.orders_events.walk_policy_json
        walk-payments  = module.payments_events.walk_policy_json

        write-customer-lookups  = module.customer_lookups.write_policy_json
        write-order-history     = module.order_history.write_policy_json
        write-placed-orders     = module.placed_orders.write_policy_json
        write-product-lookups   = module.product_lookups.write_policy_json
        write-sales             = module.sales.write_policy_json
        parked-customer-lookups = module.customer_lookups.parked_policy_json
        parked-order-history    = module.order_history.parked_policy_json
        parked-placed-orders    = module.placed_orders.parked_policy_json
        parked-product-lookups  = module.product_lookups.parked_policy_json
        parked-sales            = module.sales.parked_policy_json
        keep-bookmarks          = module.order_history.bookmarks_policy_json

        # Of the processes, their lists too: of what waits to be delivered.
        query-checkout        = module.checkout.query_policy_json
        write-checkout        = module.checkout.write_policy_json
        query-payment-gateway = module.payment_gateway.query_policy_json
        write-payment-gateway = module.payment_gateway.write_policy_json

        command-orders    = local.command_policy_jsons["orders_commands"]
        command-inventory = local.command_policy_jsons["inventory_commands"]
        command-payments  = local.command_policy_jsons["payments_commands"]
        set-deadlines     = local.deadlines_policy_json

        take-failures = module.failures.take_policy_json
      })
    }
  }
}
