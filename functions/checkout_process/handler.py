"""Takes every order that is placed to its end: confirmed, or rejected and undone."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.processes import Deadlines, process_on_aws
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.settings import read_settings
from domain.checkout import checkout


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    payments_events_table: str
    checkout_table: str
    orders_function: str
    inventory_function: str
    payments_function: str
    deadlines_group: str
    deadlines_role: str
    checkout_seconds: str


@cache
def app() -> FollowerFunction:
    s = read_settings(Settings, os.environ)
    process = process_on_aws(
        checkout(int(s.checkout_seconds)),
        s.checkout_table,
        {
            "order": DynamoDbEventStore(s.orders_events_table),
            "payment": DynamoDbEventStore(s.payments_events_table),
        },
        {
            "orders": s.orders_function,
            "inventory": s.inventory_function,
            "payments": s.payments_function,
        },
        deadlines=Deadlines("orders", s.deadlines_group, s.deadlines_role),
    )
    return FollowerFunction([process])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
