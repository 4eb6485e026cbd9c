"""The view `order_history`: what a row shows, and where it stands in its lists."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.testing.views import recorded, row_after, shows
from cqrs.views.rows import Row
from domain.orders import (
    ORDER_EVENTS,
    OrderEvent,
    OrderStatus,
)
from domain.payments import (
    PAYMENT_EVENTS,
    PaymentEvent,
)
from domain.storefront import BY_CUSTOMER, BY_STATUS, ORDER_HISTORY
from tests.examples import examples
from tests.shop.happened import (
    VIENNA,
    asked,
    authorised,
    cancelled,
    capture_asked,
    captured,
    confirmed,
    declined,
    delivered,
    moved,
    placed,
    refund_asked,
    refunded,
    rejected,
    shipped,
    void_asked,
    voided,
)


def orders(*events: OrderEvent) -> list[Commit]:
    return recorded(ORDER_EVENTS, "order-7", *events)


def payments(*events: PaymentEvent) -> list[Commit]:
    return recorded(PAYMENT_EVENTS, "payment-7", *events)


def at(commit: Commit, minute: int) -> Commit:
    """The commit as a writer with another clock would have recorded it."""
    body = commit.body.replace(commit.envelope.time, f"2026-01-01T00:{minute:02}:00.000000Z")
    return replace(commit, body=body)


def history(*events: OrderEvent) -> Any:
    return shows(ORDER_HISTORY, orders(*events))


def payment_after(*events: PaymentEvent) -> Any:
    return shows(ORDER_HISTORY, [*orders(placed), *payments(*events)])["payment"]


def timeline(commits: Sequence[Commit]) -> list[str]:
    moments = shows(ORDER_HISTORY, commits)["timeline"]
    return [f"{moment['at'][14:16]} {moment['what']} ({moment['by']})" for moment in moments]


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
        "reservation": None,
        "payment": None,
        "placed_at": "2026-01-01T00:01:00.000000Z",
        "updated_at": "2026-01-01T00:01:00.000000Z",
        "reject_reason": None,
        "reject_detail": None,
        "cancel_reason": None,
        "timeline": [
            {"at": "2026-01-01T00:01:00.000000Z", "what": "OrderPlaced", "by": "order"},
        ],
    }


def test_a_changed_address_takes_the_place_of_the_old_one() -> None:
    row = history(placed, moved)
    assert (row["address"]["city"], row["version"]) == ("Graz", 2)
    assert row["updated_at"] == "2026-01-01T00:02:00.000000Z"


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], "placed"),
        ([moved], "placed"),
        ([confirmed], "confirmed"),
        ([confirmed, moved], "confirmed"),
        ([confirmed, shipped], "shipped"),
        ([confirmed, shipped, delivered], "delivered"),
        ([rejected], "rejected"),
        ([confirmed, cancelled], "cancelled"),
    ],
)
def test_an_order_says_how_far_it_has_come(events: list[OrderEvent], status: str) -> None:
    assert history(placed, *events)["status"] == status


def test_a_rejected_order_stays_and_says_why() -> None:
    row = history(placed, rejected)
    assert (row["reject_reason"], row["reject_detail"]) == ("payment_declined", "No money left.")


def test_a_cancelled_order_stays_and_says_why() -> None:
    row = history(placed, moved, cancelled)
    assert (row["status"], row["cancel_reason"]) == ("cancelled", "too late")


@pytest.mark.parametrize(
    ("events", "payment"),
    [
        ([asked], ("authorising", 2599, None, None)),
        ([asked, authorised], ("authorised", 2599, "auth-1", None)),
        ([asked, declined], ("declined", 2599, None, "No money left.")),
        ([asked, authorised, capture_asked], ("capturing", 2599, "auth-1", None)),
        ([asked, authorised, capture_asked, captured], ("captured", 2599, "capture-1", None)),
        (
            [asked, authorised, capture_asked, captured, refund_asked],
            ("refunding", 2599, "capture-1", None),
        ),
        (
            [asked, authorised, capture_asked, captured, refund_asked, refunded],
            ("refunded", 2599, "refund-1", None),
        ),
        ([asked, void_asked], ("voiding", 2599, None, None)),
        ([asked, authorised, void_asked, voided], ("voided", 2599, "auth-1", None)),
        ([voided], ("voided", None, None, None)),
    ],
)
def test_an_order_says_how_far_its_payment_has_come(
    events: list[PaymentEvent], payment: tuple[object, ...]
) -> None:
    names = ("status", "amount", "reference", "reason")
    assert payment_after(*events) == dict(zip(names, payment, strict=True))


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([confirmed], "held"),
        ([confirmed, moved], "held"),
        ([confirmed, shipped], "shipped"),
        ([confirmed, shipped, delivered], "shipped"),
        ([confirmed, cancelled], "given_back"),
    ],
)
def test_a_confirmed_order_says_what_is_reserved_for_it_and_what_became_of_that(
    events: list[OrderEvent], status: str
) -> None:
    assert history(placed, *events)["reservation"] == {
        "status": status,
        "lines": [{"sku": "book-1", "quantity": 2}, {"sku": "pen", "quantity": 1}],
    }


@pytest.mark.parametrize("events", [[], [moved], [rejected], [cancelled]])
def test_an_order_that_was_never_confirmed_says_nothing_of_reservations(
    events: list[OrderEvent],
) -> None:
    assert history(placed, *events)["reservation"] is None


def test_a_payment_without_an_order_shows_nothing_and_stands_in_no_list() -> None:
    row = row_after(ORDER_HISTORY, payments(asked, authorised))
    assert (row.document, row.places) == (None, {})
    assert row.positions == {"payment-7": 2}


def test_a_payment_does_not_count_as_a_version_of_its_order() -> None:
    row = shows(ORDER_HISTORY, [*orders(placed), *payments(asked, authorised)])
    assert row["version"] == 1


def test_an_order_is_as_new_as_the_newest_of_its_events_and_its_payments() -> None:
    row = shows(ORDER_HISTORY, [*orders(placed), *payments(asked, authorised)])
    assert row["placed_at"] == "2026-01-01T00:01:00.000000Z"
    assert row["updated_at"] == "2026-01-01T00:02:00.000000Z"


class TestTimeline:
    def test_it_tells_what_happened_to_the_order_and_its_payment_by_time(self) -> None:
        a, b, c = orders(placed, confirmed, shipped)
        d, e = payments(asked, authorised)
        assert timeline([a, at(b, 10), at(c, 20), at(d, 5), at(e, 6)]) == [
            "01 OrderPlaced (order)",
            "05 AuthorisationRequested (payment)",
            "06 PaymentAuthorised (payment)",
            "10 OrderConfirmed (order)",
            "20 OrderShipped (order)",
        ]

    def test_of_one_time_orders_come_first_and_each_stream_in_its_order(self) -> None:
        commits = [*orders(placed, confirmed), *payments(asked, authorised)]
        assert timeline([at(commit, 1) for commit in commits]) == [
            "01 OrderPlaced (order)",
            "01 OrderConfirmed (order)",
            "01 AuthorisationRequested (payment)",
            "01 PaymentAuthorised (payment)",
        ]

    def test_what_a_clock_that_is_behind_has_recorded_stands_where_it_says(self) -> None:
        a, b = orders(placed, confirmed)
        assert timeline([at(a, 5), at(b, 4)]) == [
            "04 OrderConfirmed (order)",
            "05 OrderPlaced (order)",
        ]

    def test_it_has_the_newest_fifty_of_each(self) -> None:
        moments = history(placed, *[moved, replace(moved, address=VIENNA)] * 27)["timeline"]
        assert [moment["what"] for moment in moments] == ["OrderAddressChanged"] * 50
        assert moments[-1]["at"] == "2026-01-01T00:55:00.000000Z"


ORDER_STREAM = orders(placed, moved, confirmed, shipped, delivered)
PAYMENT_STREAM = payments(asked, authorised, capture_asked, captured, refund_asked, refunded)
STORIES = [
    [*ORDER_STREAM, *PAYMENT_STREAM],
    [*orders(placed, confirmed, moved, cancelled), *payments(asked, authorised, void_asked)],
    [*orders(placed, rejected), *payments(asked, declined)],
    [*orders(placed, cancelled), *payments(voided)],
]


def deliver(arrivals: Sequence[Commit], *, ahead: bool) -> Row:
    """The row after commits were delivered as they arrived. If the store is `ahead` it has them all
    from the start, else no more of a stream than was delivered.
    """
    history = {(commit.stream, commit.version): commit for commit in arrivals}
    store, rows = MemoryEventStore(), MemoryRows()
    follower = Follower(ORDER_HISTORY, rows, {"order": store, "payment": store})
    for commit in sorted(history.values(), key=lambda commit: commit.version) if ahead else []:
        store.append(commit, "")
    for commit in arrivals:
        for version in range(len(store.read(commit.stream)) + 1, commit.version + 1):
            store.append(history[commit.stream, version], "")
        assert not follower.catch_up({commit.stream: [commit]}).failed
    return rows.get("7")


@examples(100)
@given(story=st.sampled_from(STORIES), data=st.data(), ahead=st.booleans())
def test_a_row_is_the_same_for_every_order_of_arrival_and_whatever_comes_twice(
    story: list[Commit], data: st.DataObject, ahead: bool
) -> None:
    again = data.draw(st.lists(st.sampled_from(story)))
    arrivals = data.draw(st.permutations([*story, *again]))
    row, expected = deliver(arrivals, ahead=ahead), row_after(ORDER_HISTORY, story)
    assert (row.document, row.places) == (expected.document, expected.places)
    assert row.parts == expected.parts


@pytest.mark.parametrize(("some", "others"), [*product(range(6), range(7))])
def test_a_row_depends_on_how_far_its_streams_are_not_on_which_was_first(
    some: int, others: int
) -> None:
    first, second = ORDER_STREAM[:some], PAYMENT_STREAM[:others]
    if first or second:
        row = shows(ORDER_HISTORY, [*first, *second])
        assert shows(ORDER_HISTORY, [*second, *first]) == row
        assert (row is None) == (not first)


def test_an_order_stands_in_its_lists_by_the_time_it_was_placed() -> None:
    row = row_after(ORDER_HISTORY, [*orders(placed, moved), *payments(asked)])
    places = {name: (place.partition, place.sort) for name, place in row.places.items()}
    assert places == {
        BY_CUSTOMER: ("c-1", "2026-01-01T00:01:00.000000Z/7"),
        BY_STATUS: ("placed", "2026-01-01T00:01:00.000000Z/7"),
    }


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([confirmed], OrderStatus.CONFIRMED),
        ([confirmed, shipped], OrderStatus.SHIPPED),
        ([confirmed, shipped, delivered], OrderStatus.DELIVERED),
        ([rejected], OrderStatus.REJECTED),
        ([cancelled], OrderStatus.CANCELLED),
    ],
)
def test_an_order_moves_on_to_the_list_of_its_new_status_and_keeps_its_time(
    events: list[OrderEvent], status: OrderStatus
) -> None:
    place = row_after(ORDER_HISTORY, orders(placed, *events)).places[BY_STATUS]
    assert (place.partition, place.sort) == (status, "2026-01-01T00:01:00.000000Z/7")
