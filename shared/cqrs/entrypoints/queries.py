"""Queries over HTTP: what a view shows, never older than the token sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from cqrs.entrypoints.cursors import KEY_BYTES, cursor, open_cursor
from cqrs.entrypoints.http import Handler, Request, Response, no_choice
from cqrs.errors import NotFound
from cqrs.history.commits import STREAM_NAME
from cqrs.plain import Json
from cqrs.read.consistency import Page, Reader
from cqrs.read.freshness import Freshness
from cqrs.read.joiner import Joiner
from cqrs.read.tokens import Token
from cqrs.views.joins import problem_of
from cqrs.views.rows import Document, Row

__all__ = [
    "MAX_LIMIT",
    "answer_of",
    "in_path",
    "in_query",
    "one_of",
    "page_of",
    "row_of",
    "token_of",
]

MAX_LIMIT = 50


def row_of(reader: Reader, what: str, joiner: Joiner | None = None) -> Handler:
    """The route of one row, `{id}` in the path."""

    def answer(request: Request) -> Response:
        key = request.id("id")
        found = _joined(reader.get(key, token_of(request)), joiner)
        document = found.rows[0].document
        if document is None:
            raise NotFound(f"There is no {what} {key}.")
        return answer_of(document, found.freshness, document.get("version"))

    return answer


def in_path(request: Request) -> str:
    """The list that `{id}` in the path picks."""
    return request.id("id")


def in_query(name: str) -> Callable[[Request], str]:
    """The list that an id in the query, `name`, picks."""
    return lambda request: request.ids(name, most=1)[0]


def one_of(name: str, kind: type[StrEnum]) -> Callable[[Request], str]:
    """The list that `name` in the query picks, out of a closed set."""

    def picked(request: Request) -> str:
        chosen = request.choice(name, kind)
        if chosen is None:
            raise no_choice(name, kind)
        return chosen

    return picked


def page_of(
    reader: Reader,
    name: str,
    items: str,
    joiner: Joiner | None = None,
    partition_in: Callable[[Request], str] = in_path,
) -> Handler:
    """The route of a list: `limit` and `cursor` in the query, and `partition_in` says which one.

    A cursor is good for one list of one generation of the view. Raises ValueError for a list that
    the view does not have.
    """
    if name not in reader.lists:
        raise ValueError(f"{reader.scope} has no list '{name}'; it has {sorted(reader.lists)}")

    def answer(request: Request) -> Response:
        partition = partition_in(request)
        limit = request.number("limit", default=20, low=1, high=MAX_LIMIT)
        here = [reader.scope, name, partition]
        after = open_cursor(request.query.get("cursor"), here, _place)
        page = reader.page(name, partition, token_of(request), limit=limit, after=after)
        found = _joined(page, joiner)
        body = {
            items: [_shown(row) for row in found.rows],
            "cursor": cursor(here, found.more) if found.more else None,
        }
        return answer_of(body, found.freshness)

    return answer


def token_of(request: Request) -> Token:
    """The token sent with a query. Raises InvalidToken."""
    return Token.parse(request.headers.get("consistency-token"))


def answer_of(
    body: Mapping[str, Any], freshness: Freshness, version: Json = None, **notes: object
) -> Response:
    """An answer that says how new it is, also in the log line. `version` is what it is one of."""
    headers = {"Consistency": str(freshness.consistency)}
    if freshness.token.positions:
        headers["Consistency-Token"] = str(freshness.token)
    if version is not None:
        headers["ETag"] = f'"{version}"'
    return Response(
        body=body, headers=headers, notes={"consistency": headers["Consistency"], **notes}
    )


def _joined(page: Page, joiner: Joiner | None) -> Page:
    return joiner.join(page) if joiner else page


def _shown(row: Row) -> Document | None:
    """A row in a list. One that can't go on says so in its place."""
    problem = problem_of(row)
    return {"id": row.key, **problem} if problem else row.document


def _place(sort: str, key: str) -> tuple[str, str]:
    if not 0 < len(sort.encode()) <= KEY_BYTES or not re.fullmatch(STREAM_NAME, "x-" + key):
        raise ValueError("this can't be the place of a row")
    return sort, key
