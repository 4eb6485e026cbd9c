"""A commit: the events that one command appended to one stream, as one JSON text.

The text is written once, when the command is decided. Store, publisher and Kinesis carry it
unchanged.

    {"events": [{"type": "OrderPlaced", "schema": 1, "data": {...}}],
     "command": {"id": ..., "type": "PlaceOrder", "hash": ...},
     "actor": ..., "correlation": ..., "causation": ..., "time": ...}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, cached_property
from typing import Any, get_type_hints

from msgspec import defstruct

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.history.events import EventCodec, EventTypes, Instant, Recorded
from cqrs.plain import Raw, Value

__all__ = ["CATEGORY", "STREAM_NAME", "Commit", "Envelope", "category_of", "entity_of"]

CATEGORY = "[a-z][a-z0-9_]*"
STREAM_NAME = rf"{CATEGORY}-[A-Za-z0-9._:-]{{1,128}}"
"""`<category>-<entity>`, in characters that Kinesis partition keys, DynamoDB keys and consistency
tokens allow.
"""
_NAME = re.compile(STREAM_NAME)


class Envelope(Value):
    """Metadata of a command, stored with its events.

    `command_id` is the same for every try of one command; `fingerprint` differs when an idempotency
    key is used again for something else. `correlation_id` is shared by everything that follows from
    one request; `causation_id` names the request, event or command that directly led to this one.
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
    """The id in a stream's name: `7` for `order-7` and for `payment-7`, which feed the same row."""
    return stream.partition("-")[2]


class Sent(Value, forbid_unknown_fields=False):
    id: str
    type: str
    hash: str


class Body(Value, forbid_unknown_fields=False):
    events: tuple[Raw, ...]
    command: Sent
    actor: str
    correlation: str
    causation: str
    time: Instant


class _Kind(Value, forbid_unknown_fields=False):
    type: str
    schema: int


@cache
def _written_by(types: EventTypes) -> Any:
    """A body with events in their current form, instead of texts; None if there are no events."""
    event: Any = types.current
    if event is None:
        return None
    fields = get_type_hints(Body) | {"events": tuple[event, ...]}
    return defstruct("Written", fields.items())


class Commit(Value, kw_only=False, dict=True, forbid_unknown_fields=False):
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
        if not _NAME.fullmatch(stream):
            raise ValueError(f"'{stream}' can't be the name of a stream: {STREAM_NAME}")
        stored: Any = tuple(map(codec.stored, events))  # their text is made with the whole
        body = Body(
            events=stored,
            command=Sent(
                id=envelope.command_id,
                type=envelope.command_type,
                hash=envelope.fingerprint,
            ),
            actor=envelope.actor,
            correlation=envelope.correlation_id,
            causation=envelope.causation_id,
            time=envelope.time,
        )
        return cls(stream, version, plain.write(body).decode())

    @cached_property
    def envelope(self) -> Envelope:
        """Raises Unreadable."""
        body = self._content
        return Envelope(
            command_id=body.command.id,
            command_type=body.command.type,
            fingerprint=body.command.hash,
            actor=body.actor,
            correlation_id=body.correlation,
            causation_id=body.causation,
            time=body.time,
        )

    def events(self, codec: EventCodec) -> Sequence[Recorded[Any]]:
        """The events in order, upcast: decoded once for all that follow with the same codec.
        Raises Unreadable.
        """
        latest: tuple[object, Sequence[Recorded[Any]]] = self.__dict__.get("latest", (None, ()))
        if latest[0] != codec.key:
            latest = self.__dict__["latest"] = codec.key, self._decoded(codec)
        return latest[1]

    def _decoded(self, codec: EventCodec) -> Sequence[Recorded[Any]]:
        body, events = self._read(codec)
        return [
            Recorded(
                event=event,
                version=self.version,
                at=body.time,
                actor=body.actor,
                correlation_id=body.correlation,
            )
            for event in events
        ]

    def bare_events(self, codec: EventCodec) -> list[Any]:
        """The same without the commit's metadata."""
        return self._read(codec)[1]

    def _read(self, codec: EventCodec) -> tuple[Body, list[Any]]:
        """What the text holds, and its events. It is read in one pass if they are all as this code
        writes them.
        """
        kind = None if codec.seals else _written_by(codec.types)
        if kind and (told := plain.read_if(kind, self.body)):
            return told, [event.data for event in told.events]
        body = self._content
        return body, [codec.decode(stored) for stored in body.events]

    def kinds(self) -> list[str]:
        """What its events are, as `order.OrderPlaced@1`: category of the stream, type, schema; also
        of those that this code does not know, but not of damaged ones.
        """
        category = category_of(self.stream)
        found = []
        with suppress(Unreadable):
            for event in self._content.events:
                with suppress(Unreadable):
                    kind = plain.read(_Kind, event)
                    found.append(f"{category}.{kind.type}@{kind.schema}")
        return found

    @cached_property
    def _content(self) -> Body:
        try:
            content: Body = plain.read(Body, self.body)
        except Unreadable as error:
            raise Unreadable(f"{self} can't be read: {error}") from error
        return content

    def __str__(self) -> str:
        return f"{self.stream}@{self.version}"
