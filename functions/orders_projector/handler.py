"""Keeps the orders service's own view up to date with its own store."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.follow.followers import Follower
from cqrs.settings import read_settings
from domain.orders import PLACED_ORDERS


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    placed_orders_table: str


@cache
def app() -> FollowerFunction:
    settings = read_settings(Settings, os.environ)
    orders = DynamoDbEventStore(settings.orders_events_table)
    rows = DynamoDbRows.of(PLACED_ORDERS, settings.placed_orders_table)
    return FollowerFunction([Follower(PLACED_ORDERS, rows, {"order": orders})])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
