"""Puts what the services' event stores record on the event stream."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.kinesis_publisher import KinesisPublisher
from cqrs.entrypoints.streams import PublisherFunction
from cqrs.settings import read_settings


@dataclass(frozen=True)
class Settings:
    event_stream: str


@cache
def app() -> PublisherFunction:
    return PublisherFunction(KinesisPublisher(read_settings(Settings, os.environ).event_stream))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
