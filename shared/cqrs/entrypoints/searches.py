"""Searches over HTTP. Their cursors stay valid while the index is written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from cqrs import plain
from cqrs.entrypoints.about import About, Parameter, telling
from cqrs.entrypoints.cursors import cursor, open_cursor
from cqrs.entrypoints.http import Handler, Request, Response
from cqrs.entrypoints.queries import (
    CONSISTENCY,
    CURSOR,
    LIMIT,
    LIMITS,
    OF_LISTS,
    TOKEN,
    answer_of,
    token_of,
)
from cqrs.errors import InvalidInput, NotConfigured
from cqrs.history.idempotency import digest_of
from cqrs.plain import Json
from cqrs.read.searchers import Searchers
from cqrs.views.searches import Conversation, SearchPage, SearchView

__all__ = ["no_search", "search_of"]


Search = Callable[[Request, int, Sequence[Json] | None], Conversation[SearchPage]]
"""Starts a search, given the request, the limit, and the position of the hit to continue after.
Raises InvalidInput; InvalidCursor for a position that no hit of this search can have.
"""


def search_of(
    searchers: Searchers, search: Search, view: SearchView, parameters: Sequence[Parameter]
) -> Handler:
    """The route of a search. `parameters`: those in its query besides `limit` and `cursor`. A
    cursor is valid for one search in one generation of `view`. Any other name is InvalidInput.
    """
    allowed = [parameter.name for parameter in parameters]

    @telling(
        About(
            "A search",
            f"In the view `{view.name}`.",
            parameters=(*parameters, LIMIT, CURSOR, TOKEN),
            answer={
                "type": "object",
                "properties": {"cursor": {"type": ["string", "null"]}},
                "required": ["cursor"],
            },
            headers=CONSISTENCY,
            problems=(*OF_LISTS, NotConfigured),
        )
    )
    def answer(request: Request) -> Response:
        asked = {name: request.query[name] for name in allowed if name in request.query}
        if unknown := request.query.keys() - {*allowed, "limit", "cursor"}:
            names = ", ".join([*allowed, "limit", "cursor"])
            raise InvalidInput(f"'{min(unknown)}' is not known in the query; there are {names}.")
        limit = request.number("limit", **LIMITS)
        here = [digest_of(plain.to_json(asked))]
        given = request.query.get("cursor")
        scope, after = open_cursor(given, view.name, here, lambda *place: place)
        conversation, token = search(request, limit, after), token_of(request)
        scope = searchers.scope_of(view, scope)
        page, freshness = searchers.converse(conversation, token, scope)
        goes_on = {"cursor": cursor(scope, here, page.last) if page.last else None}
        return answer_of({**page.body, **goes_on}, freshness)

    return answer


def no_search(request: Request) -> NoReturn:
    """The route of a search in a deployment without OpenSearch."""
    raise NotConfigured(
        "Searching needs OpenSearch, which this deployment is without; everything else works."
    )
