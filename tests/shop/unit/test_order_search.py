"""The search for orders: where a cursor can go on."""

from typing import Any

import pytest

from cqrs import plain
from cqrs.entrypoints.cursors import cursor
from cqrs.entrypoints.searches import search_of
from cqrs.history.idempotency import digest_of
from cqrs.read.searchers import Searchers
from domain.storefront import ORDER_SEARCH
from functions.storefront_search import handler
from tests.library.unit.entrypoints.asking import Answer, ask_route, refused


def search(place: list[Any]) -> Answer:
    """Goes on after `place`, in the search that asks for nothing."""
    scope = [ORDER_SEARCH.scope, digest_of(plain.to_json({}))]
    route = search_of(Searchers([]), handler.search, ORDER_SEARCH, [])
    return ask_route(route, "GET /search/orders", query={"cursor": cursor(scope, place)})


@pytest.mark.parametrize(
    "place", [[], [1], ["x", "k"], [1, 2], [1, "é"], [10**30, "k"], [None, "k"], [1, 2, "k"]]
)
def test_a_place_where_no_hit_can_be_is_refused(place: list[Any]) -> None:
    refused(search(place), 400, "invalid_cursor")
