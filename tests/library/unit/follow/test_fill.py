"""A view that is new is filled from the stores, and shows nothing before it has everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import NotFilled, Unavailable
from cqrs.follow.fill import fill
from cqrs.follow.followers import Follower
from cqrs.history.event_store import Heads
from cqrs.read.consistency import Reader
from cqrs.read.tokens import Token
from cqrs.views.filling import Filling
from cqrs.views.rows import Row
from tests.library.worlds import VIEW, follower, history, shown, stored

ORDERS = [f"order-{n}" for n in range(5)]
SERVICE = "world"


class Marks(dict[str, str | None]):
    """Where walks leave off."""

    def put(self, name: str, cursor: str | None) -> None:
        self[name] = cursor


class New:
    """A view of five orders, of which it has none yet."""

    def __init__(self, rows: MemoryRows, store: MemoryEventStore | None = None) -> None:
        self.rows, self.marks = rows, Marks()
        self.store = store or stored(*(history(name, "a") for name in ORDERS))
        self.reader = Reader(VIEW, rows, {"order": self.store, "payment": self.store})
        rows.close()

    @property
    def follower(self) -> Follower:
        return follower(self.rows, self.store)

    def fill(self, out_of_time: Callable[[], bool] = lambda: False) -> bool:
        services = {SERVICE: self.store}
        return fill(self.rows, self.follower, services, self.marks, out_of_time=out_of_time)

    def has(self) -> list[str]:
        return [name for name in ORDERS if shown(self.rows, name.partition("-")[2])]


@pytest.fixture
def view(rows: MemoryRows) -> New:
    return New(rows)


def test_a_view_that_was_filled_has_everything_and_says_so(view: New) -> None:
    assert view.fill()
    assert (view.has(), view.rows.is_filled()) == (ORDERS, True)


def test_before_that_no_query_is_answered_though_there_are_rows(view: New) -> None:
    view.follower.catch_up({"order-3": ()})
    with pytest.raises(NotFilled, match="'notes' is new, and does not have everything yet"):
        view.reader.get("3", Token())
    with pytest.raises(NotFilled):
        view.reader.get("3", Token({"order-3": 1}))
    with pytest.raises(NotFilled):
        view.reader.page("all", "all", Token(), limit=5)
    assert view.fill()
    assert view.reader.get("3", Token()).rows[0].document
    assert len(view.reader.page("all", "all", Token(), limit=9).rows) == 5


def test_a_view_of_nothing_is_filled_at_once(rows: MemoryRows) -> None:
    assert New(rows, MemoryEventStore()).fill()
    assert rows.is_filled()


def test_a_view_that_is_filled_is_not_walked_again(view: New) -> None:
    assert view.fill()
    view.store.append(history("order-9", "a")[0], "")
    assert view.fill()
    assert shown(view.rows, "9") is None


def test_a_filling_that_runs_out_of_time_is_continued_by_the_next(view: New) -> None:
    told = []
    while not view.fill(out_of_time=lambda: True):
        told.append(view.has())
    assert told == [ORDERS[:2], ORDERS[:4]]
    assert view.has() == ORDERS


def test_rows_that_can_not_be_saved_keep_it_from_being_full(view: New) -> None:
    class Down(MemoryRows):
        is_down = True

        def load(self, keys: Sequence[str]) -> dict[str, Row]:
            if self.is_down:
                raise Unavailable("the table is down")
            return super().load(keys)

    rows = Down()
    view = New(rows)
    assert not view.fill()
    assert not rows.is_filled()
    rows.is_down = False
    assert view.fill()


def test_a_stream_that_can_not_be_followed_is_parked_and_keeps_nothing_from_being_full(
    rows: MemoryRows,
) -> None:
    view = New(rows, stored(history("order-1", "poison"), history("order-2", "a")))
    assert view.fill()
    assert (view.has(), [*rows.get("1").parked]) == (["order-2"], ["order-1"])


def test_a_store_that_is_down_in_the_middle_is_gone_on_with(rows: MemoryRows) -> None:
    class Stumbling(MemoryEventStore):
        left = 1

        def heads(self, cursor: str | None = None) -> Heads:
            self.left -= 1
            if self.left < 0:
                raise Unavailable("the store is down")
            return super().heads(cursor)

    store = Stumbling(page=2)
    for name in ORDERS:
        store.append(history(name, "a")[0], "")
    view = New(rows, store)
    with pytest.raises(Unavailable):
        view.fill()
    assert (view.has(), rows.is_filled()) == (ORDERS[:2], False)
    store.left = 9
    assert view.fill()
    assert view.has() == ORDERS


def test_rows_that_were_lost_while_they_were_filled_are_filled_from_the_beginning(
    view: New,
) -> None:
    assert not view.fill(out_of_time=lambda: True)
    lost = New(MemoryRows(), view.store)
    lost.rows._filling, lost.marks = Filling("filling", "second"), view.marks

    assert lost.fill()
    assert lost.has() == ORDERS
