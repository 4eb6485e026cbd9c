"""Queries over HTTP: what a view shows, never older than the token sent; and opaque cursors."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any, TypeVar

from cqrs import plain
from cqrs.aggregates import Aggregates
from cqrs.commits import STREAM_NAME
from cqrs.consistency import Answer, Consistency, Reader
from cqrs.entrypoints.http import Handler, Request, Response
from cqrs.errors import InvalidCursor, InvalidToken, NotFound
from cqrs.tokens import Token
from cqrs.views import Document, Row

__all__ = ["facts_of", "page_of", "row_of"]

S = TypeVar("S")

MAX_LIMIT = 50
KEY_BYTES = 1024  # of a sort key; a cursor may have been tampered with


def row_of(reader: Reader, what: str) -> Handler:
    """The route of one row, `{id}` in the path."""

    def answer(request: Request) -> Response:
        key = request.id("id")
        found = reader.get(key, _token(request))
        document = found.rows[0].document
        if document is None:
            raise NotFound(f"There is no {what} {key}.")
        headers = {"ETag": f'"{document["version"]}"'} if "version" in document else {}
        return Response(body=document, headers=_consistency(found) | headers, notes=_notes(found))

    return answer


def page_of(reader: Reader, scope: str, name: str, items: str) -> Handler:
    """The route of a list, `{id}` in the path being its partition: `limit` and `cursor` in the
    query.

    `scope` is the view and its generation: a cursor is good for one list of one generation.
    """

    def answer(request: Request) -> Response:
        partition = request.id("id")
        limit = request.number("limit", default=20, low=1, high=MAX_LIMIT)
        here = [scope, name, partition]
        after = _open_cursor(request.query.get("cursor"), here)
        found = reader.page(name, partition, _token(request), limit=limit, after=after)
        cursor = _cursor([*here, *found.more]) if found.more else None
        return Response(
            body={items: [_shown(row) for row in found.rows], "cursor": cursor},
            headers=_consistency(found),
            notes=_notes(found),
        )

    return answer


def facts_of(
    aggregates: Aggregates[Any, S, Any], shown: Callable[[str, S], Document | None], what: str
) -> Handler:
    """The route of one aggregate, `{id}` in the path, folded from its own store: always current.

    AWS calls: 1.
    """

    def answer(request: Request) -> Response:
        key = request.id("id")
        token = _token(request)
        stream = aggregates.stream(key)
        loaded = aggregates.load(stream)
        if token.positions.get(stream, 0) > loaded.version:
            raise InvalidToken(f"'{stream}' has no version {token.positions[stream]}.")
        facts = shown(key, loaded.state)
        if facts is None:
            raise NotFound(f"There is no {what} {key}.")
        found = Answer([], Consistency("current"), token.having_seen([{stream: loaded.version}]))
        return Response(
            body={**facts, "version": loaded.version},
            headers=_consistency(found) | {"ETag": f'"{loaded.version}"'},
            notes=_notes(found),
        )

    return answer


def _shown(row: Row) -> object:
    """A row in a list. One that can't go on says so, instead of showing old as new."""
    if not row.parked:
        return row.document
    stream, mark = next(iter(row.parked.items()))
    return {
        "id": row.key,
        "problem": {"code": "view_parked", "stream": stream, "version": mark.version},
    }


def _token(request: Request) -> Token:
    return Token.parse(request.headers.get("consistency-token"))


def _consistency(answer: Answer) -> dict[str, str]:
    headers = {"Consistency": str(answer.consistency)}
    return headers | ({"Consistency-Token": str(answer.token)} if answer.token.positions else {})


def _notes(answer: Answer) -> dict[str, str]:
    return {"consistency": str(answer.consistency)}


def _cursor(place: list[str]) -> str:
    return base64.urlsafe_b64encode(plain.to_json(place).encode()).decode().rstrip("=")


def _open_cursor(text: str | None, here: list[str]) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        place = plain.from_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        *scope, sort, key = place
        if not 0 < len(sort.encode()) <= KEY_BYTES or not re.fullmatch(STREAM_NAME, f"x-{key}"):
            raise ValueError("this can't be the place of a row")
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidCursor("This is not a cursor that a list returned.") from error
    if scope != here:
        raise InvalidCursor("This cursor belongs to another list, or the list was rebuilt.")
    return sort, key
