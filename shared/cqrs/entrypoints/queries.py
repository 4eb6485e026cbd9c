"""Queries over HTTP: rows and lists of a view, never older than the token sent with the query. A
customer gets only their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from cqrs.entrypoints import about
from cqrs.entrypoints.about import About, Header, Parameter, telling
from cqrs.entrypoints.callers import Caller
from cqrs.entrypoints.cursors import KEY_BYTES, cursor, open_cursor
from cqrs.entrypoints.http import Handler, OfOwners, Request, Response, no_choice
from cqrs.errors import (
    Ahead,
    InvalidCursor,
    InvalidInput,
    InvalidToken,
    NotFilled,
    NotFound,
    Parked,
    Throttled,
    Unavailable,
)
from cqrs.history.commits import STREAM_NAME
from cqrs.plain import Json, Value
from cqrs.read.consistency import Page, Reader
from cqrs.read.freshness import Freshness
from cqrs.read.joiner import Joiner
from cqrs.read.tokens import Token
from cqrs.views.joins import problem_of
from cqrs.views.rows import Document, Row

__all__ = [
    "CONSISTENCY",
    "CURSOR",
    "ETAG",
    "LIMIT",
    "MAX_LIMIT",
    "OF_LISTS",
    "OF_STORES",
    "OF_VIEWS",
    "TOKEN",
    "answer_of",
    "in_path",
    "in_query",
    "of_list",
    "of_partition",
    "one_of",
    "only",
    "own",
    "page_of",
    "row_of",
    "token_of",
]

MAX_LIMIT = 50
LIMITS = {"default": 20, "low": 1, "high": MAX_LIMIT}

LIMIT = about.number("limit", "How many, at most.", **LIMITS)
CURSOR = Parameter("cursor", "Goes on after a page: its `cursor`, as it was answered.")
TOKEN = Parameter(
    "Consistency-Token",
    "As a command or a query answered it: the answer is never older.",
    place="header",
)
ETAG = Header("ETag", "The version.")
CONSISTENCY = (
    Header("Consistency", "`eventual`, `current`, `waited; ms=…` or `folded; commits=…`."),
    Header("Consistency-Token", "Sent with another query, its answer is not older than this one."),
)
OF_STORES = (InvalidToken, Throttled, Unavailable, Ahead)
OF_VIEWS = (*OF_STORES, Parked, NotFilled)
OF_LISTS = (*OF_VIEWS, InvalidInput, InvalidCursor, NotFound)


def row_of(
    reader: Reader, what: str, joiner: Joiner | None = None, owner: str | None = None
) -> Handler:
    """The route of one row; its key is `{id}` in the path. `owner`: the field of the document that
    says whose it is; what is another's is not there. `what` names the row in that answer.
    """

    def is_for(caller: Caller, document: Document | None) -> bool:
        if document is None or not owner or caller.sees_all:
            return document is not None
        if owner not in document:  # a row of a generation that was made without it
            raise NotFilled(reader.name)
        return caller.owns(_text(document[owner]))

    @telling(
        About(
            f"One {what}",
            f"From the view `{reader.name}`.",
            parameters=(TOKEN,),
            headers=(ETAG, *CONSISTENCY),
            problems=(*OF_VIEWS, NotFound),
        )
    )
    def answer(request: Request) -> Response:
        key = request.id("id")
        try:
            found = reader.get(key, token_of(request))
        except InvalidToken:  # says how far it is: not to everybody
            if request.caller.sees_all:
                raise
            found = reader.get(key, Token())
            if is_for(request.caller, found.rows[0].document):
                raise
        document = found.rows[0].document
        if document is None or not is_for(request.caller, document):
            raise NotFound(f"There is no {what} {key}.")
        found = _joined(found, joiner)  # not before: a token that names a lookup may be refused
        return answer_of(found.rows[0].document or {}, found.freshness, document.get("version"))

    return OfOwners(answer) if owner else answer


def in_path(request: Request) -> str:
    """The partition of a list or of a tally: `{id}` in the path."""
    return request.id("id")


class InQuery(Value, kw_only=False):
    """The partition of a list: the id `name` in the query."""

    name: str

    def __call__(self, request: Request) -> str:
        return request.ids(self.name, most=1)[0]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (about.ids(self.name, "Of which the list is.", most=1),)


in_query = InQuery


class Own(Value, kw_only=False):
    """The partition of a list, whose name says whose it is: it has to be the caller's own."""

    partition_in: Callable[[Request], str]

    def __call__(self, request: Request) -> str:
        partition = self.partition_in(request)
        if not request.caller.owns(partition):
            raise NotFound(f"There is nothing of yours at {request.path}.")
        return partition

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return asked_for(self.partition_in)


own = Own


class OneOf(Value, kw_only=False):
    """The partition of a list: one of a closed set of values, `name` in the query."""

    name: str
    kind: type[StrEnum]

    def __call__(self, request: Request) -> str:
        chosen = request.choice(self.name, self.kind)
        if chosen is None:
            raise no_choice(self.name, self.kind)
        return chosen

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (about.choice(self.name, "Of which the list is.", self.kind, required=True),)


one_of = OneOf


def only(name: str) -> Callable[[Request], str]:
    """The same partition for every request."""
    return lambda request: name


def asked_for(partition_in: Callable[[Request], str]) -> tuple[Parameter, ...]:
    """What it reads in the query, as far as it tells."""
    found: tuple[Parameter, ...] = getattr(partition_in, "parameters", ())
    return found


def of_partition(answer: Handler, partition_in: Callable[[Request], str]) -> Handler:
    """The route of what is in a partition, which may be that of an owner."""
    return OfOwners(answer) if isinstance(partition_in, Own) else answer


def of_list(items: str, summary: str, text: str, asked: Sequence[Parameter]) -> About:
    """What the route of a list tells. `asked`: what it reads in the query, but for the cursor."""
    cursor = {"type": ["string", "null"], "description": "Of the next page; null after the last."}
    shown = {items: {"type": "array", "items": {"type": "object"}}, "cursor": cursor}
    return About(
        summary,
        text,
        parameters=(*asked, CURSOR, TOKEN),
        answer={"type": "object", "properties": shown, "required": [*shown]},
        headers=CONSISTENCY,
        problems=OF_LISTS,
    )


def page_of(
    reader: Reader,
    name: str,
    items: str,
    joiner: Joiner | None = None,
    partition_in: Callable[[Request], str] = in_path,
) -> Handler:
    """The route of the view's list `name`; `limit` and `cursor` are in the query. `partition_in`
    gets the partition from the request, such as the customer whose orders are listed. The answer
    has the rows under `items`.

    A cursor is valid for one list of one generation of the view, as long as that is kept. Raises
    ValueError for a list that the view does not have, or whose partitions are another closed set
    than in the view.
    """
    if name not in reader.lists:
        raise ValueError(f"{reader.name} has no list '{name}'; it has {sorted(reader.lists)}")
    choices = reader.choices.get(name)
    if isinstance(partition_in, OneOf) and partition_in.kind is not choices:
        here, there = partition_in.kind.__name__, choices and choices.__name__
        raise ValueError(
            f"the list '{name}' of {reader.name} is picked out of {here} here, and out of {there} "
            "in the `choices` of its view: make them the same"
        )

    asked = (*asked_for(partition_in), LIMIT)
    by = f"From the view `{reader.name}`, by {name}."

    @telling(of_list(items, f"A list of {items}", by, asked))
    def answer(request: Request) -> Response:
        partition = partition_in(request)
        limit = request.number("limit", **LIMITS)
        here = [name, partition]
        scope, after = open_cursor(request.query.get("cursor"), reader.name, here, _place)
        token = token_of(request)
        page = reader.page(name, partition, token, limit=limit, after=after, scope=scope)
        found = _joined(page, joiner)
        body = {
            items: [_shown(row) for row in found.rows],
            "cursor": cursor(page.scope, here, found.more) if found.more else None,
        }
        return answer_of(body, found.freshness)

    return of_partition(answer, partition_in)


def token_of(request: Request) -> Token:
    """The token sent with a query. Raises InvalidToken."""
    return Token.parse(request.headers.get("consistency-token"))


def answer_of(
    body: Mapping[str, Any], freshness: Freshness, version: Json = None, **notes: object
) -> Response:
    """An answer with the headers that say how new it is; so does its log line. `version`, if given,
    is sent as ETag.
    """
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
    """The document of a row in a list; for a parked row the problem."""
    problem = problem_of(row)
    return {"id": row.key, **problem} if problem else row.document


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _place(sort: str, key: str) -> tuple[str, str]:
    if not 0 < len(sort.encode()) <= KEY_BYTES or not re.fullmatch(STREAM_NAME, "x-" + key):
        raise ValueError("this can't be the position of a row")
    return sort, key
