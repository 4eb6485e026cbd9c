"""Finds what OpenSearch would refuse in a document of a search view.

An index has the fields that its view names, and takes no others. Fields of a kind that is not known
here, or with a format of their own, are not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from math import isfinite
from typing import Any

__all__ = ["misfits"]

Fields = Mapping[str, Any]

WHOLE = {"byte": 8, "short": 16, "integer": 32, "long": 64}
DECIMAL = {"double", "float", "half_float", "scaled_float"}
KEYWORD_BYTES = 32_766  # of a term
HOUR, SIXTY, ZONE = r"([01]\d|2[0-3])", r"[0-5]\d", r"(Z|[+-]\d\d(:?\d\d)?)?"
TIME = rf"T({HOUR}(:{SIXTY}(:{SIXTY}([.,]\d{{1,9}})?)?)?{ZONE})?"
DATE = re.compile(rf"\d{{4}}|\d{{4}}-\d\d|(\d{{4}}-\d\d-\d\d)({TIME})?")
ADVICE = "show what the field can be, or give it another kind and raise the `generation`"


def misfits(document: Mapping[str, Any], fields: Fields) -> list[str]:
    """A sentence for each thing that does not fit, saying what to do about it."""
    return list(_in_object(document, {"properties": fields}, ""))


def _in_object(value: Mapping[str, Any], kind: Fields, path: str) -> Iterator[str]:
    for name, entry in value.items():
        outer, _, inner = name.partition(".")
        if inner:  # `{"a.b": 1}` is `{"a": {"b": 1}}` to it
            entry = {inner: entry}
        here = f"{path}{outer}"
        if outer in kind.get("properties", {}):
            yield from _in_field(entry, kind["properties"][outer], here)
        elif str(kind.get("dynamic", "strict")).lower() == "strict":
            yield (
                f"'{here}' is shown, and no field: name it in `fields` and raise the `generation` "
                "(an index keeps the fields it was made with), or leave it out of what is shown"
            )


def _in_field(value: Any, kind: Fields, path: str) -> Iterator[str]:
    name = kind.get("type", "object")
    if value is None or kind.get("enabled") is False or kind.get("ignore_malformed") is True:
        return
    if isinstance(value, list | tuple):  # a field has one value or several of its kind
        for entry in value:
            yield from _in_field(entry, kind, path)
    elif name in ("object", "nested") and isinstance(value, Mapping):
        yield from _in_object(value, kind, f"{path}.")
    elif not CHECKS.get(name, _is_anything)(value, kind):
        yield f"'{path}' is {repr(value)[:80]}, and its field of the kind {name}: {ADVICE}"


def _is_anything(value: Any, kind: Fields) -> bool:
    return True


def _is_text(value: Any, kind: Fields) -> bool:
    return not isinstance(value, Mapping)


def _is_keyword(value: Any, kind: Fields) -> bool:
    unlimited = "ignore_above" in kind or kind.get("index") is kind.get("doc_values") is False
    fits = unlimited or len(str(value).encode()) <= KEYWORD_BYTES
    return _is_text(value, kind) and fits


def _is_whole(bits: int) -> Callable[[Any, Fields], bool]:
    def is_whole(value: Any, kind: Fields) -> bool:
        if kind.get("coerce") is False and type(value) is not int:
            return False
        number = _number(value)
        return number is not None and -(2 ** (bits - 1)) <= int(number) < 2 ** (bits - 1)

    return is_whole


def _is_decimal(value: Any, kind: Fields) -> bool:
    return _number(value) is not None


def _number(value: Any) -> int | float | None:
    """The text of a number is taken for one, and no text for none."""
    try:
        match value:
            case bool():
                return None
            case str():
                number = 0 if value == "" else float(value)
                return number if value == value.strip() and isfinite(number) else None
            case int() | float():
                return value
            case _:
                return None
    except ValueError:
        return None


def _is_boolean(value: Any, kind: Fields) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value in ("true", "false", ""))


def _is_date(value: Any, kind: Fields) -> bool:
    if not isinstance(value, str):  # a number are milliseconds
        return _number(value) is not None
    if "format" in kind or re.fullmatch(r"-?\d+", value):
        return True
    found = DATE.fullmatch(value)
    try:
        return bool(found) and bool(
            date.fromisoformat(value[:10] + "-01-01"[len(value[:10]) - 4 :])
        )
    except ValueError:
        return False


CHECKS: Mapping[str, Callable[[Any, Fields], bool]] = {
    **{name: _is_whole(bits) for name, bits in WHOLE.items()},
    **dict.fromkeys(DECIMAL, _is_decimal),
    "boolean": _is_boolean,
    "date": _is_date,
    "keyword": _is_keyword,
    "nested": lambda value, kind: False,
    "object": lambda value, kind: False,
    "text": _is_text,
}
