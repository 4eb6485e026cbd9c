"""Walks over the event stores and lets every follower catch up; redrives what is parked; delivers
what processes could not.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.s3_failures import S3Failures
from cqrs.entrypoints.processes import Deadlines, process_on_aws
from cqrs.entrypoints.sweeper import SweeperFunction
from cqrs.followers import Follower
from cqrs.settings import read_settings
from domain.checkout import checkout
from domain.payments import PAYMENT_GATEWAY, GatewayReceiver, SimulatedGateway
from domain.storefront import ORDER_HISTORY


@dataclass(frozen=True)
class Settings:
    customers_events_table: str
    inventory_events_table: str
    orders_events_table: str
    payments_events_table: str
    order_history_table: str
    checkout_table: str
    payment_gateway_table: str
    orders_function: str
    inventory_function: str
    payments_function: str
    deadlines_group: str
    deadlines_role: str
    checkout_seconds: str
    failures_bucket: str


@cache
def app() -> SweeperFunction:
    s = read_settings(Settings, os.environ)
    stores = {
        "customers": DynamoDbEventStore(s.customers_events_table),
        "inventory": DynamoDbEventStore(s.inventory_events_table),
        "orders": DynamoDbEventStore(s.orders_events_table),
        "payments": DynamoDbEventStore(s.payments_events_table),
    }
    followed = {"order": stores["orders"], "payment": stores["payments"]}
    functions = {
        "orders": s.orders_function,
        "inventory": s.inventory_function,
        "payments": s.payments_function,
    }
    views = Follower(ORDER_HISTORY, DynamoDbRows.of(ORDER_HISTORY, s.order_history_table), followed)
    deadlines = Deadlines("orders", s.deadlines_group, s.deadlines_role)
    orders = process_on_aws(
        checkout(int(s.checkout_seconds)),
        s.checkout_table,
        followed,
        functions,
        deadlines=deadlines,
    )
    gateway = GatewayReceiver(SimulatedGateway())
    payments = process_on_aws(
        PAYMENT_GATEWAY, s.payment_gateway_table, followed, functions, others={"gateway": gateway}
    )
    return SweeperFunction(
        stores,
        [views, orders, payments],
        S3Failures(s.failures_bucket),
        DynamoDbBookmarks(s.order_history_table),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
