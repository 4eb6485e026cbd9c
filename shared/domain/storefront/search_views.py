"""The search views: indexes of the orders, and of the lookups of customers and products."""

from __future__ import annotations

from typing import Any

from cqrs.plain import Json
from cqrs.views.rows import Document, States
from cqrs.views.searches import SearchView
from domain.storefront import order_history
from domain.storefront.lookups import CUSTOMER_LOOKUPS, PRODUCT_LOOKUPS
from domain.storefront.order_history import ORDER_HISTORY

__all__ = ["CUSTOMER_SEARCH", "ORDER_SEARCH", "PRODUCT_SEARCH"]

KEYWORD: Json = {"type": "keyword"}
LONG: Json = {"type": "long"}
DATE: Json = {"type": "date"}
WORDS: Json = {"type": "text", "analyzer": "words"}


def render_order(states: States) -> Document | None:
    """The fields to search, filter, count or sort by, and those that a list of hits shows."""
    order = order_history.render(states)
    if order is None:
        return None
    payment: Any = order["payment"]
    names = ["order_id", "version", "status", "customer_id", "currency", "total", "lines"]
    shown = {name: order[name] for name in [*names, "address", "placed_at", "updated_at"]}
    return {**shown, "payment_status": payment["status"] if payment else None}


ORDER_SEARCH = SearchView(
    name="order_search",
    folds=ORDER_HISTORY.folds,
    render=render_order,
    fields={
        "order_id": KEYWORD,
        "version": LONG,
        "status": KEYWORD,
        "payment_status": KEYWORD,
        "customer_id": KEYWORD,
        "currency": KEYWORD,
        "total": LONG,
        "lines": {"properties": {"sku": KEYWORD, "quantity": LONG, "unit_price": LONG}},
        "address": {
            "properties": {
                "name": WORDS,
                "street": WORDS,
                "postal_code": WORDS,
                "city": WORDS,
                "country": KEYWORD,
            }
        },
        "placed_at": DATE,
        "updated_at": DATE,
    },
)
CUSTOMER_SEARCH = SearchView(
    name="customer_search",
    folds=CUSTOMER_LOOKUPS.folds,
    render=CUSTOMER_LOOKUPS.render,
    fields={"customer_id": KEYWORD, "name": WORDS, "email": WORDS},
)
PRODUCT_SEARCH = SearchView(
    name="product_search",
    folds=PRODUCT_LOOKUPS.folds,
    render=PRODUCT_LOOKUPS.render,
    fields={
        "sku": KEYWORD,
        "title": WORDS,
        "description": WORDS,
        "tags": WORDS,
        "price": LONG,
        "currency": KEYWORD,
    },
)
