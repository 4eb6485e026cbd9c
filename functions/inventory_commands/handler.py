"""Takes the commands of the inventory service."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import domain.inventory as inventory
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.commands import CommandFunction, changes, opens_named
from cqrs.settings import read_settings
from cqrs.write.commands import CommandHandler


@dataclass(frozen=True)
class Settings:
    inventory_events_table: str
    inventory_guards_table: str


@cache
def app() -> CommandFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.inventory_events_table, settings.inventory_guards_table)
    commands = CommandHandler(store, inventory.PRODUCT)
    return CommandFunction(
        {
            "POST /products": opens_named(
                commands, inventory.RegisterProduct, "sku", "/products/{id}"
            ),
            "PUT /products/{id}/price": changes(commands, inventory.ChangePrice, "sku"),
            "POST /products/{id}/receive": changes(commands, inventory.ReceiveStock, "sku"),
            "POST /products/{id}/reserve": changes(commands, inventory.ReserveStock, "sku"),
            "POST /products/{id}/release": changes(commands, inventory.ReleaseStock, "sku"),
            "POST /products/{id}/ship": changes(commands, inventory.ShipStock, "sku"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
