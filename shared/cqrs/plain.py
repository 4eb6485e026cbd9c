"""Typed values, and the JSON that they are stored and sent as.

A `Value` is a frozen struct. Its fields may be `str`, `int`, `bool`, `X | None`, `tuple[X, ...]`,
`Mapping[str, X]`, `Literal`, `StrEnum`, `NewType`, other values, and `Any` for any JSON. A `Case`
is one of several values that a field may have; its class name is in the JSON, under `is`.

JSON with an unknown field name is not read: older code would drop the field when it saves what
newer code wrote. Rules on the contents of fields apply to input only (`inputs`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any, NoReturn, TypeVar, dataclass_transform

import msgspec
from msgspec import Raw, Struct, StructMeta, field
from msgspec.structs import replace

from cqrs.errors import Unreadable

__all__ = [
    "Case",
    "Json",
    "Raw",
    "Value",
    "dump",
    "field",
    "from_json",
    "load",
    "read",
    "read_if",
    "replace",
    "to_json",
    "write",
]

_QUOTED = re.compile(
    r"(Invalid (?:enum )?value|unknown field(?! `[A-Za-z_]\w*`)) .*?( - at `[^`]*`)?$", re.DOTALL
)
"""What msgspec says with a value in it, which is left out. Where it is stays, and so does the name
of a field, if it can be one.
"""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
T = TypeVar("T")


class _Frozen(StructMeta):
    def __new__(cls, name: str, bases: Any, namespace: Any, /, **config: Any) -> _Frozen:
        strict = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True}
        return super().__new__(cls, name, bases, namespace, **{**strict, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True, metaclass=_Frozen):
    """A frozen struct, compared by its fields; keyword-only unless a class says otherwise."""


class Case(Value, tag=True, tag_field="is"):
    """A value that is one alternative of a union, as a state of an aggregate is."""


def load(kind: Any, plain: object) -> Any:
    """The `kind` (a class or a union) that `dump` turned into `plain`. Raises Unreadable."""
    try:
        return msgspec.convert({"stored": plain}, _box(kind)).stored
    except ValueError as error:
        raise _unreadable(kind, error) from error


def read(kind: Any, text: str | bytes) -> Any:
    """The `kind` (a class or a union) that `write` turned into JSON. Raises Unreadable."""
    try:
        return _decoder(kind).decode(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(kind, error) from error


def read_if(kind: Any, text: str | bytes) -> Any | None:
    """As `read`; None if `text` is of another kind."""
    try:
        return _decoder(kind).decode(text)
    except (ValueError, RecursionError):
        return None


def dump(value: object) -> Any:
    """`value` as plain JSON, tuples as lists. Raises TypeError or ValueError, as `write` does."""
    return msgspec.json.decode(write(value))


def write(value: object) -> bytes:
    """A typed value as compact JSON text. Raises TypeError or ValueError for what isn't JSON."""
    text = _ENCODER.encode(value)
    if b"null" in text and _may_not_be_finite(value):  # msgspec writes null for NaN, too
        to_json(msgspec.to_builtins(value, enc_hook=_other))
    return text


def to_json(plain: object, *, ordered: bool = False) -> str:
    """A plain value as compact JSON text; if `ordered`, objects by their names. Raises TypeError or
    ValueError for what isn't JSON.
    """
    return (_ORDERING if ordered else _WRITER).encode(plain)


def from_json(text: str | bytes, *, untrusted: bool = False) -> Any:
    """The plain value of a JSON text. Raises ValueError, also for NaN, infinities and nesting that
    is too deep; in `untrusted` text also for a duplicate name in an object, which other parsers may
    resolve differently, and for a name that is not valid Unicode.
    """
    if not isinstance(text, str):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if text.startswith("\ufeff"):
        raise json.JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0)
    try:
        return (_WARY if untrusted else _READER).decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


@cache
def _box(kind: Any) -> Any:
    """A struct around `kind`: msgspec then analyses a union once, not at every conversion."""
    return msgspec.defstruct("Box", [("stored", kind)])


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _other(value: object) -> dict[Any, Any]:
    """Converts what msgspec can't: other mappings, and `Raw`, which was checked when written."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Raw):
        return {}
    raise TypeError(f"a {type(value).__name__} can't be written as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_other)
_PACKER = msgspec.msgpack.Encoder(enc_hook=_other)


def _may_not_be_finite(value: object) -> bool:
    """Whether there may be NaN or an infinity in `value`. MessagePack has them as they are, and is
    written faster than anything else can look for them.
    """
    try:
        packed = _PACKER.encode(value)
    except OverflowError:  # a whole number of more than 64 bits, which JSON has
        return True
    return b"\xcb\x7f" in packed or b"\xcb\xff" in packed  # as they begin, and no text


def _unreadable(kind: Any, error: Exception) -> Unreadable:
    name = getattr(kind, "__name__", str(kind))
    is_json = isinstance(error, msgspec.ValidationError)
    why = _QUOTED.sub(r"\1\2", str(error))
    return Unreadable(f"the stored data is not {f'a {name}' if is_json else 'JSON'}: {why}")


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_such_number(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    "".join(found).encode()  # raises for half a surrogate pair, which can't be encoded
    return found


# made once: json.dumps and json.loads make one for each text
_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ORDERING = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
)
_READER = json.JSONDecoder(parse_constant=_no_such_number, parse_float=_finite)
_WARY = json.JSONDecoder(
    parse_constant=_no_such_number, parse_float=_finite, object_pairs_hook=_each_once
)
