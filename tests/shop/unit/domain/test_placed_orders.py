"""The view `placed_orders`: what the orders service itself tells of an order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.history.commits import Commit
from cqrs.testing.views import recorded, row_after, shows
from domain.orders import (
    BY_CUSTOMER,
    ORDER_EVENTS,
    PLACED_ORDERS,
    OrderEvent,
)
from tests.examples import examples
from tests.shop.happened import cancelled, confirmed, delivered, moved, placed, rejected, shipped


def orders(*events: OrderEvent) -> list[Commit]:
    return recorded(ORDER_EVENTS, "order-7", *events)


def told(*events: OrderEvent) -> Any:
    return shows(PLACED_ORDERS, orders(*events))


def test_a_placed_order_is_told_as_it_was_agreed() -> None:
    assert told(placed) == {
        "order_id": "7",
        "version": 1,
        "status": "placed",
        "customer_id": "c-1",
        "currency": "EUR",
        "total": 2599,
        "lines": [
            {"sku": "book-1", "quantity": 2, "unit_price": 1250},
            {"sku": "pen", "quantity": 1, "unit_price": 99},
        ],
        "address": {
            "name": "Ada",
            "street": "1 Street",
            "postal_code": "1010",
            "city": "Vienna",
            "country": "AT",
        },
        "reservation": None,
        "placed_at": "2026-01-01T00:01:00.000000Z",
        "updated_at": "2026-01-01T00:01:00.000000Z",
        "reject_reason": None,
        "reject_detail": None,
        "cancel_reason": None,
    }


@pytest.mark.parametrize(
    ("events", "status", "reservation"),
    [
        ([], "placed", None),
        ([moved], "placed", None),
        ([rejected], "rejected", None),
        ([cancelled], "cancelled", None),
        ([confirmed], "confirmed", "held"),
        ([confirmed, moved], "confirmed", "held"),
        ([confirmed, shipped], "shipped", "shipped"),
        ([confirmed, shipped, delivered], "delivered", "shipped"),
        ([confirmed, cancelled], "cancelled", "given_back"),
    ],
)
def test_an_order_says_how_far_it_has_come_and_where_its_goods_are(
    events: list[OrderEvent], status: str, reservation: str | None
) -> None:
    order = told(placed, *events)
    assert order["status"] == status
    assert (order["reservation"] or {}).get("status") == reservation


def test_a_confirmed_order_says_what_is_reserved_for_it() -> None:
    assert told(placed, confirmed)["reservation"]["lines"] == [
        {"sku": "book-1", "quantity": 2},
        {"sku": "pen", "quantity": 1},
    ]


def test_an_order_that_came_to_nothing_says_why() -> None:
    order = told(placed, rejected)
    assert (order["reject_reason"], order["reject_detail"]) == (
        "payment_declined",
        "No money left.",
    )
    assert told(placed, cancelled)["cancel_reason"] == "too late"


def test_a_changed_address_takes_the_place_of_the_old_one() -> None:
    order = told(placed, moved)
    assert (order["address"]["city"], order["version"]) == ("Graz", 2)
    assert order["placed_at"] == "2026-01-01T00:01:00.000000Z"
    assert order["updated_at"] == "2026-01-01T00:02:00.000000Z"


def test_what_does_not_begin_with_an_order_placed_is_parked() -> None:
    row = row_after(PLACED_ORDERS, orders(shipped))
    assert row.document is None
    assert row.parked["order-7"].error == "ValueError"


HISTORY = orders(placed, moved, confirmed, shipped, delivered)


@examples(50)
@given(st.permutations(HISTORY))
def test_an_order_is_the_same_for_every_order_of_arrival(arrivals: list[Commit]) -> None:
    assert shows(PLACED_ORDERS, arrivals) == told(placed, moved, confirmed, shipped, delivered)


def test_an_order_stands_in_its_customers_list_by_the_time_it_was_placed() -> None:
    place = row_after(PLACED_ORDERS, orders(placed, moved)).places[BY_CUSTOMER]
    assert (place.partition, place.sort) == ("c-1", "2026-01-01T00:01:00.000000Z/7")
