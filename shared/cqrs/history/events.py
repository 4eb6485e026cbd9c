"""Event types: their stored names, schema versions, and upcasters that read older versions.

An event class is registered under its name, which is stored for ever. When its fields change, raise
`schema` and put an upcaster under the class that converts data of the old schema to the next one:

    SHOP = EventTypes("shop")

    @SHOP.event(schema=2)
    class ItemPriced(Value):
        amount: int
        currency: str

    @SHOP.upcaster(ItemPriced, schema=1)
    def _item_priced_1(data: Data) -> Data:
        return {**data, "currency": "EUR"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, Literal, NewType, Protocol, TypeVar, Union

from msgspec import defstruct

from cqrs import plain
from cqrs.discretion import said
from cqrs.errors import Ahead, Unreadable
from cqrs.plain import Json, Raw, Value, field

__all__ = ["CLEAR", "Cipher", "Data", "EventCodec", "EventTypes", "Instant", "Recorded"]

Instant = NewType("Instant", str)
"""A time in UTC as `2026-01-31T12:00:00.000000Z`. The width is fixed, so texts sort as times do."""

Data = dict[str, Json]
E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)
Upcaster = Callable[[Data], Data]


class Recorded(Value, Generic[E_co]):
    """An event with the metadata of its commit. `version` is the commit's."""

    event: E_co
    version: int
    at: Instant
    actor: str
    correlation_id: str


class Cipher(Protocol):
    """Encrypts personal data in stored events with a key per person, `subject`. Deleting a person's
    key erases their data.
    """

    def seal(self, subject: str, value: Json) -> Json: ...

    def open(self, subject: str, sealed: Json) -> Json: ...


class _Clear:
    def seal(self, subject: str, value: Json) -> Json:
        return value

    def open(self, subject: str, sealed: Json) -> Json:
        return sealed


CLEAR: Cipher = _Clear()
"""Stores personal data unencrypted."""


class _EventType(Value):
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
    """The event types of one context, by their stored names."""

    def __init__(self, context: str) -> None:
        self.context = context
        self._by_name: dict[str, _EventType] = {}

    def event(
        self, *, schema: int = 1, personal: Mapping[str, str] | None = None
    ) -> Callable[[type[E]], type[E]]:
        """Registers a class. `personal` maps each field that holds personal data to the field that
        identifies the person. Raises ValueError if the name is registered already.
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
        """Registers a function that converts data of `schema` to `schema + 1`."""

        def register(upcast: Upcaster) -> Upcaster:
            self._by_name[cls.__name__].upcasters[schema] = upcast
            return upcast

        return register

    def named(self, name: str) -> _EventType:
        try:
            return self._by_name[name]
        except KeyError:
            raise Unreadable(f"{self.context} has no event type '{name}'") from None

    def find(self, name: str) -> _EventType | None:
        return self._by_name.get(name)

    @cached_property
    def current(self) -> Any:
        """The form in which events are stored now: each by its name, in its current schema. None
        without any.
        """
        forms = [
            defstruct(
                name,
                [("schema", Literal[kind.schema]), ("data", kind.cls)],
                tag_field="type",
                tag=name,
            )
            for name, kind in self._by_name.items()
        ]
        return Union[tuple(forms)] if forms else None  # noqa: UP007 (not known before)

    def has_personal_fields(self) -> bool:
        return any(kind.personal for kind in self._by_name.values())

    def classes(self) -> list[type]:
        return [kind.cls for kind in self._by_name.values()]

    def schemas(self) -> dict[str, int]:
        """The current schema version of every event type, by name."""
        return {name: kind.schema for name, kind in self._by_name.items()}


class Stored(Value, forbid_unknown_fields=False):
    type: str
    schema: int
    data: Raw


class EventCodec:
    """Writes and reads the events of a context as JSON, `{"type", "schema", "data"}`.

    `seals`: the cipher encrypts some of their fields. Codecs with the same `key` read the same.
    """

    def __init__(self, types: EventTypes, cipher: Cipher = CLEAR) -> None:
        self.types = types
        self._cipher = cipher
        self._hides = cipher is not CLEAR
        self.seals = self._hides and types.has_personal_fields()
        self.key = (types, cipher)

    def encode(self, event: object) -> bytes:
        """Raises Unreadable, as `stored`."""
        return plain.write(self.stored(event))

    def stored(self, event: object) -> Stored:
        """The event as it is written. Raises Unreadable for one that could not be read back
        unchanged: once stored it can't be corrected.
        """
        name = type(event).__name__
        kind = self.types.named(name)
        try:
            data = plain.write(event)
        except (TypeError, ValueError) as error:
            raise Unreadable(f"{name} can't be written: {said(error)}") from error
        if plain.read(kind.cls, data) != event:
            raise Unreadable(f"{name} could not be read back unchanged")
        if self._hides and kind.personal:
            sealed = plain.from_json(data)
            for field_name, subject in kind.personal.items():
                sealed[field_name] = self._cipher.seal(str(sealed[subject]), sealed[field_name])
            data = plain.write(sealed)
        return Stored(type=name, schema=kind.schema, data=Raw(data))

    def decode(self, text: str | bytes) -> Any:
        """The event, upcast to its current schema. Raises Unreadable, and Ahead for one that newer
        code has written.
        """
        stored: Stored = plain.read(Stored, text)
        kind = self.types.find(stored.type)
        if kind is None:
            raise Ahead(f"{self.types.context} has no event type '{stored.type}'")
        if stored.schema > kind.schema:
            raise Ahead(f"{stored.type} of schema {stored.schema} was written by newer code")
        if stored.schema == kind.schema and not (self._hides and kind.personal):
            return plain.read(kind.cls, stored.data)
        return plain.load(kind.cls, self._raised(kind, stored))

    def _raised(self, kind: _EventType, stored: Stored) -> Data:
        """The data in the current schema, decrypted."""
        try:
            data: Data = dict(plain.from_json(bytes(stored.data)))
            for older in range(stored.schema, kind.schema):
                data = kind.upcaster(older)(data)
            for field_name, subject in kind.personal.items():
                data[field_name] = self._cipher.open(str(data[subject]), data[field_name])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Unreadable(
                f"{stored.type} of schema {stored.schema} can't be read: {said(error)}"
            ) from error
        return data
