"""Takes the commands of the customers service."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import domain.customers as customers
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.commands import CommandFunction, changes, opens
from cqrs.settings import read_settings
from cqrs.write.commands import CommandHandler


@dataclass(frozen=True)
class Settings:
    customers_events_table: str
    customers_guards_table: str


@cache
def app() -> CommandFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.customers_events_table, settings.customers_guards_table)
    commands = CommandHandler(store, customers.CUSTOMER)
    return CommandFunction(
        {
            "POST /customers": opens(
                commands, customers.RegisterCustomer, "customer_id", "/customers/{id}"
            ),
            "PUT /customers/{id}/name": changes(commands, customers.RenameCustomer, "customer_id"),
            "PUT /customers/{id}/email": changes(commands, customers.ChangeEmail, "customer_id"),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
