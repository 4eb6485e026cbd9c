"""The view `order_history`: what a row shows, and where it stands in its customer's list."""

from cqrs.testing.views import recorded, row_after, shows
from domain.orders import (
    ORDER_EVENTS,
    Address,
    Currency,
    Line,
    OrderAddressChanged,
    OrderCancelled,
    OrderEvent,
    OrderId,
    OrderPlaced,
)
from domain.storefront import BY_CUSTOMER, ORDER_HISTORY

SEVEN = OrderId("7")
VIENNA = Address(name="Ada", street="1 Street", postal_code="1010", city="Vienna", country="AT")
GRAZ = Address(name="Ada", street="2 Street", postal_code="8010", city="Graz", country="AT")
placed = OrderPlaced(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(
        Line(sku="book-1", quantity=2, unit_price=1250),
        Line(sku="pen", quantity=1, unit_price=99),
    ),
    address=VIENNA,
)
moved = OrderAddressChanged(order_id=SEVEN, customer_id="c-1", address=GRAZ)
cancelled = OrderCancelled(order_id=SEVEN, reason="too late")


def history(*events: OrderEvent) -> object:
    return shows(ORDER_HISTORY, recorded(ORDER_EVENTS, "order-7", *events))


def test_a_placed_order_shows_what_was_agreed() -> None:
    assert history(placed) == {
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
        "placed_at": "2026-01-01T00:01:00.000000Z",
        "updated_at": "2026-01-01T00:01:00.000000Z",
        "cancel_reason": None,
    }


def test_a_changed_address_takes_the_place_of_the_old_one() -> None:
    row = history(placed, moved)
    assert isinstance(row, dict)
    assert (row["address"]["city"], row["version"]) == ("Graz", 2)
    assert row["updated_at"] == "2026-01-01T00:02:00.000000Z"


def test_a_cancelled_order_stays_and_says_why() -> None:
    row = history(placed, moved, cancelled)
    assert isinstance(row, dict)
    assert (row["status"], row["cancel_reason"]) == ("cancelled", "too late")


def test_an_order_stands_in_its_customers_list_by_the_time_it_was_placed() -> None:
    row = row_after(ORDER_HISTORY, recorded(ORDER_EVENTS, "order-7", placed, moved))
    place = row.places[BY_CUSTOMER]
    assert (place.partition, place.sort) == ("c-1", "2026-01-01T00:01:00.000000Z/7")
