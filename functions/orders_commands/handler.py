"""Takes the commands of the orders service."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import domain.orders as orders
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.commands import CommandFunction, changes, opens
from cqrs.settings import read_settings
from cqrs.write.commands import CommandHandler


@dataclass(frozen=True)
class Settings:
    orders_events_table: str


@cache
def app() -> CommandFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.orders_events_table)
    commands = CommandHandler(store, orders.ORDER)
    return CommandFunction(
        {
            "POST /orders": opens(commands, orders.PlaceOrder, "order_id", "/orders/{id}"),
            "PUT /orders/{id}/address": changes(commands, orders.ChangeAddress, "order_id"),
            "POST /orders/{id}/confirm": changes(commands, orders.ConfirmOrder, "order_id"),
            "POST /orders/{id}/reject": changes(commands, orders.RejectOrder, "order_id"),
            "POST /orders/{id}/cancel": changes(commands, orders.CancelOrder, "order_id"),
            "POST /orders/{id}/ship": changes(commands, orders.ShipOrder, "order_id"),
            "POST /orders/{id}/deliver": changes(commands, orders.DeliverOrder, "order_id"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
