"""Answers queries from the storefront's views, and what no route of the API knows."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.consistency import Reader
from cqrs.entrypoints.http import HttpFunction, Response, no_such_route
from cqrs.entrypoints.queries import page_of, row_of
from cqrs.settings import read_settings
from domain.storefront import BY_CUSTOMER, ORDER_HISTORY


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    payments_events_table: str
    order_history_table: str
    routes: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    orders = DynamoDbEventStore(settings.orders_events_table)
    payments = DynamoDbEventStore(settings.payments_events_table)
    rows = DynamoDbRows.of(ORDER_HISTORY, settings.order_history_table)
    history = Reader(ORDER_HISTORY, rows, {"order": orders, "payment": payments})
    return HttpFunction(
        {
            "GET /orders/{id}": row_of(history, "order"),
            "GET /customers/{id}/orders": page_of(history, rows.name, BY_CUSTOMER, "orders"),
            "GET /health": lambda _: Response(body={"status": "ok"}),
            "$default": no_such_route(settings.routes),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
