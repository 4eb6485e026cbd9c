"""Keeps the views that orders are searched in up to date with the event stream."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.opensearch_rows import rows_of
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.follow.followers import Follower
from cqrs.settings import read_settings
from domain.storefront import SEARCH_VIEWS


@dataclass(frozen=True)
class Settings:
    customers_events_table: str
    inventory_events_table: str
    orders_events_table: str
    payments_events_table: str
    search_url: str
    search_service: str
    search_role: str
    search_prefix: str


@cache
def app() -> FollowerFunction:
    s = read_settings(Settings, os.environ)
    stores = {
        "customer": DynamoDbEventStore(s.customers_events_table),
        "product": DynamoDbEventStore(s.inventory_events_table),
        "order": DynamoDbEventStore(s.orders_events_table),
        "payment": DynamoDbEventStore(s.payments_events_table),
    }
    rows = rows_of(SEARCH_VIEWS, s.search_url, s.search_service, s.search_role, s.search_prefix)
    return FollowerFunction([Follower(row.view, row, stores) for row in rows])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
