"""Answers searches for orders by product, customer and address."""

import os
from collections.abc import Sequence

from cqrs.entrypoints.about import Parameter, choice, choices, day
from cqrs.entrypoints.http import HttpFunction, OfOwners, Request
from cqrs.entrypoints.searches import no_search, search_of
from cqrs.entrypoints.wiring import Wiring, on_lambda
from cqrs.plain import Json
from cqrs.views.searches import Conversation, SearchPage
from domain import storefront
from domain.orders import OrderStatus

ASKED = [
    Parameter("q", "Words in products, customer and address."),
    choices("status", "With commas.", OrderStatus),
    day("from", "The first day on which an order was placed, in UTC."),
    day("to", "The last day."),
    choice("sort", "Without, by relevance.", storefront.Sort),
]


def search(request: Request, limit: int, after: Sequence[Json] | None) -> Conversation[SearchPage]:
    caller = request.caller
    question = storefront.OrderQuestion(
        customer_id=None if caller.sees_all else caller.account,
        text=request.query.get("q", ""),
        statuses=request.choices("status", OrderStatus),
        first_day=request.day("from"),
        last_day=request.day("to"),
        sort=request.choice("sort", storefront.Sort),
        limit=limit,
        after=after,
    )
    return storefront.search_orders(question)


def app(wire: Wiring) -> HttpFunction:
    searchers = wire.searchers(storefront.SEARCH_VIEWS)
    orders = searchers and search_of(searchers, search, storefront.ORDER_SEARCH, ASKED)
    return HttpFunction({"GET /search/orders": OfOwners(orders or no_search)})


handler = on_lambda(app, os.environ)
