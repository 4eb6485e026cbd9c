"""Answers what the orders service knows of its orders, from its own view."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import in_query, page_of, row_of
from cqrs.read.consistency import Reader
from cqrs.settings import read_settings
from domain.orders import BY_CUSTOMER, PLACED_ORDERS


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    placed_orders_table: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.orders_events_table)
    rows = DynamoDbRows.of(PLACED_ORDERS, settings.placed_orders_table)
    orders = Reader(PLACED_ORDERS, rows, {"order": store})
    return HttpFunction(
        {
            "GET /order-facts/{id}": row_of(orders, "order"),
            "GET /order-facts": page_of(
                orders, rows.name, BY_CUSTOMER, "orders", partition_in=in_query("customer")
            ),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
