"""The tally of sales: what an order counts as, from its confirmation on."""

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryTallies
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.testing.views import recorded, row_after
from cqrs.views.tallies import Cell, Counts
from domain.kernel import Currency
from domain.orders import (
    ORDER_EVENTS,
    OrderEvent,
)
from domain.storefront import SALE_WITH_TITLE, SALES, shown_sale
from tests.shop.happened import (
    PEN,
    cancelled,
    confirmed,
    delivered,
    moved,
    placed,
    rejected,
    shipped,
)

SOLD = {
    "2026-01": {
        "2026-01-01/book-1/EUR": {"units": 2, "revenue": 2500},
        "2026-01-01/pen/EUR": {"units": 1, "revenue": 99},
    }
}


def on(day: str, commit: Commit) -> Commit:
    return replace(commit, body=commit.body.replace("2026-01-01T", f"{day}T"))


def sales(*streams: list[Commit]) -> Counts:
    """All cells of January, after every stream was followed commit by commit."""
    store, rows = MemoryEventStore(), MemoryTallies()
    for commit in (commit for stream in streams for commit in stream):
        store.append(commit, "")
        Follower(SALES, rows, {"order": store}).catch_up({commit.stream: [commit]})
    return rows.cells("2026-01", "2026-01-01", "2026-01-31~", None, 100)


def order(order_id: str, *events: OrderEvent) -> list[Commit]:
    return recorded(ORDER_EVENTS, f"order-{order_id}", *events)


@pytest.mark.parametrize(
    "events",
    [
        [confirmed],
        [moved, confirmed],
        [confirmed, moved],
        [confirmed, shipped],
        [confirmed, shipped, delivered],
    ],
)
def test_an_order_counts_from_its_confirmation_on(events: list[OrderEvent]) -> None:
    assert row_after(SALES, order("7", placed, *events)).document == SOLD


@pytest.mark.parametrize("events", [[], [moved], [rejected], [cancelled], [confirmed, cancelled]])
def test_any_other_order_does_not_count(events: list[OrderEvent]) -> None:
    assert row_after(SALES, order("7", placed, *events)).document is None


def test_an_order_counts_on_the_day_it_was_confirmed() -> None:
    first, second, third = order("7", placed, confirmed, shipped)
    stream = [on("2026-01-01", first), on("2026-01-02", second), on("2026-01-03", third)]
    assert {cell.sort[:10] for cell in sales(stream)} == {"2026-01-02"}


def test_a_cancelled_order_is_taken_out_of_the_day_it_was_confirmed() -> None:
    first, second, third = order("7", placed, confirmed, cancelled)
    others = order("8", placed, confirmed)
    stream = [first, second, on("2026-01-05", third)]
    assert sales(others, stream) == sales(others)
    assert sales(stream) == {}


def test_orders_are_summed_up_by_day_product_and_currency() -> None:
    in_pounds = replace(placed, currency=Currency.GBP, lines=(PEN,))
    more = replace(placed, lines=(replace(PEN, quantity=4, unit_price=90),))
    assert sales(
        order("7", placed, confirmed),
        order("8", in_pounds, confirmed),
        order("9", more, confirmed),
    ) == {
        Cell("2026-01", "2026-01-01/book-1/EUR"): {"units": 2, "revenue": 2500},
        Cell("2026-01", "2026-01-01/pen/EUR"): {"units": 5, "revenue": 459},
        Cell("2026-01", "2026-01-01/pen/GBP"): {"units": 1, "revenue": 99},
    }


def test_a_product_on_two_lines_counts_with_both() -> None:
    """As was allowed once, for all we know: history is counted as it is."""
    twice = replace(placed, lines=(PEN, PEN))
    assert sales(order("7", twice, confirmed)) == {
        Cell("2026-01", "2026-01-01/pen/EUR"): {"units": 2, "revenue": 198}
    }


def test_a_row_remembers_no_more_than_it_counts() -> None:
    (part,) = row_after(SALES, order("7", placed, confirmed)).parts.values()
    assert isinstance(part.state, dict)
    assert part.state.keys() == {"currency", "lines", "day"}


def test_a_sale_is_shown_with_all_its_numbers() -> None:
    cell = Cell("2026-01", "2026-01-01/pen/EUR")
    shown = {"day": "2026-01-01", "sku": "pen", "currency": "EUR", "units": 2, "revenue": 0}
    assert shown_sale(cell, {"units": 2}) == shown


def test_a_sale_has_the_title_of_its_product_or_none() -> None:
    sale = shown_sale(Cell("2026-01", "2026-01-01/pen/EUR"), {"units": 2, "revenue": 198})
    join = SALE_WITH_TITLE
    assert list(join.keys(sale)) == ["pen"]
    assert join.put(sale, {"pen": {"title": "A pen", "price": 3}}) == {**sale, "title": "A pen"}
    assert join.put(sale, {}) == {**sale, "title": None}
