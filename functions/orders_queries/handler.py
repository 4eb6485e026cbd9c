"""Answers queries for orders from the orders service's own view, `placed_orders`."""

import os

from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import in_query, own, page_of, row_of
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.orders import BY_CUSTOMER, PLACED_ORDERS


def app(wire: Wiring) -> HttpFunction:
    orders = wire.reader(PLACED_ORDERS)
    of_customer = own(in_query("customer"))
    return HttpFunction(
        {
            "GET /order-facts/{id}": row_of(orders, "order", owner="customer_id"),
            "GET /order-facts": page_of(orders, BY_CUSTOMER, "orders", partition_in=of_customer),
        }
    )


handler = on_lambda(app, os.environ)
