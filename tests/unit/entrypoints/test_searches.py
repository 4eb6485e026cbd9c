"""Searches over HTTP: what is refused, and that a cursor is good for its own search only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cqrs.entrypoints.cursors import cursor
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.searches import no_search, search_of
from cqrs.plain import Json
from cqrs.read.searchers import Searchers
from cqrs.views.searches import Conversation, SearchPage, SearchView
from domain.storefront import ORDER_SEARCH, SEARCHED_BY, search_orders
from tests.fixtures.payloads import http

ROUTE = "GET /search/orders"


def found(
    query: Mapping[str, str], limit: int, after: Sequence[Json] | None
) -> Conversation[SearchPage]:
    """A search that finds the place after the one it goes on from."""
    yield {}
    last = [1] if after is None else [*after, 1]
    return SearchPage({"asked": dict(query), "limit": limit, "after": after}, last)


def ask(search: Any = found, view: SearchView = ORDER_SEARCH, **query: str) -> tuple[int, Any]:
    query = {name.rstrip("_"): text for name, text in query.items()}
    handler = search_of(Searchers([]), search, view, SEARCHED_BY)
    answer = HttpFunction({ROUTE: handler})(http(ROUTE, query=query), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_page_leads_to_the_next_one() -> None:
    _, first = ask(q="lamp", limit="3")
    assert first["limit"] == 3
    status, second = ask(q="lamp", limit="3", cursor=first["cursor"])
    assert (status, second["after"]) == (200, [1])


@pytest.mark.parametrize(
    "other", [{"q": "desk"}, {"q": "lamp", "sort": "newest"}, {"q": "lamp", "status": "placed"}]
)
def test_a_cursor_of_another_search_is_refused(other: dict[str, str]) -> None:
    _, page = ask(q="lamp")
    status, problem = ask(**other, cursor=page["cursor"])
    assert (status, problem["code"]) == (400, "invalid_cursor")


def test_a_cursor_of_another_generation_is_refused() -> None:
    _, page = ask(q="lamp")
    newer = replace(ORDER_SEARCH, generation=2)
    status, problem = ask(view=newer, q="lamp", cursor=page["cursor"])
    assert (status, problem["code"]) == (400, "invalid_cursor")


def test_a_name_that_is_not_known_is_refused() -> None:
    status, problem = ask(colour="red")
    assert status == 400
    assert "'colour' is not known" in problem["detail"]


@pytest.mark.parametrize(
    "place", [[], [1], ["x", "k"], [1, 2], [1, "é"], [10**30, "k"], [None, "k"], [1, 2, "k"]]
)
def test_a_place_where_no_hit_can_be_is_refused(place: list[Any]) -> None:
    from cqrs.history.idempotency import digest_of

    scope = [f"{ORDER_SEARCH.name}#1", digest_of("{}")]
    status, problem = ask(search_orders, cursor=cursor(scope, place))
    assert (status, problem["code"]) == (400, "invalid_cursor")


def test_without_an_opensearch_a_search_says_so() -> None:
    answer = HttpFunction({ROUTE: no_search})(http(ROUTE), None)
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (501, "not_configured")
    assert "OpenSearch" in problem["detail"]
