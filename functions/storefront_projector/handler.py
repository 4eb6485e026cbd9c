"""Keeps the storefront's views up to date with the event stream."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.follow.followers import Follower
from cqrs.settings import read_settings
from domain.storefront import CUSTOMER_LOOKUPS, ORDER_HISTORY, PRODUCT_LOOKUPS, SALES


@dataclass(frozen=True)
class Settings:
    customers_events_table: str
    inventory_events_table: str
    orders_events_table: str
    payments_events_table: str
    customer_lookups_table: str
    order_history_table: str
    product_lookups_table: str
    sales_table: str


@cache
def app() -> FollowerFunction:
    s = read_settings(Settings, os.environ)
    stores = {
        "customer": DynamoDbEventStore(s.customers_events_table),
        "product": DynamoDbEventStore(s.inventory_events_table),
        "order": DynamoDbEventStore(s.orders_events_table),
        "payment": DynamoDbEventStore(s.payments_events_table),
    }
    followers = [
        Follower(ORDER_HISTORY, DynamoDbRows.of(ORDER_HISTORY, s.order_history_table), stores),
        Follower(
            CUSTOMER_LOOKUPS, DynamoDbRows.of(CUSTOMER_LOOKUPS, s.customer_lookups_table), stores
        ),
        Follower(
            PRODUCT_LOOKUPS, DynamoDbRows.of(PRODUCT_LOOKUPS, s.product_lookups_table), stores
        ),
        Follower(SALES, DynamoDbTallies.of(SALES, s.sales_table), stores),
    ]
    return FollowerFunction(followers)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
