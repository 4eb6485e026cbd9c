"""Turns frozen dataclasses into plain JSON values and back, and finds all faults of an input.

Understands `str`, `int`, `bool`, `X | None`, `tuple[X, ...]`, `Mapping[str, X]`, `Literal`,
`StrEnum`, `NewType`, dataclasses, unions of dataclasses (told apart by a field `is`, the class
name), and `Any` for whatever is JSON. Rules on values are annotations: `Annotated[str,
Text(max=80)]`. They hold for what comes in (`parse`), never for what was stored (`load`): a rule
made stricter later must not make history unreadable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from cqrs.errors import Fault, InvalidInput, Unreadable

__all__ = ["Between", "Json", "Size", "Text", "dump", "from_json", "load", "parse", "to_json"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
T = TypeVar("T")

MAX_FAULTS = 100  # said of one input: it may have more entries than an answer has room for

_TAG = "is"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A line of text (`lines`: or several), not blank, of `min` to `max` characters that match
    `pattern`.
    """

    max: int
    min: int = 1
    lines: bool = False
    pattern: str | None = None
    hint: str = "has characters that are not allowed here"

    def fault(self, value: str) -> str | None:
        if not self.min <= len(value) <= self.max:
            return f"must have {self.min} to {self.max} characters, has {len(value)}"
        if self.min and not value.strip():
            return "must not be blank"
        shown = value.replace("\n", "") if self.lines else value
        if any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in shown):
            return "must not contain control characters"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return self.hint
        return None


@dataclass(frozen=True)
class Between:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int

    def fault(self, value: int) -> str | None:
        return None if self.low <= value <= self.high else f"must be {self.low} to {self.high}"


@dataclass(frozen=True, kw_only=True)
class Size:
    """A list with `min` to `max` entries."""

    max: int
    min: int = 0

    def fault(self, value: tuple[object, ...]) -> str | None:
        if self.min <= len(value) <= self.max:
            return None
        return f"must have {self.min} to {self.max} entries, has {len(value)}"


class _Input:
    """What has been found wrong so far, and whether rules on values are looked at."""

    def __init__(self, *, rules: bool) -> None:
        self.rules = rules
        self.faults: list[Fault] = []

    def reject(self, pointer: str, detail: str) -> None:
        self.faults.append(Fault(pointer, detail))


_Reader = Callable[[object, str, _Input], Any]


def parse(kind: Callable[..., T], plain: object, /, **given: object) -> T:
    """The `kind` that an untrusted `plain` value describes; `given` fields come from the caller
    instead, and are unknown fields when the input has them.

    Raises InvalidInput with every fault found, up to a hundred.
    """
    read = _Input(rules=True)
    value = _dataclass(kind, frozenset(given))(plain, "", read)
    if read.faults:
        raise InvalidInput("The request is not valid; see 'errors'.", read.faults[:MAX_FAULTS])
    return kind(**value, **given)


def load(kind: Any, plain: object) -> Any:
    """The `kind` (a class or a union) that `dump` turned into `plain`. Raises Unreadable."""
    read = _Input(rules=False)
    value = _reader(kind)(plain, "", read)
    if read.faults:
        first = read.faults[0]
        raise Unreadable(f"stored value is not a {kind}: '{first.pointer}' {first.detail}")
    return value


def dump(value: Any, *, tagged: bool = False) -> Json:
    """`value` as plain JSON; `tagged` when it, or each entry in it, is one of a union of
    dataclasses.
    """
    if is_dataclass(value):
        plain: dict[str, Json] = {_TAG: type(value).__name__} if tagged else {}
        kind: Any = type(value)
        for name, union in _dumped_fields(kind):
            plain[name] = dump(getattr(value, name), tagged=union)
        return plain
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple | list):
        return [dump(entry, tagged=tagged) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): dump(entry, tagged=tagged) for key, entry in value.items()}
    return cast(Json, value)


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


@cache
def _reader(kind: Any) -> _Reader:
    """How to read one kind of value. Built once per kind: reading follows no type hints."""
    if hasattr(kind, "__supertype__"):
        return _reader(kind.__supertype__)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _ruled(_reader(args[0]), args[1:])
    if origin in (Union, UnionType):
        return _union(args)
    if origin is tuple:
        return _tuple(_reader(args[0]))
    if origin is Literal:
        return _one_of(args, {name: name for name in args})
    if kind is Any:
        return lambda plain, pointer, out: plain
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(_reader(args[1]))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of(tuple(kind), {member.value: member for member in kind})
    return _instance(kind) if is_dataclass(kind) else _scalar(kind)


def _scalar(kind: Any) -> _Reader:
    names = {str: "a string", int: "a whole number", bool: "true or false"}
    if kind not in names:
        raise TypeError(f"{kind} is not a kind of value that can be stored")

    def read(plain: object, pointer: str, out: _Input) -> Any:
        # bool is an int to Python, not to JSON
        if isinstance(plain, kind) and (kind is bool or not isinstance(plain, bool)):
            return plain
        return out.reject(pointer, f"must be {names[kind]}")

    return read


def _ruled(inner: _Reader, rules: tuple[Any, ...]) -> _Reader:
    checks = [rule for rule in rules if isinstance(rule, Text | Between | Size)]

    def read(plain: object, pointer: str, out: _Input) -> Any:
        value = inner(plain, pointer, out)
        if out.rules and value is not None:  # None was rejected; a list with bad entries is a list
            for rule in checks:
                if fault := rule.fault(value):
                    out.reject(pointer, fault)
        return value

    return read


def _one_of(allowed: tuple[Any, ...], members: Mapping[Any, Any]) -> _Reader:
    expected = "must be one of " + ", ".join(map(str, allowed))

    def read(plain: object, pointer: str, out: _Input) -> Any:
        if isinstance(plain, str) and plain in members:
            return members[plain]
        return out.reject(pointer, expected)

    return read


def _tuple(inner: _Reader) -> _Reader:
    def read(plain: object, pointer: str, out: _Input) -> Any:
        if not isinstance(plain, list):
            return out.reject(pointer, "must be a list")
        return tuple(inner(entry, f"{pointer}/{n}", out) for n, entry in enumerate(plain))

    return read


def _mapping(inner: _Reader) -> _Reader:
    def read(plain: object, pointer: str, out: _Input) -> Any:
        if not isinstance(plain, dict):
            return out.reject(pointer, "must be an object")
        return {name: inner(entry, _below(pointer, name), out) for name, entry in plain.items()}

    return read


def _union(kinds: tuple[Any, ...]) -> _Reader:
    others = tuple(kind for kind in kinds if kind is not NoneType)
    tagged = {kind.__name__: _reader(kind) for kind in others} if len(others) > 1 else {}
    single = _reader(others[0]) if len(others) == 1 else None

    def read(plain: object, pointer: str, out: _Input) -> Any:
        if plain is None and len(others) < len(kinds):
            return None
        if single:
            return single(plain, pointer, out)
        tag = plain.get(_TAG) if isinstance(plain, dict) else None
        inner = tagged.get(tag) if isinstance(tag, str) else None
        if not inner or not isinstance(plain, dict):
            return out.reject(pointer, f"must be an object whose '{_TAG}' is one of {[*tagged]}")
        return inner({name: value for name, value in plain.items() if name != _TAG}, pointer, out)

    return read


def _instance(kind: Any) -> _Reader:
    inner = _dataclass(kind, frozenset())

    def read(plain: object, pointer: str, out: _Input) -> Any:
        before = len(out.faults)
        values = inner(plain, pointer, out)
        return kind(**values) if len(out.faults) == before else None

    return read


@cache
def _dataclass(kind: Any, given: frozenset[str]) -> _Reader:
    """Reads the fields of a dataclass into a dict, all but the `given` ones."""
    hints = get_type_hints(kind, include_extras=True)
    own = [field for field in fields(kind) if field.name not in given]
    readers = {field.name: _reader(hints[field.name]) for field in own}
    required = {
        field.name for field in own if field.default is MISSING and field.default_factory is MISSING
    }

    def read(plain: object, pointer: str, out: _Input) -> Any:
        if not isinstance(plain, dict):
            return out.reject(pointer, "must be an object")
        for name in sorted(required - plain.keys()):
            out.reject(_below(pointer, name), "is missing")
        for name in sorted(plain.keys() - readers.keys()):
            out.reject(_below(pointer, name), "is not a known field")
        return {
            name: reader(plain[name], _below(pointer, name), out)
            for name, reader in readers.items()
            if name in plain
        }

    return read


@cache
def _dumped_fields(kind: Any) -> tuple[tuple[str, bool], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, is_tagged(hints[field.name])) for field in fields(kind))


@cache
def is_tagged(kind: Any) -> bool:
    """Whether values of `kind`, or the entries in them, say which class they are: those of unions
    of two or more dataclasses do.
    """
    args = get_args(kind)
    union = get_origin(kind) in (Union, UnionType) and sum(map(is_dataclass, args)) > 1
    return union or any(map(is_tagged, args))


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
