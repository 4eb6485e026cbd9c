"""The views `customer_lookups` and `product_lookups`, and orders that are shown with them."""

from itertools import permutations
from typing import Any

import pytest

from cqrs.testing.views import recorded, row_after, shows
from cqrs.views.rows import Document
from domain.customers import (
    CUSTOMER_EVENTS,
    CustomerEmailChanged,
    CustomerEvent,
    CustomerRegistered,
    CustomerRenamed,
)
from domain.inventory import (
    PRODUCT_EVENTS,
    PriceChanged,
    ProductEvent,
    ProductRegistered,
    ReservationBarred,
    StockReceived,
    StockReleased,
    StockReserved,
    StockShipped,
)
from domain.kernel import Currency, OrderId
from domain.storefront import (
    CUSTOMER_LOOKUPS,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
)

SEVEN = OrderId("7")
registered = CustomerRegistered(customer_id="c-1", name="Ada", email="ada@example.com")
renamed = CustomerRenamed(customer_id="c-1", name="Ada Lovelace")
moved = CustomerEmailChanged(customer_id="c-1", email="lovelace@example.com")

book = ProductRegistered(
    sku="book-1",
    title="Notes",
    description="On the engine.",
    tags=("maths", "engines"),
    price=1250,
    currency=Currency.EUR,
)
dearer = PriceChanged(sku="book-1", price=1350)
received = StockReceived(sku="book-1", quantity=10)
reserved = StockReserved(sku="book-1", order_id=SEVEN, quantity=2, listed=True)
released = StockReleased(sku="book-1", order_id=SEVEN, quantity=2)
barred = ReservationBarred(sku="book-1", order_id=SEVEN)
shipped = StockShipped(sku="book-1", order_id=SEVEN, quantity=2)

BOOK_LOOKUP = {
    "sku": "book-1",
    "title": "Notes",
    "description": "On the engine.",
    "tags": ["maths", "engines"],
    "price": 1250,
    "currency": "EUR",
}
PROBLEM = {"code": "view_parked", "stream": "customer-c-1", "version": 2}
ORDER: Document = {
    "customer_id": "c-1",
    "lines": [{"sku": "book-1", "unit_price": 1200}, {"sku": "pen", "unit_price": 99}],
}


def customer_lookup(*events: CustomerEvent) -> Any:
    return shows(CUSTOMER_LOOKUPS, recorded(CUSTOMER_EVENTS, "customer-c-1", *events))


def product_lookup(*events: ProductEvent) -> Any:
    return shows(PRODUCT_LOOKUPS, recorded(PRODUCT_EVENTS, "product-book-1", *events))


def joined_customer(**lookups: Any) -> Any:
    return ORDER_WITH_CUSTOMER.put(ORDER, {key.replace("_", "-"): c for key, c in lookups.items()})


class TestCustomers:
    def test_a_lookup_has_the_customers_name_and_address(self) -> None:
        lookup = {"customer_id": "c-1", "name": "Ada", "email": "ada@example.com"}
        assert customer_lookup(registered) == lookup

    def test_a_lookup_has_the_newest_of_each(self) -> None:
        for changes in permutations([renamed, moved]):
            lookup = customer_lookup(registered, *changes)
            assert (lookup["name"], lookup["email"]) == ("Ada Lovelace", "lovelace@example.com")

    def test_a_stream_that_begins_with_a_change_is_parked(self) -> None:
        commits = recorded(CUSTOMER_EVENTS, "customer-c-1", renamed)
        row = row_after(CUSTOMER_LOOKUPS, commits)
        assert (row.document, row.parked["customer-c-1"].version) == (None, 1)


class TestProducts:
    def test_a_lookup_has_what_a_product_is(self) -> None:
        assert product_lookup(book) == BOOK_LOOKUP

    def test_a_lookup_has_the_newest_price(self) -> None:
        assert product_lookup(book, dearer) == BOOK_LOOKUP | {"price": 1350}

    @pytest.mark.parametrize("event", [received, reserved, released, barred, shipped])
    def test_a_lookup_does_not_change_with_the_stock(self, event: ProductEvent) -> None:
        assert product_lookup(book, event) == BOOK_LOOKUP

    @pytest.mark.parametrize("event", [barred, released])
    def test_what_was_given_up_before_it_was_registered_shows_nothing_until_then(
        self, event: ProductEvent
    ) -> None:
        row = row_after(PRODUCT_LOOKUPS, recorded(PRODUCT_EVENTS, "product-book-1", event, event))
        assert (row.document, row.positions, row.parked) == (None, {"product-book-1": 2}, {})
        assert product_lookup(event, book) == BOOK_LOOKUP


class TestOrders:
    def test_an_order_names_its_customer_and_each_of_its_products_once(self) -> None:
        assert list(ORDER_WITH_CUSTOMER.keys(ORDER)) == ["c-1"]
        assert list(ORDER_WITH_TITLES.keys(ORDER)) == ["book-1", "pen"]

    def test_an_order_shows_its_customer_and_keeps_what_is_its_own(self) -> None:
        lookup = {"customer_id": "c-1", "name": "Ada", "email": "ada@example.com"}
        assert joined_customer(c_1=lookup, c_2={}) == ORDER | {"customer": lookup}

    def test_a_customer_without_a_lookup_has_no_name(self) -> None:
        nothing = {"customer_id": "c-1", "name": None, "email": None}
        assert joined_customer()["customer"] == nothing

    def test_a_customer_whose_lookup_cannot_go_on_has_a_problem_instead(self) -> None:
        nothing = {"customer_id": "c-1", "name": None, "email": None}
        found = joined_customer(c_1={"problem": PROBLEM})["customer"]
        assert found == nothing | {"problem": PROBLEM}

    def test_a_line_shows_its_title_and_keeps_the_price_that_was_agreed(self) -> None:
        order = ORDER_WITH_TITLES.put(ORDER, {"book-1": BOOK_LOOKUP})
        assert order == ORDER | {
            "lines": [
                {"sku": "book-1", "unit_price": 1200, "title": "Notes"},
                {"sku": "pen", "unit_price": 99, "title": None},
            ]
        }

    def test_a_line_whose_lookup_cannot_go_on_has_a_problem_instead(self) -> None:
        lines: Any = ORDER_WITH_TITLES.put(ORDER, {"pen": {"problem": PROBLEM}})["lines"]
        assert lines[0] == {"sku": "book-1", "unit_price": 1200, "title": None}
        assert lines[1] == {"sku": "pen", "unit_price": 99, "title": None, "problem": PROBLEM}
