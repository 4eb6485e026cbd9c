# Who follows the events: which function, what it keeps up to date, and how much it is given at a time.
# On the event stream each follower looks at every shard once a second, and AWS allows five looks: a
# sixth needs an enhanced fan-out.

locals {
  followers = {
    storefront_projector = {
      keeps      = ["customer_lookups", "order_history", "product_lookups", "sales"]
      batch_size = 200
    }

    # By itself: while the search is down its batches fail, are kept and come again, and hold up nothing else.
    storefront_indexer = {
      keeps      = ["customer_search", "order_search", "product_search"]
      batch_size = 100
    }

    # A process waits for those whom it commands and does little else.
    checkout_process = {
      keeps             = ["checkout"]
      batch_size        = 25
      batches_at_a_time = 4
    }

    payments_gateway = {
      keeps             = ["payment_gateway"]
      batch_size        = 25
      batches_at_a_time = 4
    }

    # What a service keeps of its own events is its own business: it reads them from its own table, as the
    # publisher does. A table's stream has room for these two readers.
    orders_projector = {
      keeps      = ["placed_orders"]
      batch_size = 100
      service    = "orders"
    }
  }
}
