"""Answers searches over the orders, and what was bought, by whom, and where it went."""

import os

from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.searches import no_search, search_of
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.storefront import ORDER_SEARCH, SEARCH_VIEWS, SEARCHED_BY, search_orders


def app(wire: Wiring) -> HttpFunction:
    searchers = wire.searchers(SEARCH_VIEWS)
    return HttpFunction(
        {
            "GET /search/orders": search_of(searchers, search_orders, ORDER_SEARCH, SEARCHED_BY)
            if searchers
            else no_search,
        }
    )


handler = on_lambda(app, os.environ)
