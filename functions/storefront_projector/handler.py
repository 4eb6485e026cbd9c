"""Keeps the storefront's views up to date with the event stream."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.followers import Follower
from cqrs.settings import read_settings
from domain.storefront import ORDER_HISTORY


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    payments_events_table: str
    order_history_table: str


@cache
def app() -> FollowerFunction:
    settings = read_settings(Settings, os.environ)
    orders = DynamoDbEventStore(settings.orders_events_table)
    payments = DynamoDbEventStore(settings.payments_events_table)
    rows = DynamoDbRows.of(ORDER_HISTORY, settings.order_history_table)
    history = Follower(ORDER_HISTORY, rows, {"order": orders, "payment": payments})
    return FollowerFunction([history])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
