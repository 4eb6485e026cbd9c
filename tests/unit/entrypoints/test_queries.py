"""Queries over HTTP: rows and lists and their lookups, tokens and cursors, and what is refused."""

import base64
import json
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.history.commits import Commit
from cqrs.testing.views import recorded
from domain.customers import CUSTOMER_EVENTS, CustomerRegistered, CustomerRenamed
from domain.inventory import PRODUCT_EVENTS, ProductRegistered
from domain.kernel import Currency, OrderId
from domain.payments import PAYMENT_EVENTS, PaymentVoided
from tests.fixtures.payloads import unrouted
from tests.library.worlds import CountedRows, Lagging
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import (
    ORDER_OF_BOOKS,
    BrokenRows,
    BrokenStore,
    Shop,
    ask,
    refused,
)

ROW = "GET /orders/{id}"
LIST = "GET /customers/{id}/orders"
BY_STATUS = "GET /orders"
CANCEL = "POST /orders/{id}/cancel"


@pytest.fixture
def shop() -> Shop:
    return Shop()


def token(text: str) -> dict[str, str]:
    return {"Consistency-Token": text}


def cursor(*place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def products(number: int) -> str:
    """A token that names this many streams that the view does not follow."""
    return ", ".join(f"product-{n}@1" for n in range(number))


def place_some(shop: Shop, number: int, *, followed: bool = True) -> list[str]:
    """Orders of customer c-1, oldest first."""
    orders = [shop.place(f"key-{n}") for n in range(number)]
    if followed:
        shop.follow(*orders)
    return orders


def all_pages(shop: Shop, limit: int, headers: dict[str, str] | None = None) -> list[list[str]]:
    pages: list[list[str]] = []
    query = {"limit": str(limit)}
    while True:
        answer = shop.query(LIST, id="c-1", query=query, headers=headers)
        pages.append([order["order_id"] for order in answer.body["orders"]])
        if answer.body["cursor"] is None:
            return pages
        query["cursor"] = answer.body["cursor"]


class TestRows:
    def test_a_row_is_answered_as_the_view_shows_it(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        answer = shop.query(ROW, id=order)
        assert answer.status == 200
        assert answer.body["order_id"] == order
        assert (answer.body["status"], answer.body["total"]) == ("placed", 2500)
        assert answer.headers == {
            "Content-Type": "application/json",
            "X-Correlation-Id": "request-1",
            "ETag": '"1"',
            "Consistency": "eventual",
            "Consistency-Token": f"order-{order}@1",
        }

    def test_the_etag_of_a_row_is_good_for_a_change(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        etag = shop.query(ROW, id=order).headers["ETag"]
        assert shop.command(CANCEL, id=order, headers={"If-Match": etag}).status == 200

    def test_a_row_that_is_not_there_yet_is_not_found(self, shop: Shop) -> None:
        problem = refused(shop.query(ROW, id=shop.place()), 404, "not_found")
        assert problem["detail"].startswith("There is no order ")

    def test_with_its_token_a_command_is_seen_at_once(self, shop: Shop) -> None:
        placed = shop.command("POST /orders", body=ORDER_OF_BOOKS)
        answer = shop.query(
            ROW,
            id=placed.body["order_id"],
            headers=token(placed.headers["Consistency-Token"]),
        )
        assert answer.status == 200
        assert answer.headers["Consistency"] == "folded; commits=1"
        assert answer.headers["Consistency-Token"] == placed.headers["Consistency-Token"]

    def test_a_row_at_its_token_is_current(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        answer = shop.query(ROW, id=order, headers=token(f"order-{order}@1"))
        assert answer.headers["Consistency"] == "current"

    def test_a_query_says_how_new_it_is_so_that_the_next_is_never_older(self, shop: Shop) -> None:
        order = shop.place()
        shop.command(CANCEL, id=order)
        seen = shop.query(ROW, id=order, headers=token(f"order-{order}@2"))
        again = shop.query(ROW, id=order, headers=token(seen.headers["Consistency-Token"]))
        assert (seen.body["status"], again.body["status"]) == ("cancelled", "cancelled")

    def test_a_token_of_what_this_view_does_not_follow_is_passed_on(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        answer = shop.query(ROW, id=order, headers=token("product-7@4"))
        assert answer.headers["Consistency-Token"] == f"product-7@4, order-{order}@1"

    @pytest.mark.parametrize(
        "text",
        [
            "order",
            "order-7",
            "order-7@",
            "order-7@0",
            "order-7@-1",
            "order-7@01",
            "order-7@1.5",
            "order-7@x",
            "order-7@99999999999",
            "7@1",
            "-7@1",
            "Order-7@1",
            "order-7@1;order-8@1",
            "order-7@1,",
            ",",
            "order-7 @1",
            "order-é@1",
            "order-" + "7" * 129 + "@1",
            "<script>alert(1)</script>",
            "order-7@1\nX: y",
        ],
    )
    def test_a_token_that_was_never_answered_is_refused(self, shop: Shop, text: str) -> None:
        for route, key in ((ROW, shop.place()), (LIST, "c-1")):
            answer = shop.query(route, id=key, headers=token(text))
            refused(answer, 400, "invalid_consistency_token")

    def test_a_token_that_names_too_many_streams_is_refused(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        assert shop.query(ROW, id=order, headers=token(products(150))).status == 200
        answer = shop.query(ROW, id=order, headers=token(products(151)))
        problem = refused(answer, 400, "invalid_consistency_token")
        assert problem["detail"] == "A token names at most 150 streams, not 151."

    def test_the_token_of_an_answer_can_always_be_sent_again(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        for number in (149, 150):
            asked = token(products(number))
            answered = shop.query(ROW, id=order, headers=asked).headers["Consistency-Token"]
            assert shop.query(ROW, id=order, headers=token(answered)).status == 200

    def test_what_was_shown_is_added_to_the_token_while_there_is_room(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        roomy = shop.query(ROW, id=order, headers=token(products(149)))
        assert roomy.headers["Consistency-Token"] == f"{products(149)}, order-{order}@1"
        full = shop.query(ROW, id=order, headers=token(products(150)))
        assert full.headers["Consistency-Token"] == products(150)

    def test_what_was_asked_stays_in_the_token_of_a_list_however_many_are_shown(
        self, shop: Shop
    ) -> None:
        orders = place_some(shop, 3)
        shop.command(CANCEL, id=orders[0])
        asked = f"order-{orders[0]}@2, {products(148)}"
        answered = shop.query(LIST, id="c-1", headers=token(asked)).headers["Consistency-Token"]
        assert answered == f"{asked}, order-{orders[2]}@1"

    @pytest.mark.parametrize("text", ["", "  "])
    def test_an_empty_token_asks_for_nothing(self, shop: Shop, text: str) -> None:
        order = shop.place()
        shop.follow(order)
        assert shop.query(ROW, id=order, headers=token(text)).headers["Consistency"] == "eventual"

    def test_a_row_can_be_asked_to_be_as_new_as_its_payment(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        voided = PaymentVoided(order_id=OrderId(order))
        (commit,) = recorded(PAYMENT_EVENTS, f"payment-{order}", voided)
        shop.payments.append(commit, "")
        answer = shop.query(ROW, id=order, headers=token(f"payment-{order}@1"))
        assert answer.headers["Consistency"] == "folded; commits=1"
        assert answer.headers["Consistency-Token"] == f"payment-{order}@1, order-{order}@1"
        assert answer.headers["ETag"] == '"1"'
        assert answer.body["payment"]["status"] == "voided"

    def test_a_version_that_does_not_exist_is_refused(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        for route, key in ((ROW, order), (LIST, "c-1")):
            answer = shop.query(route, id=key, headers=token(f"order-{order}@9"))
            problem = refused(answer, 400, "invalid_consistency_token")
            assert "has no version 9; its newest is 1" in problem["detail"]

    @pytest.mark.parametrize("order", ["a b", "..", "é", "7@1", "x" * 65, "", "%2e"])
    def test_a_strange_id_is_not_found(self, shop: Shop, order: str) -> None:
        refused(shop.query(ROW, id=order), 404, "not_found")
        refused(shop.query(LIST, id=order), 404, "not_found")

    def test_a_row_that_cannot_go_on_is_told_instead_of_shown_as_new(self, shop: Shop) -> None:
        order = _parked(shop)
        for headers in ({}, token(f"order-{order}@2")):
            answer = shop.query(ROW, id=order, headers=headers)
            problem = refused(answer, 503, "view_parked")
            assert f"before version 2 of 'order-{order}'" in problem["detail"]
            assert "Retry-After" not in answer.headers

    def test_a_table_that_is_down_is_told_as_something_that_passes(self) -> None:
        answer = Shop(rows=BrokenRows()).query(ROW, id="7")
        refused(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "1"

    def test_a_row_is_never_shown_older_than_asked_when_the_store_is_down(self) -> None:
        store = BrokenStore(Unavailable("The store is not available."))
        shop = Shop(store=store)
        error, store.error = store.error, None
        order = shop.place()
        shop.follow(order)
        shop.command(CANCEL, id=order)
        store.error = error
        assert shop.query(ROW, id=order).body["status"] == "placed"
        refused(shop.query(ROW, id=order, headers=token(f"order-{order}@2")), 503, "unavailable")

    def test_a_log_line_says_how_fresh_the_answer_is(self, shop: Shop, logs: Lines) -> None:
        order = shop.place()
        shop.query(ROW, id=order, headers=token(f"order-{order}@1"))
        assert logs()[-1]["consistency"] == "folded; commits=1"


class TestLists:
    def test_a_list_has_the_orders_of_its_customer_newest_first(self, shop: Shop) -> None:
        orders = place_some(shop, 3)
        shop.follow(shop.place("other", customer_id="c-2"))
        answer = shop.query(LIST, id="c-1")
        assert [order["order_id"] for order in answer.body["orders"]] == orders[::-1]
        assert answer.body["cursor"] is None
        assert answer.headers["Consistency"] == "eventual"
        assert set(answer.headers["Consistency-Token"].split(", ")) == {
            f"order-{order}@1" for order in orders
        }

    def test_an_unknown_customer_has_no_orders(self, shop: Shop) -> None:
        answer = shop.query(LIST, id="nobody")
        assert (answer.status, answer.body) == (200, {"orders": [], "cursor": None})
        assert "Consistency-Token" not in answer.headers

    @pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 50])
    def test_pages_have_every_order_once(self, shop: Shop, limit: int) -> None:
        orders = place_some(shop, 7)
        pages = all_pages(shop, limit)
        assert [order for page in pages for order in page] == orders[::-1]
        assert all(len(page) == limit for page in pages[:-1])
        assert len(pages) == -(-7 // limit)

    def test_a_page_has_twenty_orders_if_nothing_else_is_asked(self, shop: Shop) -> None:
        place_some(shop, 21)
        answer = shop.query(LIST, id="c-1")
        assert len(answer.body["orders"]) == 20
        assert answer.body["cursor"]

    def test_with_its_token_an_order_is_in_the_list_at_once(self, shop: Shop) -> None:
        old = place_some(shop, 2)
        new = shop.place("new")
        headers = token(f"order-{new}@1")
        answer = shop.query(LIST, id="c-1", headers=headers)
        assert [order["order_id"] for order in answer.body["orders"]] == [new, *old[::-1]]
        assert answer.headers["Consistency"] == "folded; commits=1"
        assert f"order-{new}@1" in answer.headers["Consistency-Token"]

    def test_with_its_token_a_change_is_in_the_list_at_once(self, shop: Shop) -> None:
        orders = place_some(shop, 3)
        shop.command(CANCEL, id=orders[1])
        answer = shop.query(LIST, id="c-1", headers=token(f"order-{orders[1]}@2"))
        assert [order["status"] for order in answer.body["orders"]] == [
            "placed",
            "cancelled",
            "placed",
        ]

    def test_pages_with_a_token_have_every_order_once(self, shop: Shop) -> None:
        orders = place_some(shop, 5)
        orders.append(shop.place("new"))
        assert [
            order for page in all_pages(shop, 2, token(f"order-{orders[-1]}@1")) for order in page
        ] == orders[::-1]

    def test_an_order_that_cannot_go_on_is_marked_in_its_place(self, shop: Shop) -> None:
        order = _parked(shop)
        (listed,) = shop.query(LIST, id="c-1").body["orders"]
        assert listed == {
            "id": order,
            "problem": {"code": "view_parked", "stream": f"order-{order}", "version": 2},
        }

    @pytest.mark.parametrize("limit", ["0", "51", "-1", "1.5", "many", "", "1,2"])
    def test_a_limit_is_a_number_from_1_to_50(self, shop: Shop, limit: str) -> None:
        refused(shop.query(LIST, id="c-1", query={"limit": limit}), 400, "invalid_input")


def status_list(shop: Shop, status: str, asked: str = "") -> list[str]:
    """The orders of a list by status."""
    answer = shop.query(BY_STATUS, query={"status": status}, headers=token(asked))
    assert answer.status == 200, answer
    return [order["order_id"] for order in answer.body["orders"]]


class TestListsByStatus:
    def test_a_list_has_the_orders_of_all_customers_newest_first(self, shop: Shop) -> None:
        orders = [shop.place(f"key-{n}", customer_id=f"c-{n}") for n in range(3)]
        cancelled = shop.place("cancelled")
        shop.command(CANCEL, id=cancelled)
        shop.follow(*orders, cancelled)
        assert status_list(shop, "placed") == orders[::-1]
        assert status_list(shop, "cancelled") == [cancelled]
        assert status_list(shop, "shipped") == []

    def test_an_order_moves_to_another_list(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        shop.command(CANCEL, id=order)
        shop.follow(order)
        assert (status_list(shop, "placed"), status_list(shop, "cancelled")) == ([], [order])

    @pytest.mark.parametrize("followed", [True, False])
    def test_with_its_token_it_has_moved_in_an_index_that_lags(self, followed: bool) -> None:
        rows = Lagging()
        shop = Shop(rows=rows)
        order, other = shop.place("one"), shop.place("other")
        shop.follow(order, other)
        rows.freeze()
        shop.command(CANCEL, id=order)
        if followed:
            shop.follow(order)
        assert (status_list(shop, "placed"), status_list(shop, "cancelled")) == ([other, order], [])
        asked = f"order-{order}@2"
        assert status_list(shop, "placed", asked) == [other]
        assert status_list(shop, "cancelled", asked) == [order]

    def test_a_page_goes_on_in_its_own_list_only(self, shop: Shop) -> None:
        orders = place_some(shop, 3)
        query = {"status": "placed", "limit": "2"}
        first = shop.query(BY_STATUS, query=query)
        query["cursor"] = first.body["cursor"]
        second = shop.query(BY_STATUS, query=query)
        pages = [first.body["orders"], second.body["orders"]]
        assert [[o["order_id"] for o in page] for page in pages] == [orders[:0:-1], orders[:1]]
        elsewhere = shop.query(BY_STATUS, query=query | {"status": "cancelled"})
        refused(elsewhere, 400, "invalid_cursor")
        refused(shop.query(LIST, id="placed", query=query), 400, "invalid_cursor")

    @pytest.mark.parametrize(
        "query", [{}, {"status": ""}, {"status": "open"}, {"status": "placed,shipped"}]
    )
    def test_a_status_is_one_of_those_there_are(self, shop: Shop, query: dict[str, str]) -> None:
        problem = refused(shop.query(BY_STATUS, query=query), 400, "invalid_input")
        assert problem["detail"] == (
            "'status' in the query must be one of "
            "placed, confirmed, rejected, shipped, delivered, cancelled."
        )


@pytest.fixture
def known() -> Shop:
    """A shop that knows customer c-1 and product book-1, whose lookups are followed."""
    shop = Shop(customer_lookups=CountedRows(), product_lookups=CountedRows())
    ada = CustomerRegistered(customer_id="c-1", name="Ada", email="ada@example.com")
    lovelace = CustomerRenamed(customer_id="c-1", name="Ada Lovelace")
    first, second = recorded(CUSTOMER_EVENTS, "customer-c-1", ada, lovelace)
    book = ProductRegistered(
        sku="book-1", title="Notes", description="", tags=(), price=1250, currency=Currency.EUR
    )
    shop.customers.append(first, "")
    shop.inventory.append(*recorded(PRODUCT_EVENTS, "product-book-1", book), "")
    shop.follow_lookups("customer-c-1", "product-book-1")
    shop.customers.append(second, "")
    return shop


class TestLookups:
    def test_an_order_is_shown_with_its_customer_and_titles(self, known: Shop) -> None:
        order = known.place()
        known.follow(order)
        answer = known.query(ROW, id=order)
        assert answer.body["customer_id"] == "c-1"
        assert answer.body["customer"] == {
            "customer_id": "c-1",
            "name": "Ada",
            "email": "ada@example.com",
        }
        assert answer.body["lines"] == [
            {"sku": "book-1", "quantity": 2, "unit_price": 1250, "title": "Notes"}
        ]
        assert answer.headers["Consistency"] == "eventual"
        assert answer.headers["Consistency-Token"] == (
            f"order-{order}@1, customer-c-1@1, product-book-1@1"
        )

    def test_what_nobody_registered_is_shown_without_names(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        answer = shop.query(ROW, id=order)
        assert answer.body["customer"] == {"customer_id": "c-1", "name": None, "email": None}
        assert answer.body["lines"][0]["title"] is None

    def test_with_its_token_a_new_name_is_shown_at_once(self, known: Shop) -> None:
        order = known.place()
        known.follow(order)
        row = known.query(ROW, id=order, headers=token("customer-c-1@2"))
        page = known.query(LIST, id="c-1", headers=token("customer-c-1@2"))
        assert row.body["customer"]["name"] == "Ada Lovelace"
        assert page.body["orders"][0]["customer"]["name"] == "Ada Lovelace"
        assert row.headers["Consistency"] == page.headers["Consistency"] == "folded; commits=1"
        assert row.headers["Consistency-Token"] == (
            f"customer-c-1@2, order-{order}@1, product-book-1@1"
        )

    def test_what_has_been_shown_is_never_shown_older(self, known: Shop) -> None:
        order = known.place()
        known.follow(order)
        seen = known.query(ROW, id=order, headers=token("customer-c-1@2"))
        again = known.query(ROW, id=order, headers=token(seen.headers["Consistency-Token"]))
        assert again.body["customer"] == seen.body["customer"]

    def test_a_version_of_a_lookup_that_does_not_exist_is_refused(self, known: Shop) -> None:
        order = known.place()
        known.follow(order)
        answer = known.query(ROW, id=order, headers=token("customer-c-1@3"))
        refused(answer, 400, "invalid_consistency_token")

    def test_a_lookup_that_cannot_go_on_does_not_fail_its_order(self, known: Shop) -> None:
        body = known.customers.read("customer-c-1")[1].body.replace("Renamed", "Vanished")
        known.customers.append(Commit("customer-c-1", 3, body), "damaged")
        known.follow_lookups("customer-c-1")
        order = known.place()
        known.follow(order)
        answer = known.query(ROW, id=order)
        assert answer.status == 200
        assert answer.body["customer"] == {
            "customer_id": "c-1",
            "name": None,
            "email": None,
            "problem": {"code": "view_parked", "stream": "customer-c-1", "version": 3},
        }

    def test_an_order_that_cannot_go_on_is_not_joined(self, shop: Shop) -> None:
        _parked(shop)
        (listed,) = shop.query(BY_STATUS, query={"status": "placed"}).body["orders"]
        assert listed.keys() == {"id", "problem"}

    def test_a_page_takes_one_load_of_each_kind_of_lookup(self, known: Shop) -> None:
        customers: Any = known.customer_lookups
        titles: Any = known.product_lookups
        place_some(known, 5)
        customers.loads.clear()
        titles.loads.clear()
        assert len(known.query(LIST, id="c-1").body["orders"]) == 5
        assert (customers.loads, titles.loads) == ([["c-1"]], [["book-1"]])


GOOD_PLACE = ("order_history#1", "customer", "c-1", "2026-01-01T00:00:00.000000Z/7", "7")


class TestCursors:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "é",
            "not a cursor!",
            "====",
            "e30",  # {}
            "bnVsbA",  # null
            "Mw",  # 3
            "W10",  # []
            "WyJ4Il0",  # ["x"]
            "//79",
            cursor("order_history#1"),
            cursor({"a": 1}, [], None),
            cursor(*GOOD_PLACE[:4]),
            cursor(*GOOD_PLACE, "more"),
            cursor(*GOOD_PLACE[:3], 3, 7),
            cursor(*GOOD_PLACE[:3], None, None),
            cursor(*GOOD_PLACE[:3], "", "7"),
            cursor(*GOOD_PLACE[:3], "2026", ""),
            cursor(*GOOD_PLACE[:3], "\ud800", "7"),
            cursor(*GOOD_PLACE[:3], "2026", "a\x00b"),
            cursor(*GOOD_PLACE[:3], "x" * 2_000, "7"),
            cursor(*GOOD_PLACE[:3], "2026", "x" * 3_000),
            cursor(*GOOD_PLACE) + "\n",
        ],
    )
    def test_a_cursor_that_was_never_answered_is_refused(self, shop: Shop, text: str) -> None:
        refused(shop.query(LIST, id="c-1", query={"cursor": text}), 400, "invalid_cursor")

    def test_a_cursor_is_what_the_list_answered(self, shop: Shop) -> None:
        assert shop.query(LIST, id="c-1", query={"cursor": cursor(*GOOD_PLACE)}).status == 200

    def test_a_cursor_says_nothing_of_the_store(self, shop: Shop) -> None:
        place_some(shop, 2)
        answered = shop.query(LIST, id="c-1", query={"limit": "1"}).body["cursor"]
        assert answered.replace("-", "").replace("_", "").isalnum()

    def test_a_cursor_of_another_customers_list_is_refused(self, shop: Shop) -> None:
        place_some(shop, 2)
        answered = shop.query(LIST, id="c-1", query={"limit": "1"}).body["cursor"]
        answer = shop.query(LIST, id="c-2", query={"cursor": answered})
        assert "another list" in refused(answer, 400, "invalid_cursor")["detail"]

    def test_a_cursor_of_another_generation_is_refused(self, shop: Shop) -> None:
        place_some(shop, 2)
        answered = shop.query(LIST, id="c-1", query={"limit": "1"}).body["cursor"]
        rebuilt = Shop(rows=shop.rows, scope="order_history#2")
        answer = rebuilt.query(LIST, id="c-1", query={"cursor": answered})
        assert "rebuilt" in refused(answer, 400, "invalid_cursor")["detail"]


def test_what_no_route_knows_is_answered_here(shop: Shop) -> None:
    refused(ask(shop.queries, unrouted("GET", "/nothing")), 404, "not_found")
    answer = ask(shop.queries, unrouted("DELETE", "/orders/7"))
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"


def test_a_row_without_a_version_has_no_etag(shop: Shop) -> None:
    class Unversioned(MemoryRows):
        def get(self, key: str) -> Any:
            row = super().get(key)
            document = {k: v for k, v in (row.document or {}).items() if k != "version"}
            return type(row)(key=key, parts=row.parts, document=document)

    order = shop.place()
    rows = Unversioned()
    other = Shop(store=shop.store, rows=rows)
    other.follow(order)
    assert "ETag" not in other.query(ROW, id=order).headers


def _parked(shop: Shop) -> str:
    """An order of customer c-1 that the view has stopped at, at its second commit."""
    order = shop.place()
    shop.follow(order)
    body = shop.store.read(f"order-{order}")[0].body.replace("OrderPlaced", "OrderVanished")
    shop.store.append(Commit(f"order-{order}", 2, body), "damaged")
    shop.follow(order)
    return order
