"""Walks over the event stores and lets every view catch up; redrives what is parked."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.s3_failures import S3Failures
from cqrs.entrypoints.sweeper import SweeperFunction
from cqrs.followers import Follower
from cqrs.settings import read_settings
from domain.storefront import ORDER_HISTORY


@dataclass(frozen=True)
class Settings:
    orders_events_table: str
    order_history_table: str
    failures_bucket: str


@cache
def app() -> SweeperFunction:
    settings = read_settings(Settings, os.environ)
    rows = DynamoDbRows.of(ORDER_HISTORY, settings.order_history_table)
    orders = DynamoDbEventStore(settings.orders_events_table)
    return SweeperFunction(
        stores={"orders": orders},
        followers=[Follower(ORDER_HISTORY, rows, {"order": orders})],
        failures=S3Failures(settings.failures_bucket),
        bookmarks=DynamoDbBookmarks(settings.order_history_table),
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
