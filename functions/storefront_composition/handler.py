"""Answers queries by API composition: asks each service at query time and joins their answers."""

import os

from cqrs.entrypoints.compositions import composed_page_of, composed_row_of
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.storefront import composed_order, composed_orders


def app(wire: Wiring) -> HttpFunction:
    services = wire.composition()
    return HttpFunction(
        {
            "GET /composed/orders/{id}": composed_row_of(services, composed_order),
            "GET /composed/customers/{id}/orders": composed_page_of(services, composed_orders),
        }
    )


handler = on_lambda(app, os.environ)
