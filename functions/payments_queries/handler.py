"""Answers what the payments service knows of the payment of an order, from its own store."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.aggregates import Aggregates
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import facts_of
from cqrs.settings import read_settings
from domain.payments import PAYMENT, payment_facts


@dataclass(frozen=True)
class Settings:
    payments_events_table: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.payments_events_table)
    payments = Aggregates(store, PAYMENT)
    return HttpFunction({"GET /payments/{id}": facts_of(payments, payment_facts, "payment")})


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
