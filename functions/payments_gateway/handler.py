"""Asks the payment gateway for what payments wait for, and tells them its answers."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.processes import process_on_aws
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.settings import read_settings
from domain.payments import PAYMENT_GATEWAY, GatewayReceiver, SimulatedGateway


@dataclass(frozen=True)
class Settings:
    payments_events_table: str
    payment_gateway_table: str
    payments_function: str


@cache
def app() -> FollowerFunction:
    settings = read_settings(Settings, os.environ)
    process = process_on_aws(
        PAYMENT_GATEWAY,
        settings.payment_gateway_table,
        {"payment": DynamoDbEventStore(settings.payments_events_table)},
        {"payments": settings.payments_function},
        others={"gateway": GatewayReceiver(SimulatedGateway())},
    )
    return FollowerFunction([process])


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
