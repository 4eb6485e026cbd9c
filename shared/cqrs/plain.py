"""Typed values, and the plain JSON that they are stored and sent as.

A `Value` is a frozen struct whose fields are `str`, `int`, `bool`, `X | None`, `tuple[X, ...]`,
`Mapping[str, X]`, `Literal`, `StrEnum`, `NewType`, other values, and `Any` for whatever is JSON. A
`Case` is one of several values that a field may have; its JSON says which, in `is`.

Rules are annotations: `Annotated[str, text(max=80)]`. They hold for what comes in (`parse`), never
for what was stored (`load`, `read`): a rule made stricter later must not make history unreadable.
A name that a value doesn't know is refused in both, or older code would save what newer code
wrote without it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cache
from itertools import islice
from math import isfinite
from typing import Any, NoReturn, TypeVar, dataclass_transform

import msgspec
from msgspec import Meta, Raw, Struct, StructMeta, field, inspect
from msgspec.structs import replace

from cqrs.errors import Fault, InvalidInput, Unreadable

__all__ = [
    "Case",
    "Json",
    "Raw",
    "Value",
    "between",
    "dump",
    "faults_of",
    "field",
    "from_json",
    "load",
    "parse",
    "read",
    "replace",
    "size",
    "text",
    "to_json",
    "write",
]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
T = TypeVar("T")

MAX_FAULTS = 100  # said of one input: it may have more entries than an answer has room for


class _Frozen(StructMeta):
    def __new__(cls, name: str, bases: Any, namespace: Any, /, **config: Any) -> _Frozen:
        strict = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True}
        return super().__new__(cls, name, bases, namespace, **{**strict, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True, metaclass=_Frozen):
    """What is only its fields: never changed, equal to another with the same, given by name."""


class Case(Value, tag=True, tag_field="is"):
    """A value that is one of several kinds, as the states of an aggregate are."""


def parse(kind: Callable[..., T], plain: Any, /, **given: Any) -> T:
    """The `kind` that an untrusted `plain` value describes; `given` fields come from the caller
    instead, and are unknown fields when the input has them.

    Raises InvalidInput with every fault found, up to a hundred.
    """
    if found := tuple(islice(faults_of(kind, plain, given.keys()), MAX_FAULTS)):
        raise InvalidInput("The request is not valid; see 'errors'.", found)
    value: T = msgspec.convert({**plain, **given}, kind)
    return value


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


def dump(value: object) -> Any:
    """`value` as plain JSON, tuples as lists. Raises TypeError or ValueError if it has no form in
    JSON.
    """
    return msgspec.json.decode(write(value))


def write(value: object) -> bytes:
    """The shortest JSON text of a typed value. Raises TypeError or ValueError if it has none."""
    text = _ENCODER.encode(value)
    if b"null" in text:  # so may a number be written that is none
        _refuse_endless(msgspec.to_builtins(value, enc_hook=_other))
    return text


def to_json(plain: object) -> str:
    """The shortest JSON text of a plain value. Raises TypeError or ValueError if it is none."""
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str | bytes, *, untrusted: bool = False) -> Any:
    """The plain value of a JSON text. Raises ValueError, also for NaN, infinities and too deep
    nesting; in `untrusted` text also for a name that an object has twice, which others may read
    differently, and for one that is not Unicode.
    """
    pairs = _each_once if untrusted else None
    try:
        return json.loads(
            text,
            parse_constant=_no_such_number,
            parse_float=_finite,
            object_pairs_hook=pairs,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text(
    *,
    max: int,  # noqa: A002
    min: int = 1,  # noqa: A002
    lines: bool = False,
    pattern: str | None = None,
    hint: str = "has characters that are not allowed here",
) -> Meta:
    """A rule: a line of text (`lines`: or several), not blank, of `min` to `max` characters that
    match `pattern`; `hint` says what they are.
    """

    def fault(value: str) -> str | None:
        if not min <= len(value) <= max:
            return f"must have {min} to {max} characters, has {len(value)}"
        if min and not value.strip():
            return "must not be blank"
        shown = value.replace("\n", "") if lines else value
        if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in shown):
            return "must not contain control characters"
        if pattern and not re.fullmatch(pattern, value):
            return hint
        return None

    schema: dict[str, object] = {"minLength": min, "maxLength": max}
    return _rule(str, fault, schema | ({"pattern": f"^(?:{pattern})$"} if pattern else {}))


def between(low: int, high: int) -> Meta:
    """A rule: a whole number from `low` to `high`, both included."""

    def fault(value: int) -> str | None:
        return None if low <= value <= high else f"must be {low} to {high}"

    return _rule(int, fault, {"minimum": low, "maximum": high})


def size(*, max: int, min: int = 0) -> Meta:  # noqa: A002
    """A rule: a list with `min` to `max` entries."""

    def fault(value: list[object]) -> str | None:
        if min <= len(value) <= max:
            return None
        return f"must have {min} to {max} entries, has {len(value)}"

    return _rule(list, fault, {"minItems": min, "maxItems": max})


def _rule(kind: type[T], fault: Callable[[T], str | None], schema: dict[str, object]) -> Meta:
    """What JSON Schema says of a rule is for readers: msgspec's own limits would bind history."""
    return Meta(extra_json_schema=schema, extra={"rule": (kind, fault)})


def faults_of(kind: Any, plain: object, given: Set[str] = frozenset()) -> Iterator[Fault]:
    """All that keeps an untrusted `plain` value from being a `kind` without its `given` fields."""
    return _faults(_type(kind), plain, "", given)


def _faults(
    kind: inspect.Type, plain: object, at: str, given: Set[str] = frozenset()
) -> Iterator[Fault]:
    match kind:
        case inspect.AnyType():
            return
        case inspect.Metadata(type=inner, extra={"rule": (of, fault)}):
            yield from _faults(inner, plain, at)
            if type(plain) is of and (detail := fault(plain)):
                yield Fault(at, detail)
        case inspect.StructType():
            yield from _object(kind, plain, at, given)
        case inspect.VarTupleType(item_type=inner):
            if not isinstance(plain, list):
                yield Fault(at, "must be a list")
                return
            for n, entry in enumerate(plain):
                yield from _faults(inner, entry, f"{at}/{n}")
        case inspect.DictType(value_type=inner):
            if not isinstance(plain, dict):
                yield Fault(at, "must be an object")
                return
            for name, entry in plain.items():
                yield from _faults(inner, entry, _below(at, name))
        case inspect.UnionType(types=kinds):
            yield from _one_of_several(kinds, plain, at)
        case inspect.LiteralType(values=allowed):
            yield from _one_of(allowed, plain, at)
        case inspect.EnumType(cls=cls):
            yield from _one_of(tuple(member.value for member in cls), plain, at)
        case _:
            if type(kind) not in _SCALARS:
                raise TypeError(f"{kind} is not a kind of value that can come in")
            expected, name = _SCALARS[type(kind)]
            if type(plain) is not expected:
                yield Fault(at, f"must be {name}")


def _object(kind: inspect.StructType, plain: object, at: str, given: Set[str]) -> Iterator[Fault]:
    if not isinstance(plain, dict):
        yield Fault(at, "must be an object")
        return
    own = {each.name: each for each in kind.fields if each.name not in given}
    known = own.keys() | ({kind.tag_field} if kind.tag_field else set())
    for name in sorted(each.name for each in own.values() if each.required):
        if name not in plain:
            yield Fault(_below(at, name), "is missing")
    for name in sorted(plain.keys() - known):
        yield Fault(_below(at, name), "is not a known field")
    for name, each in own.items():
        if name in plain:
            yield from _faults(each.type, plain[name], _below(at, name))


def _one_of_several(kinds: tuple[inspect.Type, ...], plain: object, at: str) -> Iterator[Fault]:
    others = [kind for kind in kinds if not isinstance(kind, inspect.NoneType)]
    if plain is None and len(others) < len(kinds):
        return
    if len(others) == 1:
        yield from _faults(others[0], plain, at)
        return
    cases = {kind.tag: kind for kind in others if isinstance(kind, inspect.StructType)}
    tag = plain.get("is") if isinstance(plain, dict) else None
    if isinstance(tag, str) and tag in cases:
        yield from _faults(cases[tag], plain, at)
    else:
        yield Fault(at, f"must be an object whose 'is' is one of {[*cases]}")


def _one_of(allowed: tuple[Any, ...], plain: object, at: str) -> Iterator[Fault]:
    if not isinstance(plain, str) or plain not in allowed:
        yield Fault(at, "must be one of " + ", ".join(map(str, allowed)))


_SCALARS: dict[type[inspect.Type], tuple[type, str]] = {
    inspect.StrType: (str, "a string"),
    inspect.IntType: (int, "a whole number"),
    inspect.BoolType: (bool, "true or false"),
}


@cache
def _type(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


@cache
def _box(kind: Any) -> Any:
    """A struct with one `kind`: so a union is understood once, not with every value."""
    return msgspec.defstruct("Box", [("stored", kind)])


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _other(value: object) -> dict[Any, Any]:
    """What msgspec has no form for: other mappings; and text, which was looked at when written."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Raw):
        return {}
    raise TypeError(f"{value!r} has no form in JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_other)


def _refuse_endless(plain: object) -> None:
    if isinstance(plain, float):
        if not isfinite(plain):
            _no_such_number(str(plain))
    elif isinstance(plain, dict):
        for entry in plain.values():
            _refuse_endless(entry)
    elif isinstance(plain, list | tuple):
        for entry in plain:
            _refuse_endless(entry)


def _unreadable(kind: Any, error: Exception) -> Unreadable:
    name = getattr(kind, "__name__", str(kind))
    is_json = isinstance(error, msgspec.ValidationError)
    return Unreadable(f"what is stored is not {f'a {name}' if is_json else 'JSON'}: {error}")


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_such_number(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    "".join(found).encode()  # raises for half a surrogate pair, which no text can be written with
    return found


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
