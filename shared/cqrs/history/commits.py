"""A commit: the events that one command appended to one stream, as one piece of JSON text.

The text is made once, when the command is decided; store, publisher and Kinesis carry it unchanged.

    {"events": [{"type": "OrderPlaced", "schema": 1, "data": {...}}],
     "command": {"id": ..., "type": "PlaceOrder", "hash": ...},
     "actor": ..., "correlation": ..., "causation": ..., "time": ...}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.history.events import EventCodec, Instant, Recorded

__all__ = ["STREAM_NAME", "Commit", "Envelope", "category_of", "entity_of"]

STREAM_NAME = r"[a-z][a-z0-9_]*-[A-Za-z0-9._:-]{1,128}"
"""`<category>-<entity>`: fits a Kinesis partition key, a key of DynamoDB, and a token."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who sent a command, when, and because of what: stored with the events that came of it.

    `command_id` is the same for every try of one command; `fingerprint` differs when the same
    idempotency key is used for something else. `correlation_id` is shared by all that one request
    sets off; `causation_id` is the request, event or command directly before.
    """

    command_id: str
    command_type: str
    fingerprint: str
    actor: str
    correlation_id: str
    causation_id: str
    time: Instant


def category_of(stream: str) -> str:
    """The kind of aggregate: `order` for `order-7`."""
    return stream.partition("-")[0]


def entity_of(stream: str) -> str:
    """The id in a stream's name: `7` for `order-7` and for `payment-7`; they feed the same rows."""
    return stream.partition("-")[2]


@dataclass(frozen=True)
class Commit:
    """One commit. `version` counts the stream's commits: 1, 2, 3 ... without gaps."""

    stream: str
    version: int
    body: str

    @classmethod
    def of(
        cls,
        stream: str,
        version: int,
        events: Sequence[object],
        envelope: Envelope,
        codec: EventCodec,
    ) -> Commit:
        if not re.fullmatch(STREAM_NAME, stream):
            raise ValueError(f"'{stream}' can't be the name of a stream: {STREAM_NAME}")
        body = {
            "events": [codec.encode(event) for event in events],
            "command": {
                "id": envelope.command_id,
                "type": envelope.command_type,
                "hash": envelope.fingerprint,
            },
            "actor": envelope.actor,
            "correlation": envelope.correlation_id,
            "causation": envelope.causation_id,
            "time": envelope.time,
        }
        return cls(stream, version, plain.to_json(body))

    @cached_property
    def envelope(self) -> Envelope:
        """Raises Unreadable."""
        try:
            command = self._content["command"]
            stored = {
                "command_id": command["id"],
                "command_type": command["type"],
                "fingerprint": command["hash"],
                "actor": self._content["actor"],
                "correlation_id": self._content["correlation"],
                "causation_id": self._content["causation"],
                "time": self._content["time"],
            }
        except (KeyError, TypeError) as error:
            raise Unreadable(f"{self} lacks {error}") from error
        envelope: Envelope = plain.load(Envelope, stored)
        return envelope

    def events(self, codec: EventCodec) -> list[Recorded[Any]]:
        """The events in order, upcast. Raises Unreadable."""
        envelope = self.envelope
        return [
            Recorded(
                event=codec.decode(stored),
                version=self.version,
                at=envelope.time,
                actor=envelope.actor,
                correlation_id=envelope.correlation_id,
            )
            for stored in self._content["events"]
        ]

    @cached_property
    def _content(self) -> dict[str, Any]:
        try:
            content = plain.from_json(self.body)
        except ValueError as error:
            raise Unreadable(f"{self} is not JSON: {error}") from error
        if not isinstance(content, dict) or not isinstance(content.get("events"), list):
            raise Unreadable(f"{self} has no events")
        return content

    def __str__(self) -> str:
        return f"{self.stream}@{self.version}"
