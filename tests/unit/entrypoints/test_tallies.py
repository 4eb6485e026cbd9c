"""Tallies over HTTP: days, pages, tokens, and what is refused of them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows, MemoryTallies
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.tallies import days_of
from cqrs.follow.followers import Follower
from cqrs.read.joiner import Joiner
from cqrs.read.tally_reader import TallyReader
from cqrs.testing.views import recorded
from cqrs.views.tallies import Cell, TallyRow, daily
from domain.inventory import PRODUCT_EVENTS, ProductRegistered
from domain.kernel import Currency
from domain.orders import ORDER_EVENTS
from domain.storefront import PRODUCT_LOOKUPS, SALE_WITH_TITLE, SALES, shown_sale
from tests.fixtures.payloads import http
from tests.shop.unit.domain.test_sales import confirmed, placed, shipped
from tests.unit.entrypoints.shop import Answer, ask, refused

ROUTE = "GET /sales/products"
TODAY = "2026-03-31"
BOOK = ProductRegistered(
    sku="book-1",
    title="On engines",
    description="Notes on a machine.",
    tags=(),
    price=1250,
    currency=Currency.EUR,
)


class Sales:
    """The tally, its orders and products, wired as the functions wire them."""

    def __init__(self) -> None:
        self.orders, self.products = MemoryEventStore(), MemoryEventStore()
        self.rows, self.lookups = MemoryTallies(), MemoryRows()
        stores: Any = {"order": self.orders, "product": self.products}
        self.follower = Follower(SALES, self.rows, stores)
        self.lookups_follower = Follower(PRODUCT_LOOKUPS, self.lookups, stores)
        self.follows = True
        reader = TallyReader(SALES, self.rows, stores, clock=lambda: self.now, pause=self.pause)
        joiner = Joiner([(SALE_WITH_TITLE, self.lookups)], stores)
        handler = days_of(reader, "sales#1", "sales", shown_sale, joiner)
        self.function = HttpFunction({ROUTE: handler})
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.follows:
            self.follower.catch_up({"order-7": ()})

    def sold(self, *days: str, sku: str = "pen") -> None:
        """A unit on each day."""
        for day in days:
            cell = daily(day, sku, "EUR")
            changes: Mapping[Cell, Mapping[str, int]] = {cell: {"units": 1, "revenue": 99}}
            self.rows.save([TallyRow(key=f"{day}/{sku}", changes=changes)])

    def order(self, *events: object) -> str:
        """An order that the tally has not seen; the token of its newest commit."""
        for commit in recorded(ORDER_EVENTS, "order-7", *events):
            self.orders.append(commit, "")
        return f"order-7@{len(events)}"

    def ask(self, token: str = "", **query: str) -> Answer:
        headers = {"consistency-token": token} if token else {}
        return ask(self.function, http(ROUTE, query=query, headers=headers))

    def days(self, **query: str) -> list[str]:
        return [sale["day"] for sale in self.ask(**query).body["sales"]]


@pytest.fixture
def sales(monkeypatch: pytest.MonkeyPatch) -> Sales:
    monkeypatch.setattr("cqrs.entrypoints.http.now", lambda: f"{TODAY}T12:00:00.000000Z")
    return Sales()


class TestDays:
    def test_a_sale_is_answered_by_day_and_product_with_its_title(self, sales: Sales) -> None:
        sales.sold("2026-03-03", sku="pen")
        sales.sold("2026-03-03", "2026-03-02", sku="book-1")
        for commit in recorded(PRODUCT_EVENTS, "product-book-1", BOOK):
            sales.products.append(commit, "")
        sales.lookups_follower.catch_up({"product-book-1": ()})

        answer = sales.ask()

        sold = {"currency": "EUR", "units": 1, "revenue": 99}
        book, pen = {"sku": "book-1", "title": "On engines"}, {"sku": "pen", "title": None}
        assert answer.status == 200
        assert answer.body == {
            "sales": [
                {"day": "2026-03-02", **book, **sold},
                {"day": "2026-03-03", **book, **sold},
                {"day": "2026-03-03", **pen, **sold},
            ],
            "cursor": None,
        }
        assert answer.headers["Consistency"] == "eventual"

    def test_without_days_they_are_the_last_thirty(self, sales: Sales) -> None:
        sales.sold("2026-03-01", "2026-03-02", TODAY, "2026-04-01")
        assert sales.days() == ["2026-03-02", TODAY]

    def test_both_days_are_included(self, sales: Sales) -> None:
        sales.sold("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01")
        query = {"from": "2026-02-01", "to": "2026-02-28"}
        assert sales.days(**query) == ["2026-02-01", "2026-02-28"]

    def test_one_day_alone_goes_to_today_or_back_thirty_days(self, sales: Sales) -> None:
        sales.sold("2026-01-01", "2026-01-02", "2026-01-31", TODAY)
        assert sales.days(to="2026-01-31") == ["2026-01-02", "2026-01-31"]
        assert sales.days(**{"from": "2026-01-31"}) == ["2026-01-31", TODAY]

    def test_a_range_has_at_most_a_leap_year(self, sales: Sales) -> None:
        assert sales.days(**{"from": "2027-03-01", "to": "2028-02-29"}) == []
        answer = sales.ask(**{"from": "2027-02-28", "to": "2028-02-29"})
        assert "1 to 366 days" in refused(answer, 400, "invalid_input")["detail"]

    def test_a_range_does_not_end_before_it_begins(self, sales: Sales) -> None:
        refused(sales.ask(**{"from": "2026-03-02", "to": "2026-03-01"}), 400, "invalid_input")
        refused(sales.ask(**{"from": "2026-04-01"}), 400, "invalid_input")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "today",
            "2026-02-30",
            "2026-13-01",
            "20260301",
            "2026-W10-1",
            "2026-3-1",
            "0001-01-01",
            "9999-12-31",
            "2026-03-01T00:00:00Z",
            " 2026-03-01",
            "2026-03-01\n",
            "٢٠٢٦-03-01",
        ],
    )
    @pytest.mark.parametrize("name", ["from", "to"])
    def test_what_is_not_a_day_is_refused(self, sales: Sales, name: str, text: str) -> None:
        problem = refused(sales.ask(**{name: text}), 400, "invalid_input")
        assert problem["detail"] == f"'{name}' in the query must be a day like 2026-11-30."

    @pytest.mark.parametrize("limit", ["0", "101", "-1", "x"])
    def test_a_limit_out_of_bounds_is_refused(self, sales: Sales, limit: str) -> None:
        refused(sales.ask(limit=limit), 400, "invalid_input")


class TestPages:
    def test_pages_go_on_over_months_until_there_are_no_more(self, sales: Sales) -> None:
        days = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-03-01", "2026-03-02"]
        sales.sold(*reversed(days))
        query = {"from": "2025-12-01", "limit": "2"}
        pages: list[list[str]] = []
        while True:
            body = sales.ask(**query).body
            pages.append([sale["day"] for sale in body["sales"]])
            if body["cursor"] is None:
                break
            query["cursor"] = body["cursor"]
        assert pages == [days[:2], days[2:4], days[4:]]

    @pytest.mark.parametrize(
        "place",
        [
            [],
            ["sales#1"],
            ["sales#1", "2026-03"],
            ["sales#1", "2026-03", 3],
            ["sales#1", "2026-03", None],
            ["sales#1", ["2026-03"], "2026-03-01"],
            ["sales#1", "2026-03", "x" * 1025],
            ["sales#1", "2026-03", "\ud800"],
            ["sales#1", "2026-03", "2026-03-01", "more"],
            ["sales#1", "2026-07", "2026-07-01/pen/EUR"],
            ["sales#2", "2026-03", "2026-03-01/pen/EUR"],
            ["order_history#1", "customer", "c-1", "2026", "7"],
            "text",
            7,
        ],
    )
    def test_a_cursor_that_was_not_answered_here_is_refused(
        self, sales: Sales, place: object
    ) -> None:
        text = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
        refused(sales.ask(cursor=text), 400, "invalid_cursor")

    def test_a_cursor_that_was_tampered_with_leads_to_no_other_days(self, sales: Sales) -> None:
        sales.sold("2026-03-02", TODAY, "2026-04-01")
        for sort, days in {"": ["2026-03-02", TODAY], "a": [], "2026-03-02~": [TODAY]}.items():
            place = ["sales#1", "2026-03", sort]
            text = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
            assert sales.days(cursor=text) == days


DAY = {"from": "2026-01-01", "to": "2026-01-01"}


class TestTokens:
    def test_an_order_is_counted_in_an_answer_to_its_token(self, sales: Sales) -> None:
        token = sales.order(placed, confirmed)
        answer = sales.ask(token, **DAY)
        assert [sale["units"] for sale in answer.body["sales"]] == [2, 1]
        assert answer.headers["Consistency"] == "waited; ms=20"
        assert answer.headers["Consistency-Token"] == token

        assert sales.ask(token, **DAY).headers["Consistency"] == "current"

    def test_a_tally_that_does_not_come_so_far_in_time_is_unavailable(self, sales: Sales) -> None:
        sales.follows = False
        answer = sales.ask(sales.order(placed, confirmed), **DAY)
        refused(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "1"
        assert 1 <= sales.now < 1.2

    def test_a_version_that_does_not_exist_is_refused(self, sales: Sales) -> None:
        sales.order(placed, confirmed)
        refused(sales.ask("order-7@3", **DAY), 400, "invalid_consistency_token")

    def test_what_can_not_be_counted_is_a_defined_problem(self, sales: Sales) -> None:
        token = sales.order(confirmed, shipped)  # which was never placed
        sales.follower.catch_up({"order-7": ()})
        refused(sales.ask(token, **DAY), 503, "view_parked")

    def test_a_title_can_be_asked_to_be_as_new_as_its_product(self, sales: Sales) -> None:
        sales.sold(TODAY, sku="book-1")
        for commit in recorded(PRODUCT_EVENTS, "product-book-1", BOOK):
            sales.products.append(commit, "")
        answer = sales.ask("product-book-1@1")
        assert answer.body["sales"][0]["title"] == "On engines"
        assert answer.headers["Consistency"] == "folded; commits=1"
