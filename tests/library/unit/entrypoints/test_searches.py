"""Searches over HTTP: what is refused, and that a cursor is good for its own search only."""

from collections.abc import Sequence
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.entrypoints.about import Parameter
from cqrs.entrypoints.http import Request
from cqrs.entrypoints.searches import no_search, search_of
from cqrs.errors import InvalidCursor
from cqrs.plain import Json, replace
from cqrs.read.searchers import Searcher, Searchers
from cqrs.views.searches import Conversation, SearchPage, SearchView
from tests.library.books import BOOK_SEARCH
from tests.library.unit.entrypoints.asking import Answer, ask_route, refused

ROUTE = "GET /search/books"
NO_INDEX: Any = None  # these searches ask nothing


def found(request: Request, limit: int, after: Sequence[Json] | None) -> Conversation[SearchPage]:
    """A search that finds the place after the one it goes on from, up to the third."""
    place = 1 if after is None else int(str(after[-1])) + 1
    if place > 3:
        raise InvalidCursor("There is no hit at this place.")
    yield {}
    return SearchPage({"asked": _asked(request), "limit": limit, "after": after}, [place])


def _asked(request: Request) -> dict[str, Json]:
    return {name: text for name, text in request.query.items() if name not in ("limit", "cursor")}


def search(view: SearchView = BOOK_SEARCH, **query: str) -> Answer:
    stores = {fold.category: MemoryEventStore() for fold in view.folds}
    searchers = Searchers([Searcher(view, NO_INDEX, stores)])
    handler = search_of(
        searchers, found, view, [Parameter(name, "") for name in ("q", "status", "sort")]
    )
    return ask_route(handler, ROUTE, query=query)


def test_a_search_is_asked_what_it_may_be_asked() -> None:
    answer = search(q="lamp", sort="newest")
    assert answer.body["asked"] == {"q": "lamp", "sort": "newest"}
    assert (answer.body["limit"], answer.headers["Consistency"]) == (20, "eventual")


def test_a_page_leads_to_the_next_one() -> None:
    first = search(q="lamp", limit="3").body
    assert first["limit"] == 3
    second = search(q="lamp", limit="3", cursor=first["cursor"])
    assert (second.status, second.body["after"]) == (200, [1])


@pytest.mark.parametrize(
    "other", [{"q": "desk"}, {"q": "lamp", "sort": "newest"}, {"q": "lamp", "status": "shelved"}]
)
def test_a_cursor_of_another_search_is_refused(other: dict[str, str]) -> None:
    cursor = search(q="lamp").body["cursor"]
    refused(search(**other, cursor=cursor), 400, "invalid_cursor")


def test_a_cursor_of_another_generation_is_refused() -> None:
    cursor = search(q="lamp").body["cursor"]
    newer = replace(BOOK_SEARCH, generation=2)
    refused(search(newer, q="lamp", cursor=cursor), 400, "invalid_cursor")


def test_a_place_where_no_hit_can_be_is_refused() -> None:
    cursor = None
    for _ in range(3):
        cursor = search(**{} if cursor is None else {"cursor": cursor}).body["cursor"]
    refused(search(cursor=str(cursor)), 400, "invalid_cursor")


def test_a_name_that_is_not_known_is_refused() -> None:
    problem = refused(search(colour="red"), 400, "invalid_input")
    assert problem["detail"] == (
        "'colour' is not known in the query; there are q, status, sort, limit, cursor."
    )


@pytest.mark.parametrize("limit", ["0", "51"])
def test_a_limit_is_a_number_from_1_to_50(limit: str) -> None:
    refused(search(limit=limit), 400, "invalid_input")


def test_without_an_opensearch_a_search_says_so() -> None:
    problem = refused(ask_route(no_search, ROUTE), 501, "not_configured")
    assert "OpenSearch" in problem["detail"]
