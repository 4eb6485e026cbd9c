"""Keeps the storefront's views up to date with the event stream."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.followers import Follower, Streams
from cqrs.settings import read_settings
from domain.storefront import ORDER_HISTORY


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    order_history_table: str
    order_history_generation: str = "1"


@cache
def app() -> FollowerFunction:
    settings = read_settings(Settings, os.environ)
    name = f"{ORDER_HISTORY.name}#{settings.order_history_generation}"
    rows = DynamoDbRows(settings.order_history_table, name, ORDER_HISTORY.lists)
    stores = {"order": DynamoDbEventStore(settings.orders_events_table)}
    return FollowerFunction([Follower(ORDER_HISTORY, rows, Streams(ORDER_HISTORY, stores))])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
