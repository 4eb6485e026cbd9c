"""The search for orders: where a cursor can go on."""

from typing import Any

import pytest

from cqrs import plain
from cqrs.adapters.memory import MemoryEventStore
from cqrs.entrypoints.cursors import cursor
from cqrs.entrypoints.searches import search_of
from cqrs.history.idempotency import digest_of
from cqrs.read.searchers import Searcher, Searchers
from domain.storefront import ORDER_SEARCH
from functions.storefront_search import handler
from tests.library.unit.entrypoints.asking import Answer, ask_route, refused


def search(place: list[Any]) -> Answer:
    """Goes on after `place`, in the search that asks for nothing."""
    where = [digest_of(plain.to_json({}))]
    text = cursor(ORDER_SEARCH.scope, where, place)
    nothing: Any = None  # it is not asked
    stores = {fold.category: MemoryEventStore() for fold in ORDER_SEARCH.folds}
    searchers = Searchers([Searcher(ORDER_SEARCH, nothing, stores)])
    route = search_of(searchers, handler.search, ORDER_SEARCH, [])
    return ask_route(route, "GET /search/orders", query={"cursor": text})


@pytest.mark.parametrize(
    "place",
    [
        [],
        [1],
        ["x", "k"],
        [1, 2],
        [1, "é"],
        [10**30, "k"],
        [None, "k"],
        [True, "k"],
        [1, 2, "k"],
    ],
)
def test_a_place_where_no_hit_can_be_is_refused(place: list[Any]) -> None:
    refused(search(place), 400, "invalid_cursor")
