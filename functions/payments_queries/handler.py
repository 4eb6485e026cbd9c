"""Answers queries for payments from the payments service's own event store."""

import os

from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.payments import PAYMENT, payment_facts


def app(wire: Wiring) -> HttpFunction:
    payments = wire.aggregates(PAYMENT)
    return HttpFunction(
        {
            "GET /payments/{id}": facts_of(payments, payment_facts, "payment"),
            "GET /payments": facts_of_many(payments, payment_facts, "order", "payments"),
        }
    )


handler = on_lambda(app, os.environ)
