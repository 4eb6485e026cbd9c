"""Answers queries from the storefront's views, and what no route of the API knows."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.entrypoints.http import HttpFunction, Response, no_such_route
from cqrs.entrypoints.queries import one_of, page_of, row_of
from cqrs.entrypoints.tallies import days_of
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.read.tally_reader import TallyReader
from cqrs.settings import read_settings
from domain.orders import OrderStatus
from domain.storefront import (
    BY_CUSTOMER,
    BY_STATUS,
    CUSTOMER_LOOKUPS,
    ORDER_HISTORY,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
    SALE_WITH_TITLE,
    SALES,
    shown_sale,
)


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
    routes: str


@cache
def app() -> HttpFunction:
    s = read_settings(Settings, os.environ)
    stores = {
        "customer": DynamoDbEventStore(s.customers_events_table),
        "product": DynamoDbEventStore(s.inventory_events_table),
        "order": DynamoDbEventStore(s.orders_events_table),
        "payment": DynamoDbEventStore(s.payments_events_table),
    }
    customers = DynamoDbRows.of(CUSTOMER_LOOKUPS, s.customer_lookups_table)
    products = DynamoDbRows.of(PRODUCT_LOOKUPS, s.product_lookups_table)
    lookups = Joiner([(ORDER_WITH_CUSTOMER, customers), (ORDER_WITH_TITLES, products)], stores)
    rows = DynamoDbRows.of(ORDER_HISTORY, s.order_history_table)
    orders = Reader(ORDER_HISTORY, rows, stores)
    counts = DynamoDbTallies.of(SALES, s.sales_table)
    sales = TallyReader(SALES, counts, stores)
    titles = Joiner([(SALE_WITH_TITLE, products)], stores)
    status = one_of("status", OrderStatus)
    return HttpFunction(
        {
            "GET /orders": page_of(orders, rows.name, BY_STATUS, "orders", lookups, status),
            "GET /orders/{id}": row_of(orders, "order", lookups),
            "GET /customers/{id}/orders": page_of(
                orders, rows.name, BY_CUSTOMER, "orders", lookups
            ),
            "GET /sales/products": days_of(sales, counts.name, "sales", shown_sale, titles),
            "GET /health": lambda _: Response(body={"status": "ok"}),
            "$default": no_such_route(s.routes),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
