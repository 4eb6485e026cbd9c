"""Answers queries for products from the inventory service's own event store."""

import os

from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.inventory import PRODUCT, product_facts


def app(wire: Wiring) -> HttpFunction:
    products = wire.aggregates(PRODUCT)
    return HttpFunction(
        {
            "GET /products/{id}": facts_of(products, product_facts, "product"),
            "GET /products": facts_of_many(products, product_facts, "sku", "products"),
        }
    )


handler = on_lambda(app, os.environ)
