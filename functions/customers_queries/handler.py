"""Answers what the customers service knows of customers, from its own store."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.settings import read_settings
from cqrs.write.aggregates import Aggregates
from domain.customers import CUSTOMER, customer_facts


@dataclass(frozen=True)
class Settings:
    customers_events_table: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.customers_events_table)
    customers = Aggregates(store, CUSTOMER)
    return HttpFunction(
        {
            "GET /customers/{id}": facts_of(customers, customer_facts, "customer"),
            "GET /customers": facts_of_many(customers, customer_facts, "id", "customers"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
