"""Orders, and what they are searched by, in an OpenSearch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cqrs.entrypoints.callers import ANYONE
from cqrs.entrypoints.http import Request
from cqrs.history.commits import Commit
from cqrs.history.events import Instant
from cqrs.plain import replace
from cqrs.testing.views import recorded
from cqrs.views.searches import SearchPage
from domain.customers import CUSTOMER_EVENTS, CustomerRegistered, CustomerRenamed
from domain.inventory import PRODUCT_EVENTS, ProductRegistered
from domain.kernel import Currency
from domain.orders import (
    ORDER_EVENTS,
    Address,
    Line,
    OrderConfirmed,
    OrderPlaced,
    Paid,
)
from domain.payments import PAYMENT_EVENTS
from domain.storefront import (
    SEARCH_VIEWS,
)
from functions.storefront_search.handler import search
from tests.library.integration.searching import Searching, on_day


class Orders(Searching):
    """The stores of a shop, and its search views."""

    def __init__(self, url: str) -> None:
        super().__init__(url, SEARCH_VIEWS)

    def search(
        self, token: str = "", limit: int = 50, after: Any = None, **query: str
    ) -> SearchPage:
        query = {name.rstrip("_"): text for name, text in query.items()}
        return self.converse(search(request(query), limit, after), token)[0]

    def found(self, token: str = "", **query: str) -> list[str]:
        """The ids of the orders found, in their order."""
        orders: Any = self.search(token, **query).body["orders"]
        return [order["order_id"] for order in orders]


def request(query: Mapping[str, str]) -> Request:
    return Request(
        route="GET /search/orders",
        method="GET",
        path="/search/orders",
        params={},
        query=query,
        headers={},
        body=b"",
        authorizer={},
        request_id="request-1",
        correlation_id="request-1",
        time=Instant("2026-01-01T12:00:00.000000Z"),
        caller=ANYONE,
    )


VIENNA = Address(
    name="Ada Lovelace", street="Ringstraße 1", postal_code="1010", city="Wien", country="AT"
)


LYON = replace(VIENNA, name="Zoë", street="Rue Noël 5", postal_code="69001", city="Lyon")
LYON = replace(LYON, country="FR")


def placed(
    order: str, customer: str, *skus: str, to: Address = VIENNA, price: int = 100
) -> OrderPlaced:
    return OrderPlaced(
        order_id=order,  # type: ignore[arg-type]
        customer_id=customer,
        currency=Currency.EUR,
        lines=tuple(Line(sku=sku, quantity=1, unit_price=price) for sku in skus),
        address=to,
        payment_method="card",
    )


def confirmed(order: str) -> OrderConfirmed:
    paid = Paid(amount=100, currency=Currency.EUR, reference="r")
    return OrderConfirmed(order_id=order, reserved=(), paid=paid)  # type: ignore[arg-type]


def an_order(order: str, *events: Any) -> list[Commit]:
    """`order` with its events, a day apart from others by the number in its id."""
    day = int("".join(filter(str.isdigit, order)) or 1)
    commits = recorded(ORDER_EVENTS, f"order-{order}", *events)
    return [on_day(commit, day) for commit in commits]


def a_payment(order: str, *events: Any) -> list[Commit]:
    return recorded(PAYMENT_EVENTS, f"payment-{order}", *events)


def a_customer(customer: str, *names: str) -> list[Commit]:
    registered = CustomerRegistered(
        customer_id=customer, name=names[0], email=f"{customer}@example.com"
    )
    renamed = [CustomerRenamed(customer_id=customer, name=name) for name in names[1:]]
    return recorded(CUSTOMER_EVENTS, f"customer-{customer}", registered, *renamed)


def a_product(sku: str, title: str, *tags: str) -> list[Commit]:
    registered = ProductRegistered(
        sku=sku, title=title, description="Well made.", tags=tags, price=100, currency=Currency.EUR
    )
    return recorded(PRODUCT_EVENTS, f"product-{sku}", registered)
