"""Answers queries for customers from the customers service's own event store."""

import os

from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.customers import CUSTOMER, customer_facts


def app(wire: Wiring) -> HttpFunction:
    customers = wire.aggregates(CUSTOMER)
    return HttpFunction(
        {
            "GET /customers/{id}": facts_of(customers, customer_facts, "customer"),
            "GET /customers": facts_of_many(customers, customer_facts, "id", "customers"),
        }
    )


handler = on_lambda(app, os.environ)
