"""What a function needs from its environment: a small frozen class each, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

__all__ = ["read_settings"]

T = TypeVar("T")


def read_settings(kind: type[T], environment: Mapping[str, str]) -> T:
    """The settings class `kind`, its field `events_table` read from `EVENTS_TABLE`.

    Fields are texts; those with a default may be missing. Raises LookupError naming all that are
    missing.
    """
    own = fields(cast(Any, kind))
    missing = [
        f.name.upper() for f in own if f.default is MISSING and not environment.get(f.name.upper())
    ]
    if missing:
        raise LookupError(f"missing in the environment: {', '.join(missing)}")
    found = {f.name: environment[f.name.upper()] for f in own if f.name.upper() in environment}
    return kind(**found)
