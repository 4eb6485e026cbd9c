"""Event types: how each is stored, in which schema version, and how older versions are read.

An event class is registered under its name, which is stored for ever. When its fields change, raise
`schema` and put an upcaster under the class that turns data of the old schema into the next one:

    SHOP = EventTypes("shop")

    @SHOP.event(schema=2)
    @dataclass(frozen=True, kw_only=True)
    class ItemPriced:
        amount: int
        currency: str

    @SHOP.upcaster(ItemPriced, schema=1)
    def _item_priced_1(data: Data) -> Data:
        return {**data, "currency": "EUR"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NewType, Protocol, TypeVar, cast

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.plain import Json

__all__ = ["CLEAR", "Cipher", "Data", "EventCodec", "EventTypes", "Instant", "Recorded"]

Instant = NewType("Instant", str)
"""A moment in UTC as `2026-01-31T12:00:00.000000Z`: always this width, so texts sort as times do.
"""

Data = dict[str, Json]
E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)
Upcaster = Callable[[Data], Data]


@dataclass(frozen=True, kw_only=True)
class Recorded(Generic[E_co]):
    """An event with where and when it was recorded. `version` is that of its commit."""

    event: E_co
    version: int
    at: Instant
    actor: str
    correlation_id: str


class Cipher(Protocol):
    """Hides a person's data in stored events. `subject` says whose key: forgetting it erases the
    person.
    """

    def seal(self, subject: str, value: Json) -> Json: ...

    def open(self, subject: str, sealed: Json) -> Json: ...


class _Clear:
    def seal(self, subject: str, value: Json) -> Json:
        return value

    def open(self, subject: str, sealed: Json) -> Json:
        return sealed


CLEAR: Cipher = _Clear()
"""Stores what is personal as it is."""


@dataclass(frozen=True, kw_only=True)
class _EventType:
    cls: type
    schema: int
    personal: Mapping[str, str]
    upcasters: dict[int, Upcaster] = field(default_factory=dict)

    def upcaster(self, schema: int) -> Upcaster:
        try:
            return self.upcasters[schema]
        except KeyError:
            raise Unreadable(f"no upcaster for {self.cls.__name__} of schema {schema}") from None


class EventTypes:
    """The event types of one context, by the name they are stored under."""

    def __init__(self, context: str) -> None:
        self.context = context
        self._by_name: dict[str, _EventType] = {}

    def event(
        self, *, schema: int = 1, personal: Mapping[str, str] | None = None
    ) -> Callable[[type[E]], type[E]]:
        """Registers a class. `personal` names fields about a person, each with the field that says
        who.
        """

        def register(cls: type[E]) -> type[E]:
            if cls.__name__ in self._by_name:
                raise ValueError(f"{self.context} has two events named {cls.__name__}")
            self._by_name[cls.__name__] = _EventType(
                cls=cls, schema=schema, personal=personal or {}
            )
            return cls

        return register

    def upcaster(self, cls: type, *, schema: int) -> Callable[[Upcaster], Upcaster]:
        """Registers how data of `schema` becomes data of `schema + 1`."""

        def register(upcast: Upcaster) -> Upcaster:
            self._by_name[cls.__name__].upcasters[schema] = upcast
            return upcast

        return register

    def named(self, name: str) -> _EventType:
        try:
            return self._by_name[name]
        except KeyError:
            raise Unreadable(f"{self.context} has no event type '{name}'") from None

    def has_personal_fields(self) -> bool:
        return any(kind.personal for kind in self._by_name.values())

    def schemas(self) -> dict[str, int]:
        """The current schema version of every event type: what golden files must cover."""
        return {name: kind.schema for name, kind in self._by_name.items()}


class EventCodec:
    """Writes and reads the events of a context as `{"type", "schema", "data"}`."""

    def __init__(self, types: EventTypes, cipher: Cipher = CLEAR) -> None:
        self._types = types
        self._cipher = cipher
        self.seals = cipher is not CLEAR and types.has_personal_fields()

    def encode(self, event: object) -> Data:
        """Raises Unreadable for an event that could not be read again: history can't be mended."""
        kind = self._types.named(type(event).__name__)
        data = cast(Data, plain.dump(event))
        plain.load(kind.cls, data)
        for name, subject in kind.personal.items():
            data[name] = self._cipher.seal(str(data[subject]), data[name])
        return {"type": type(event).__name__, "schema": kind.schema, "data": data}

    def decode(self, stored: Mapping[str, Any]) -> Any:
        """The event, upcast to its current schema. Raises Unreadable."""
        try:
            name, schema = str(stored["type"]), int(stored["schema"])
            data = dict(stored["data"])
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable("not an event: needs 'type', 'schema' and 'data'") from error
        kind = self._types.named(name)
        if schema > kind.schema:
            raise Unreadable(f"{name} of schema {schema} was written by newer code")
        try:
            for older in range(schema, kind.schema):
                data = kind.upcaster(older)(data)
            for field_name, subject in kind.personal.items():
                data[field_name] = self._cipher.open(str(data[subject]), data[field_name])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Unreadable(f"{name} of schema {schema} can't be read: {error!r}") from error
        return plain.load(kind.cls, data)
