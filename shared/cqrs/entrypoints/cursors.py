"""Cursors: the position after the last row of a page, as an opaque text for clients.

A cursor contains where it belongs: a generation of a view, and a list of it, or a search. It is not
signed, so its contents are validated like any other input.
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


def cursor(scope: str, where: Sequence[str], place: Sequence[Json]) -> str:
    text = plain.to_json([scope, *where, *place])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def open_cursor(
    text: str | None, view: str, where: Sequence[str], read: Callable[..., P]
) -> tuple[str, P] | tuple[None, None]:
    """The generation of `view` and the position in a cursor that belongs there, the position
    converted by `read`; nothing without a cursor. Whether the generation is still there is left to
    who reads on in it.

    Raises InvalidCursor, also when `read` raises ValueError, TypeError, LookupError or
    AttributeError.
    """
    if text is None:
        return None, None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = plain.from_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        scope, *rest = found
        here, place = rest[: len(where)], rest[len(where) :]
        if not (isinstance(found, list) and place):
            raise ValueError("this can't be a place")
        if here == list(where) and scope.partition("#")[0] == view:
            return scope, read(*place)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InvalidCursor("This is not a cursor that a list returned.") from error
    raise InvalidCursor("This cursor belongs to another list, or the list was rebuilt.")
