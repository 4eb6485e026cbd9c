"""Validation of untrusted input. Every fault is reported, not only the first.

Rules are annotations: `Annotated[str, text(max=80)]`. They apply to input only, never to stored
data (`plain.load`, `plain.read`): making a rule stricter must not make old events unreadable. They
appear in the JSON Schema of a type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Meta, inspect

from cqrs.errors import Fault, InvalidInput

__all__ = ["between", "faults_of", "parse", "size", "text"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # and half surrogate pairs

T = TypeVar("T")

MAX_FAULTS = 100  # per input: one with many entries could otherwise overflow the answer


def parse(kind: Callable[..., T], plain: Any, /, **given: Any) -> T:
    """Builds a `kind` from an untrusted `plain` value. The fields `given` are set by the caller;
    if the input has them too, they are reported as unknown.

    Raises InvalidInput with the faults found, at most 100.
    """
    if found := faults_of(kind, plain, frozenset(given)):
        raise InvalidInput("The request is not valid; see 'errors'.", found[:MAX_FAULTS])
    value: T = msgspec.convert({**plain, **given}, kind)
    return value


def text(
    *,
    max: int,  # noqa: A002
    min: int = 1,  # noqa: A002
    lines: bool = False,
    pattern: str | None = None,
    hint: str = "has characters that are not allowed here",
) -> Meta:
    """A rule: text of `min` to `max` characters, not blank unless `min` is 0, without control
    characters (`lines` allows newlines), matching `pattern` as a whole. `hint` is the fault
    reported when it does not match.
    """

    matches = re.compile(pattern).fullmatch if pattern else None

    def fault(value: str) -> str | None:
        if not min <= len(value) <= max:
            return f"must have {min} to {max} characters, has {len(value)}"
        if min and value.isspace():
            return "must not be blank"
        if not value.isprintable() and _CONTROL.search(value.replace("\n", "") if lines else value):
            return "must not contain control characters"
        if matches and not matches(value):
            return hint
        return None

    shown = f"(?:{pattern})" if pattern else _shown(min, lines)
    return _rule(str, fault, {"minLength": min, "maxLength": max, "pattern": f"^{shown}$"})


def _shown(least: int, lines: bool) -> str:
    """The pattern of a text without control characters, which is not blank."""
    control = r"\x00-\x09\x0b-\x1f\x7f-\x9f" if lines else r"\x00-\x1f\x7f-\x9f"
    return rf"[^{control}]*[^{control}\s][^{control}]*" if least else rf"[^{control}]*"


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
    """Kept apart from msgspec's own constraints, which would also apply to stored data."""
    return Meta(extra_json_schema=schema, extra={"rule": (kind, fault)})


def faults_of(kind: Any, plain: object, given: frozenset[str] = frozenset()) -> list[Fault]:
    """The faults that keep an untrusted `plain` value from being a `kind`, its `given` fields left
    out. All of them: without the limit of `parse`.
    """
    found: list[Fault] = []
    _look(kind, given)(plain, (), found)
    return found


_At = tuple[Any, ...]
"""A place in an input, as (the place around it, name or index): `(((), "lines"), 0)`."""
_Look = Callable[[Any, _At, list[Fault]], None]
"""Checks a plain value at a place, and adds its faults to the list."""


@cache
def _look(kind: Any, given: frozenset[str]) -> _Look:
    """The check for one kind of value. Built once per kind, so a check inspects no types."""
    return _looks(inspect.type_info(kind), given)


def _looks(kind: inspect.Type, given: frozenset[str] = frozenset()) -> _Look:
    match kind:
        case inspect.Metadata(type=inner, extra={"rule": (of, fault)}):
            return _ruled(_looks(inner), of, fault)
        case inspect.StructType():
            return _object(kind, given)
        case inspect.VarTupleType(item_type=inner):
            return _list(_looks(inner))
        case inspect.DictType(value_type=inner):
            return _names(_looks(inner))
        case inspect.UnionType(types=kinds):
            return _several(kinds)
        case inspect.LiteralType(values=allowed):
            return _one_of(allowed)
        case inspect.EnumType(cls=cls):
            return _one_of([member.value for member in cls])
        case inspect.AnyType():
            return lambda plain, at, found: None
        case inspect.StrType():
            return _scalar(str, "must be a string")
        case inspect.IntType():
            return _scalar(int, "must be a whole number")
        case inspect.BoolType():
            return _scalar(bool, "must be true or false")
    raise TypeError(f"{kind} is not a kind of value that can come in")


def _scalar(of: type, fault: str) -> _Look:
    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        if type(plain) is not of:  # a bool is an int to Python, not to JSON
            found.append(_fault(at, fault))

    return look


def _ruled(inner: _Look, of: type, rule: Callable[[Any], str | None]) -> _Look:
    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        inner(plain, at, found)
        if type(plain) is of and (fault := rule(plain)):
            found.append(_fault(at, fault))

    return look


def _one_of(allowed: Sequence[Any]) -> _Look:
    fault = "must be one of " + ", ".join(map(str, allowed))

    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        if type(plain) is not str or plain not in allowed:
            found.append(_fault(at, fault))

    return look


def _list(inner: _Look) -> _Look:
    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        if type(plain) is not list:
            found.append(_fault(at, "must be a list"))
            return
        for n, entry in enumerate(plain):
            inner(entry, (at, n), found)

    return look


def _names(inner: _Look) -> _Look:
    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        if type(plain) is not dict:
            found.append(_fault(at, "must be an object"))
            return
        for name, entry in plain.items():
            inner(entry, (at, name), found)

    return look


def _object(kind: inspect.StructType, given: frozenset[str]) -> _Look:
    looks = {each.name: _looks(each.type) for each in kind.fields if each.name not in given}
    required = {each.name for each in kind.fields if each.required} - given
    known = {*looks, kind.tag_field}

    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        if type(plain) is not dict:
            found.append(_fault(at, "must be an object"))
            return
        names = plain.keys()
        found += [_fault((at, name), "is missing") for name in sorted(required - names)]
        found += [_fault((at, name), "is not a known field") for name in sorted(names - known)]
        for name, inner in looks.items():
            if name in plain:
                inner(plain[name], (at, name), found)

    return look


def _several(kinds: Sequence[inspect.Type]) -> _Look:
    """Checks a value that may be null, or is one of several `Case`s."""
    others = [kind for kind in kinds if not isinstance(kind, inspect.NoneType)]
    optional = len(others) < len(kinds)
    cases = {kind.tag: _looks(kind) for kind in others if isinstance(kind, inspect.StructType)}
    single = _looks(others[0]) if len(others) == 1 else None
    fault = f"must be an object whose 'is' is one of {[*cases]}"

    def look(plain: Any, at: _At, found: list[Fault]) -> None:
        if plain is None and optional:
            return
        if single:
            single(plain, at, found)
            return
        tag = plain.get("is") if type(plain) is dict else None
        inner = cases.get(tag) if type(tag) is str else None
        if inner:
            inner(plain, at, found)
        else:
            found.append(_fault(at, fault))

    return look


def _fault(at: _At, detail: str) -> Fault:
    """Converts the place to a JSON pointer only here: most checks find no fault."""
    pointer = ""
    while at:
        at, name = at
        pointer = f"/{str(name).replace('~', '~0').replace('/', '~1')}{pointer}"
    return Fault(pointer, detail)
