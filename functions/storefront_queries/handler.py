"""Answers queries from the storefront's views, and all requests that match no route."""

import os

from cqrs.entrypoints.about import About, telling
from cqrs.entrypoints.http import HttpFunction, Request, Response, no_such_route
from cqrs.entrypoints.queries import in_path, one_of, own, page_of, row_of
from cqrs.entrypoints.tallies import days_of
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import storefront
from domain.orders import OrderStatus


@telling(About("Whether the API answers"))
def health(_: Request) -> Response:
    return Response(body={"status": "ok"})


def app(wire: Wiring) -> HttpFunction:
    orders = wire.reader(storefront.ORDER_HISTORY)
    lookups = wire.joiner(storefront.ORDER_WITH_CUSTOMER, storefront.ORDER_WITH_TITLES)
    sales = wire.tally_reader(storefront.SALES)
    titles = wire.joiner(storefront.SALE_WITH_TITLE)
    of_status = one_of("status", OrderStatus)
    return HttpFunction(
        {
            "GET /orders": page_of(orders, storefront.BY_STATUS, "orders", lookups, of_status),
            "GET /orders/{id}": row_of(orders, "order", lookups, owner="customer_id"),
            "GET /customers/{id}/orders": page_of(
                orders, storefront.BY_CUSTOMER, "orders", lookups, own(in_path)
            ),
            "GET /sales/products": days_of(sales, "sales", storefront.shown_sale, titles),
            "GET /health": health,
            "$default": no_such_route(wire.settings.text("routes")),
        }
    )


handler = on_lambda(app, os.environ)
