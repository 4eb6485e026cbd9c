"""Walks over the event stores and lets every follower catch up; redrives what is parked; delivers
what processes could not; fills search indexes.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.adapters.opensearch_rows import rows_of
from cqrs.adapters.s3_failures import S3Failures
from cqrs.entrypoints.processes import Deadlines, process_on_aws
from cqrs.entrypoints.sweeper import SweeperFunction
from cqrs.follow.followers import Follower
from cqrs.settings import read_settings
from domain.checkout import checkout
from domain.orders import PLACED_ORDERS
from domain.payments import PAYMENT_GATEWAY, GatewayReceiver, SimulatedGateway
from domain.storefront import CUSTOMER_LOOKUPS, ORDER_HISTORY, PRODUCT_LOOKUPS, SALES, SEARCH_VIEWS


@dataclass(frozen=True)
class Settings:
    customers_events_table: str
    inventory_events_table: str
    orders_events_table: str
    payments_events_table: str
    order_history_table: str
    customer_lookups_table: str
    product_lookups_table: str
    placed_orders_table: str
    sales_table: str
    checkout_table: str
    payment_gateway_table: str
    orders_function: str
    inventory_function: str
    payments_function: str
    deadlines_group: str
    deadlines_role: str
    checkout_seconds: str
    failures_bucket: str
    search_url: str
    search_service: str
    search_role: str
    search_prefix: str


@cache
def app() -> SweeperFunction:
    s = read_settings(Settings, os.environ)
    customers = DynamoDbEventStore(s.customers_events_table)
    inventory = DynamoDbEventStore(s.inventory_events_table)
    orders = DynamoDbEventStore(s.orders_events_table)
    payments = DynamoDbEventStore(s.payments_events_table)
    services = {
        "customers": customers,
        "inventory": inventory,
        "orders": orders,
        "payments": payments,
    }
    streams = {"customer": customers, "product": inventory, "order": orders, "payment": payments}
    tables = [
        (ORDER_HISTORY, s.order_history_table),
        (CUSTOMER_LOOKUPS, s.customer_lookups_table),
        (PRODUCT_LOOKUPS, s.product_lookups_table),
        (PLACED_ORDERS, s.placed_orders_table),
    ]
    views = [Follower(view, DynamoDbRows.of(view, table), streams) for view, table in tables]
    sales = Follower(SALES, DynamoDbTallies.of(SALES, s.sales_table), streams)
    rows = rows_of(SEARCH_VIEWS, s.search_url, s.search_service, s.search_role, s.search_prefix)
    searches = [Follower(row.view, row, streams) for row in rows]
    functions = {
        "orders": s.orders_function,
        "inventory": s.inventory_function,
        "payments": s.payments_function,
    }
    deadlines = Deadlines("orders", s.deadlines_group, s.deadlines_role)
    process = checkout(int(s.checkout_seconds))
    checkouts = process_on_aws(process, s.checkout_table, streams, functions, deadlines=deadlines)
    gateway = {"gateway": GatewayReceiver(SimulatedGateway())}
    table = s.payment_gateway_table
    payment = process_on_aws(PAYMENT_GATEWAY, table, streams, functions, others=gateway)
    return SweeperFunction(
        services,
        [*views, sales, *searches, checkouts, payment],
        S3Failures(s.failures_bucket),
        DynamoDbBookmarks(s.order_history_table),
        indexes={row.view.name: row for row in rows},
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
