"""Answers what the inventory service knows of products, from its own store."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.settings import read_settings
from cqrs.write.aggregates import Aggregates
from domain.inventory import PRODUCT, product_facts


@dataclass(frozen=True)
class Settings:
    inventory_events_table: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.inventory_events_table)
    products = Aggregates(store, PRODUCT)
    return HttpFunction(
        {
            "GET /products/{id}": facts_of(products, product_facts, "product"),
            "GET /products": facts_of_many(products, product_facts, "sku", "products"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
