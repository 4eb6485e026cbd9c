"""Cursors: where to go on in a list, as a text that means nothing to who holds it.

A cursor carries what it belongs to, its scope: a list and its generation, or a search. It is not
signed, so what comes out of it is to be checked like any other input.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cqrs import plain
from cqrs.errors import InvalidCursor
from cqrs.plain import Json

__all__ = ["cursor", "open_cursor"]


def cursor(scope: Sequence[str], place: Sequence[Json]) -> str:
    text = plain.to_json([*scope, *place])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def open_cursor(text: str | None, scope: Sequence[str]) -> list[Json] | None:
    """The place in a cursor of this scope. Raises InvalidCursor."""
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = plain.from_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        here, place = found[: len(scope)], found[len(scope) :]
        if not (isinstance(found, list) and place):
            raise ValueError("this can't be a place")
    except (ValueError, TypeError, LookupError) as error:
        raise InvalidCursor("This is not a cursor that a list returned.") from error
    if here != list(scope):
        raise InvalidCursor("This cursor belongs to another list, or the list was rebuilt.")
    return list(place)
