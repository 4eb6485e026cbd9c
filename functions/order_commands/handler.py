"""Takes the commands of the orders service."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.commands import CommandHandler
from cqrs.entrypoints.commands import changes, opens
from cqrs.entrypoints.http import HttpFunction
from cqrs.settings import read_settings
from domain.orders import ORDER, CancelOrder, ChangeAddress, PlaceOrder


@dataclass(frozen=True)
class Settings:
    orders_events_table: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    orders = CommandHandler(DynamoDbEventStore(settings.orders_events_table), ORDER)
    return HttpFunction(
        {
            "POST /orders": opens(orders, PlaceOrder, "order_id", "/orders/{id}"),
            "POST /orders/{id}/cancel": changes(orders, CancelOrder, "order_id"),
            "PUT /orders/{id}/address": changes(orders, ChangeAddress, "order_id"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
