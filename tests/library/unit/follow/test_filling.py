"""A view that is new, or was lost, is filled by walks, and seen when it has everything."""

from __future__ import annotations

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import NotFilled
from cqrs.plain import dump, replace
from cqrs.read.consistency import Reader
from cqrs.read.tokens import Token
from cqrs.views.filling import Filling
from cqrs.views.generations import NotPossible
from tests.library.generations import Hurried, Views
from tests.library.worlds import VIEW, history, shown, stored

ORDERS = [f"order-{n}" for n in range(5)]
NEWER = replace(VIEW, generation=2)


class New(Views):
    """A view of five orders, of which it has none yet."""

    def __init__(self, rows: MemoryRows, store: MemoryEventStore | None = None) -> None:
        self.store = store or stored(*(history(name, "a") for name in ORDERS))
        stores = dict.fromkeys(("order", "payment"), self.store)
        kept = {VIEW.scope: rows}
        super().__init__(VIEW, stores=stores, services={"world": self.store}, rows=kept, seconds=0)
        self.reader = Reader(VIEW, self.editions(VIEW), stores)

    def lose_rows(self) -> None:
        """Their table was lost."""
        self.rows(VIEW)._rows.clear()
        self.rows(VIEW)._filling = Filling("missing")

    def first_step(self) -> dict[str, Any]:
        run = self.machine.waiting[0]
        return {"ticket": dump(run.ticket), "leg": dump(run.legs[0]), "left": 20}

    def has(self) -> list[str]:
        return [name for name in ORDERS if shown(self.rows(VIEW), name.removeprefix("order-"))]


@pytest.fixture
def view(rows: MemoryRows) -> New:
    return New(rows)


def test_before_it_is_filled_no_query_is_answered_though_there_are_rows(view: New) -> None:
    view.follower(VIEW).catch_up({"order-3": ()})
    with pytest.raises(NotFilled, match="'notes' is new, and does not have everything yet"):
        view.reader.get("3", Token())
    with pytest.raises(NotFilled):
        view.reader.get("3", Token({"order-3": 1}))
    with pytest.raises(NotFilled):
        view.reader.page("all", "all", Token(), limit=5)
    assert view.tend()
    assert view.reader.get("3", Token()).rows[0].document
    assert len(view.reader.page("all", "all", Token(), limit=9).rows) == 5


def test_a_view_of_nothing_is_filled_at_once(rows: MemoryRows) -> None:
    view = New(rows, MemoryEventStore())
    assert view.tend()
    assert view.reader.page("all", "all", Token(), limit=9).rows == []


def test_a_stream_that_can_not_be_followed_is_parked_and_keeps_nothing_from_being_full(
    rows: MemoryRows,
) -> None:
    view = New(rows, stored(history("order-1", "poison"), history("order-2", "a")))
    assert view.tend()
    assert (view.has(), [*rows.get("1").parked]) == (["order-2"], ["order-1"])


def test_rows_that_were_lost_while_they_were_filled_are_filled_from_the_beginning(
    view: New,
) -> None:
    view.ask()
    view.walker({"step": view.first_step()}, Hurried())
    view.lose_rows()

    assert not view.tend()  # the walk that is on its way ends; it began with other rows
    assert view.has() == ORDERS[2:]
    assert view.tend()
    assert view.has() == ORDERS


def test_rows_that_are_lost_at_the_end_of_a_walk_are_not_taken_for_filled(view: New) -> None:
    view.ask()
    step = view.walker({"step": view.first_step()}, Hurried())
    while step["more"]:
        step = view.walker({"step": step}, Hurried())
    view.lose_rows()
    view.walker({"end": {"ticket": step["ticket"], "legs": [step]}}, Hurried())

    assert not view.known(VIEW).serving
    view.machine.waiting.clear()
    assert view.tend()
    assert view.has() == ORDERS


def test_rows_that_are_lost_after_they_were_filled_are_refused_until_they_are_filled_again(
    view: New,
) -> None:
    assert view.tend()
    view.lose_rows()
    view.ask()
    with pytest.raises(NotFilled):
        view.reader.get("3", Token())
    assert view.tend()
    assert view.reader.get("3", Token()).rows[0].document


def test_a_further_generation_is_filled_and_seen_only_when_somebody_says_so(view: New) -> None:
    assert view.tend()
    view.generations.make(NEWER)
    assert view.tend()  # by then everybody has heard of it
    newer = view.known(VIEW).live[-1]
    assert (str(newer.generation), bool(newer.filled)) == ("2", True)
    assert view.reader.page("all", "all", Token(), limit=9).scope == "notes#1"
    view.ask(switch="notes", generation="2")
    assert view.reader.page("all", "all", Token(), limit=9).scope == "notes#2"
    view.ask(rollback="notes")
    assert view.tend()
    assert view.reader.page("all", "all", Token(), limit=9).scope == "notes#1"


def test_a_step_whose_generation_is_dropped_on_the_way_fails_and_is_not_taken_for_done(
    view: New,
) -> None:
    assert view.tend()
    view.machine.waiting.clear()
    view.ask(rebuild="notes")

    class Drops(Hurried):
        def get_remaining_time_in_millis(self) -> int:
            view.generations.drop(VIEW, view.known(VIEW).live[-1].generation)
            return 300_000

    with pytest.raises(NotPossible, match="is not live"):
        view.walker({"step": view.first_step()}, Drops())
