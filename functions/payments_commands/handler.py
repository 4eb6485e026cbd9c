"""Takes the commands of the payments service."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import domain.payments as payments
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.commands import CommandFunction, changes
from cqrs.settings import read_settings
from cqrs.write.commands import CommandHandler


@dataclass(frozen=True)
class Settings:
    payments_events_table: str


@cache
def app() -> CommandFunction:
    settings = read_settings(Settings, os.environ)
    store = DynamoDbEventStore(settings.payments_events_table)
    commands = CommandHandler(store, payments.PAYMENT)
    return CommandFunction(
        {
            "POST /payments/{id}/authorise": changes(
                commands, payments.AuthorisePayment, "order_id"
            ),
            "POST /payments/{id}/capture": changes(commands, payments.CapturePayment, "order_id"),
            "POST /payments/{id}/void": changes(commands, payments.VoidPayment, "order_id"),
            "POST /payments/{id}/refund": changes(commands, payments.RefundPayment, "order_id"),
        },
        messages=[changes(commands, payments.RecordAnswer, "order_id")],
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
