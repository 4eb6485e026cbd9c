"""The search for orders: where a cursor can go on."""

from typing import Any

import pytest

from cqrs import plain
from cqrs.entrypoints.cursors import cursor
from cqrs.entrypoints.searches import search_of
from cqrs.history.idempotency import digest_of
from cqrs.read.searchers import Searchers
from domain.storefront import ORDER_SEARCH, SEARCHED_BY, search_orders
from tests.library.unit.entrypoints.asking import Answer, ask_route, refused


def search(place: list[Any]) -> Answer:
    """Goes on after `place`, in the search that asks for nothing."""
    scope = [f"{ORDER_SEARCH.name}#{ORDER_SEARCH.generation}", digest_of(plain.to_json({}))]
    handler = search_of(Searchers([]), search_orders, ORDER_SEARCH, SEARCHED_BY)
    return ask_route(handler, "GET /search/orders", query={"cursor": cursor(scope, place)})


@pytest.mark.parametrize(
    "place", [[], [1], ["x", "k"], [1, 2], [1, "é"], [10**30, "k"], [None, "k"], [1, 2, "k"]]
)
def test_a_place_where_no_hit_can_be_is_refused(place: list[Any]) -> None:
    refused(search(place), 400, "invalid_cursor")
