"""What a function needs from its environment: a small frozen class each, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

__all__ = ["read_settings"]

T = TypeVar("T")


def read_settings(kind: type[T], environment: Mapping[str, str]) -> T:
    """The settings class `kind`, its field `events_table` read from `EVENTS_TABLE`.

    Fields are texts; those with a default may be missing. A text that is empty counts as missing.
    Raises LookupError naming all that are missing.
    """
    own = fields(cast(Any, kind))
    found = {f.name: text for f in own if (text := environment.get(f.name.upper()))}
    missing = [f.name.upper() for f in own if f.default is MISSING and f.name not in found]
    if missing:
        raise LookupError(f"missing in the environment: {', '.join(missing)}")
    return kind(**found)
