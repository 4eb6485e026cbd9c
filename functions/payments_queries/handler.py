"""Answers what the payments service knows of the payments of orders, from its own store."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.settings import read_settings
from cqrs.write.aggregates import Aggregates
from domain.payments import PAYMENT, payment_facts


@dataclass(frozen=True)
class Settings:
    payments_events_table: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.payments_events_table)
    payments = Aggregates(store, PAYMENT)
    return HttpFunction(
        {
            "GET /payments/{id}": facts_of(payments, payment_facts, "payment"),
            "GET /payments": facts_of_many(payments, payment_facts, "order", "payments"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
