"""The last hundred commands, by few bytes beside each commit; and what all that is beside a commit
costs in write units.
"""

from __future__ import annotations

import random
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.history.commits import Commit
from cqrs.history.event_store import Stored
from cqrs.history.events import EventTypes
from cqrs.plain import Value, replace
from cqrs.write.commands import CommandHandler
from cqrs.write.decider import Decider
from cqrs.write.recent import LOADED, REMEMBERED, Recent, has_all, short
from tests.examples import examples
from tests.library.stores import Counting
from tests.library.tills import envelope

UNIT = 1024


@examples(200)
@given(st.lists(st.sampled_from([0, 20, 60, 1000]), max_size=250))
def test_any_nine_commits_in_a_row_tell_the_last_hundred(rooms: list[int]) -> None:
    stored: list[Stored] = []
    recent = Recent()
    for version, room in enumerate(rooms, start=1):
        beside = recent.beside_next(room)
        assert not beside or len(beside) <= room or has_all(beside)
        recent = recent.then(f"c{version}", beside)
        stored.insert(0, Stored(Commit("s-1", version, ""), f"c{version}", earlier=beside))
        told = Recent.of(stored[:LOADED])
        assert told
        expected = [short(f"c{n}") for n in range(version, max(version - REMEMBERED, 0), -1)]
        assert told.ids == recent.ids == "".join(expected)


def test_with_little_room_a_commit_has_a_few_ids_and_without_one_in_nine_has_all() -> None:
    for room, kinds in ((60, {"few"}), (0, {"none", "all"})):
        recent, found = Recent(), []
        for n in range(500):
            beside = recent.beside_next(room)
            recent = recent.then(f"c{n}", beside)
            if n >= 2 * LOADED:  # all fit in, as long as they are few
                found.append("none" if beside is None else "all" if has_all(beside) else "few")
        assert set(found) == kinds
        assert found.count("all") <= ceil(len(found) / LOADED)


def test_a_short_id_that_is_found_within_another_is_none() -> None:
    recent = Recent("abcdefgh")
    assert [*replace(recent, ids=short("x") + short("y")).found("y")] == [1]
    assert [*replace(recent, ids="a" + short("x") + "bcd").found("x")] == []


# Write units

NOTES = EventTypes("notes")


@NOTES.event()
class Written(Value):
    text: str


class Write(Value):
    text: str


class Page(Value):
    """The state, of so many bytes."""

    last: str = ""


def page(state_bytes: int) -> Decider[Write, Page, Written]:
    return Decider(
        category="page",
        events=NOTES,
        initial=Page(),
        evolve=lambda page, event: Page(last=event.text[:state_bytes]),
        decide=lambda command, page: [Written(text=command.text)],
        state=Page,
        state_schema=1,
    )


class Weighing(Counting):
    """Counts write units, and those of the commits alone."""

    def __init__(self) -> None:
        super().__init__()
        self.units = self.alone = 0

    def append(self, commit: Commit, command_id: str, *beside: Any) -> None:
        super().append(commit, command_id, *beside)
        stored = self.store.load(commit.stream, 1)[0]
        names = {"snapshot": stored.snapshot, "earlier": stored.earlier}
        more = sum(len(name) + len(text) for name, text in names.items() if text)
        free = self.room(commit, command_id)
        self.alone += 1
        self.units += 1 + ceil(max(0, more - free) / UNIT)


def units(commits: int, *, sizes: list[int], state: int = 150, remembered: int = 0) -> float:
    """Write units for each commit of a stream whose commits have these sizes in turn."""
    store = Weighing()
    handler = CommandHandler(store, page(state), pause=lambda _: None, remembered_bytes=remembered)
    bare = UNIT - store.room(
        Commit.of("page-1", 1, [Written(text="")], envelope(), handler._codec), "i" * 16
    )
    for n in range(commits):
        text = "x" * (sizes[n % len(sizes)] - bare)
        handler.handle("1", Write(text=text), envelope(f"k{n}"))
    assert max(store.loaded, default=0) <= LOADED
    return store.units / store.alone


@pytest.mark.parametrize("commits", [10, 100, 1000])
@pytest.mark.parametrize("size", [400, 600, 750])
def test_commits_with_room_for_a_snapshot_cost_one_unit_each(commits: int, size: int) -> None:
    assert units(commits, sizes=[size]) == 1


@pytest.mark.parametrize("remembered", [0, 10_000])
@pytest.mark.parametrize("commits", [10, 100, 1000])
def test_commits_of_any_size_up_to_a_kilobyte_cost_hardly_more_than_one_unit(
    commits: int, remembered: int
) -> None:
    dice = random.Random(1)
    sizes = [dice.randint(350, UNIT) for _ in range(commits)]
    assert units(commits, sizes=sizes, remembered=remembered) <= 1.02


@pytest.mark.parametrize("size", [850, 950, 1000, UNIT])
def test_commits_that_leave_no_room_pay_for_one_snapshot_in_nine(size: int) -> None:
    assert units(1_000, sizes=[size]) <= 1 + 1 / LOADED


def test_a_large_state_is_written_with_one_commit_in_nine() -> None:
    assert units(1_000, sizes=[500], state=0) == 1
    large = units(900, sizes=[20_000], state=10_000)
    assert large <= 1 + 10 / LOADED
