"""The rules of one order: what each command does, when it is refused, when it stays quiet."""

from dataclasses import replace

from cqrs.testing.deciders import given
from domain.orders import (
    ORDER,
    Address,
    CancelOrder,
    ChangeAddress,
    Currency,
    Line,
    OrderAddressChanged,
    OrderAlreadyPlaced,
    OrderCancelled,
    OrderId,
    OrderIsCancelled,
    OrderNotFound,
    OrderPlaced,
    PlaceOrder,
    SkuOnTwoLines,
)

SEVEN = OrderId("7")
VIENNA = Address(
    name="Ada Lovelace",
    street="1 Example Street",
    postal_code="1010",
    city="Vienna",
    country="AT",
)
GRAZ = replace(VIENNA, postal_code="8010", city="Graz")
TWO_BOOKS = Line(sku="book-1", quantity=2, unit_price=1250)

place = PlaceOrder(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(TWO_BOOKS,),
    address=VIENNA,
)
placed = OrderPlaced(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(TWO_BOOKS,),
    address=VIENNA,
)
change = ChangeAddress(order_id=SEVEN, address=GRAZ)
changed = OrderAddressChanged(order_id=SEVEN, customer_id="c-1", address=GRAZ)
cancel = CancelOrder(order_id=SEVEN, reason="too late")
cancelled = OrderCancelled(order_id=SEVEN, reason="too late")


def test_an_order_can_be_placed() -> None:
    given(ORDER).when(place).then(placed)


def test_an_order_is_placed_only_once() -> None:
    given(ORDER, placed).when(place).then_refused(OrderAlreadyPlaced)


def test_an_order_names_each_sku_on_one_line_only() -> None:
    twice = replace(place, lines=(TWO_BOOKS, TWO_BOOKS))
    given(ORDER).when(twice).then_refused(SkuOnTwoLines)


def test_the_address_of_an_open_order_can_be_changed() -> None:
    given(ORDER, placed).when(change).then(changed)


def test_the_address_of_a_cancelled_order_cannot_be_changed() -> None:
    given(ORDER, placed, cancelled).when(change).then_refused(OrderIsCancelled)


def test_the_address_of_an_unknown_order_cannot_be_changed() -> None:
    given(ORDER).when(change).then_refused(OrderNotFound)


def test_changing_the_address_to_what_it_is_does_nothing() -> None:
    given(ORDER, placed, changed).when(change).then_nothing()


def test_an_open_order_can_be_cancelled() -> None:
    given(ORDER, placed, changed).when(cancel).then(cancelled)


def test_an_unknown_order_cannot_be_cancelled() -> None:
    given(ORDER).when(cancel).then_refused(OrderNotFound)


def test_cancelling_a_cancelled_order_does_nothing() -> None:
    given(ORDER, placed, cancelled).when(cancel).then_nothing()
