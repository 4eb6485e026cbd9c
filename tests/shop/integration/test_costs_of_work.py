"""What the shop costs, counted in all of its functions: everything that AWS bills for its work.

These numbers are promises. Who changes one changes what the system costs: `make cost` reckons with
them, and docs/scale.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from moto import mock_aws

from scripts.shop.cost.work import ALONE, AT_ONCE, FULL, METRICS, Piece, Work
from tests.shop.integration.metered import FOLLOWERS, Metered, counted

ADDRESS = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}
LOGGED = 0.1  # by so much lines may be longer or shorter: times are in them, and ids
ALL = 1_000


Counts = dict[Piece, Work]


@pytest.fixture(scope="module")
def shop() -> Iterator[Metered]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("POWERTOOLS_SERVICE_NAME", "orders_commands")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "cqrs-prod")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        shop = Metered(patch)
        fill(shop)
        yield shop
        shop.unmeter()


def fill(shop: Metered) -> None:
    """A customer and two products for each of so many orders."""
    for n in range(AT_ONCE):
        ada = {"name": "Ada Lovelace", "email": f"ada-{n}@example.com"}
        shop.customers.append(shop.asks("POST /customers", body=ada)["customer_id"])
    for n in range(2 * AT_ONCE):
        book = {
            "title": "On engines",
            "description": "Notes on a machine.",
            "tags": ["books"],
            "price": 1250,
            "currency": "EUR",
        }
        shop.asks("POST /products", body=book | {"sku": f"book-{n}"})
        shop.asks("POST /products/{id}/receive", f"book-{n}", {"quantity": 100})
    place(shop, 0)  # the first time, functions look up what they then know
    shop.follow(*FOLLOWERS, at_once=ALL)


def place(shop: Metered, n: int) -> str:
    lines = [
        {"sku": f"book-{sku}", "quantity": 1, "unit_price": 1250} for sku in (2 * n, 2 * n + 1)
    ]
    order = {"customer_id": shop.customers[n], "currency": "EUR", "lines": lines}
    return str(shop.asks("POST /orders", body=order | {"address": ADDRESS})["order_id"])


def rename(shop: Metered, n: int) -> None:
    name = {"name": f"Ada Lovelace the {shop.number}th"}
    shop.asks("PUT /customers/{id}/name", shop.customers[n], name)


def followed(shop: Metered, number: int, at_once: int) -> Counts:
    """What so many commands take together, each of another stream, and what follows them."""

    def renamed() -> None:
        for n in range(number):
            rename(shop, n)

    def checked_out() -> None:
        placed.extend(place(shop, n) for n in range(number))
        shop.follow(*FOLLOWERS, at_once=at_once)
        shop.ring_deadlines()

    placed: list[str] = []
    found = {Piece.CHECKOUT: counted(shop, checked_out)}
    shop.follow(*FOLLOWERS, at_once=at_once)
    for order in placed:
        assert shop.asks("GET /orders/{id}", order)["status"] == "confirmed"
    for piece, followers in (
        (Piece.COMMAND, []),
        (Piece.VIEW, ["storefront_projector"]),
        (Piece.FOLLOWED, FOLLOWERS),
    ):
        shop.follow(*FOLLOWERS, at_once=at_once)
        found[piece] = counted(
            shop, lambda to=followers: (renamed(), to and shop.follow(*to, at_once=at_once))
        )
    return {piece: work.each(number) for piece, work in found.items()}


def asked(shop: Metered) -> Counts:
    order = place(shop, 0)
    shop.follow(*FOLLOWERS, at_once=ALL)
    routes = {Piece.QUERY: "GET /order-facts/{id}", Piece.ORDER: "GET /orders/{id}"}
    for route in routes.values():
        shop.asks(route, order)
    return {
        piece: counted(shop, lambda asks=route: shop.asks(asks, order))
        for piece, route in routes.items()
    }


def a_minute(shop: Metered) -> Work:
    def passes() -> None:
        for function in ("recoverer", "deliverer"):
            shop.call(function, {})

    passes()
    return counted(shop, passes).each(1)


def test_one_at_a_time_everything_takes_what_is_reckoned_with(shop: Metered) -> None:
    found = followed(shop, 1, at_once=1) | asked(shop) | {Piece.MINUTE: a_minute(shop)}
    assert_counted(found, ALONE)


def test_several_at_once_take_what_is_reckoned_with(shop: Metered) -> None:
    found = followed(shop, AT_ONCE, at_once=ALL)
    assert_counted(found, FULL)


def test_the_metrics_that_all_this_writes_are_as_many_as_are_paid_for(shop: Metered) -> None:
    followed(shop, 1, at_once=1)
    a_minute(shop)
    assert len(shop.metrics) == METRICS, shop.metrics


def assert_counted(found: Counts, known: Mapping[Piece, Work]) -> None:
    """What is not as it was stands in the message, as it has to be in scripts/shop/cost/work.py."""
    differ = [
        f"{piece.name}: {work}"
        for piece, work in found.items()
        if piece not in known
        or replace(work, logged=0) != replace(known[piece], logged=0)
        or work.logged != pytest.approx(known[piece].logged, rel=LOGGED)
    ]
    assert not differ, "\n".join(differ)
