"""Cursors: the position after the last row of a page, as an opaque text for clients.

A cursor contains its scope: a list and its generation, or a search. It is not signed, so its
contents are validated like any other input.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TypeVar

from cqrs import plain
from cqrs.errors import InvalidCursor
from cqrs.plain import Json

__all__ = ["KEY_BYTES", "cursor", "open_cursor"]

P = TypeVar("P")

KEY_BYTES = 1024  # of a sort key in DynamoDB


def cursor(scope: Sequence[str], place: Sequence[Json]) -> str:
    text = plain.to_json([*scope, *place])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def open_cursor(text: str | None, scope: Sequence[str], read: Callable[..., P]) -> P | None:
    """The position in a cursor of this scope, converted by `read`; None without a cursor. Raises
    InvalidCursor, also when `read` raises ValueError, TypeError, LookupError or AttributeError.
    """
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = plain.from_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        here, place = found[: len(scope)], found[len(scope) :]
        if not (isinstance(found, list) and place):
            raise ValueError("this can't be a place")
        if here == list(scope):
            return read(*place)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InvalidCursor("This is not a cursor that a list returned.") from error
    raise InvalidCursor("This cursor belongs to another list, or the list was rebuilt.")
