"""Generations of a view: what there is of them, and what can be made of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cqrs.adapters.memory import MemoryGenerations, MemoryRows
from cqrs.errors import InvalidCursor, NotFilled, Unavailable
from cqrs.history.events import Instant
from cqrs.plain import replace
from cqrs.views.generations import (
    CACHE_SECONDS,
    STALE_SECONDS,
    Cached,
    Copy,
    Editions,
    Known,
    NotPossible,
    editions_of,
)
from cqrs.views.rows import Generation
from tests.library.waiting import Clock
from tests.library.worlds import VIEW

NOON, LATER = Instant("2026-01-01T12:00:00.000000Z"), Instant("2026-01-01T13:00:00.000000Z")
ONE, TWO, AGAIN = Generation(1), Generation(2), Generation(2, 1)


def copy(generation: Generation, *lists: str) -> Copy:
    return Copy(generation=generation, made=NOON, lists=lists, incarnation=f"first {generation}")


def known(*generations: Generation, active: Generation | None = None) -> Known:
    """Where these are live, and those filled; the first, or `active`, is what queries see."""
    found = Known()
    for one in generations:
        found = found.added(copy(one, "all")).filled(one, NOON)
    return found.switched(active, NOON) if active else found


class TestNames:
    @pytest.mark.parametrize("text", ["1", "2", "12", "2.1", "2.10"])
    def test_a_generation_is_told_by_its_text(self, text: str) -> None:
        assert str(Generation.parse(text)) == text

    @pytest.mark.parametrize("text", ["", "x", "2.", "2.0", ".1", "02", "2.1.1", " 2"])
    def test_what_is_no_generation_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="is no generation"):
            Generation.parse(text)

    def test_a_copy_comes_after_what_it_is_a_copy_of(self) -> None:
        texts = ["10", "2.10", "1", "2", "2.9", "2.1"]
        ordered = sorted(map(Generation.parse, texts))
        assert [str(one) for one in ordered] == ["1", "2", "2.1", "2.9", "2.10", "10"]

    def test_rows_of_a_view_belong_to_its_name_and_generation(self) -> None:
        assert (VIEW.scope, VIEW.at(TWO).scope, VIEW.at(AGAIN).scope) == (
            "notes#1",
            "notes#2",
            "notes#2.1",
        )
        assert VIEW.at(AGAIN).at(ONE) == VIEW


class TestChanges:
    def test_the_first_that_is_filled_is_seen_at_once(self) -> None:
        made = Known().added(copy(ONE))
        assert (made.active, made.serving) == (None, None)
        filled = made.filled(ONE, LATER)
        assert (filled.active, filled.since, filled.before) == (ONE, LATER, None)
        assert filled.serving == replace(copy(ONE), filled=LATER)

    def test_another_that_is_filled_waits_until_it_is_switched_to(self) -> None:
        both = known(ONE, TWO)
        assert both.active == ONE
        assert both.copy_of(TWO) == replace(copy(TWO, "all"), filled=NOON)
        switched = both.switched(TWO, LATER)
        assert (switched.active, switched.since, switched.before) == (TWO, LATER, ONE)
        assert switched.live == both.live

    def test_one_that_is_filled_takes_the_place_of_one_that_was_lost(self) -> None:
        found = known(ONE).unfilled(ONE)
        assert (found.active, found.serving) == (ONE, None)
        found = found.added(copy(TWO)).filled(TWO, LATER)
        assert (found.active, found.before) == (TWO, ONE)

    def test_one_that_was_lost_and_is_filled_again_is_seen_again(self) -> None:
        found = known(ONE).remade(ONE, "second").filled(ONE, LATER)
        assert found.serving == replace(copy(ONE, "all"), filled=LATER, incarnation="second")
        assert found.before is None

    def test_to_switch_back_is_to_switch_to_the_one_before(self) -> None:
        switched = known(ONE, TWO, active=TWO)
        back = switched.rolled_back(LATER)
        assert (back.active, back.before) == (ONE, TWO)
        assert back.rolled_back(LATER).active == TWO

    def test_what_changes_nothing_is_no_change(self) -> None:
        found = known(ONE, TWO)
        assert found.switched(ONE, LATER) == found
        assert found.filled(TWO, LATER) == found
        assert found.deleted(TWO) == found

    def test_a_generation_that_is_dropped_is_not_live_and_is_left_to_be_deleted(self) -> None:
        found = known(ONE, TWO, active=TWO).dropped(ONE, LATER)
        assert [one.generation for one in found.live] == [TWO]
        assert [(one.generation, one.at) for one in found.leftovers] == [(ONE, LATER)]
        assert found.before is None
        assert found.deleted(ONE).leftovers == ()

    def test_a_name_is_never_used_again(self) -> None:
        found = known(ONE, TWO, active=TWO)
        assert (found.next(3), found.next(2), found.next(1)) == (
            Generation(3),
            AGAIN,
            Generation(1, 1),
        )
        found = found.added(copy(AGAIN)).dropped(AGAIN, LATER).deleted(AGAIN)
        assert found.next(2) == Generation(2, 2)
        with pytest.raises(NotPossible, match=r"There is, or was, a generation 2\.1 already"):
            found.added(copy(AGAIN))

    def test_what_is_to_be_filled_is_the_newest_of_its_number(self) -> None:
        found = known(ONE).added(copy(TWO)).added(copy(AGAIN))
        unfinished = found.unfinished(2)
        assert unfinished
        assert unfinished.generation == AGAIN
        assert found.unfinished(1) is None

    def test_what_makes_no_sense_is_refused(self) -> None:
        found = known(ONE).added(copy(TWO))
        with pytest.raises(NotPossible, match="Generation 2 is not filled"):
            found.switched(TWO, LATER)
        with pytest.raises(NotPossible, match=r"Generation 3 is not live; those that are: 1, 2\."):
            found.switched(Generation(3), LATER)
        with pytest.raises(NotPossible, match="Generation 1 is the one that queries see"):
            found.dropped(ONE, LATER)
        with pytest.raises(NotPossible, match="There is no generation to go back to"):
            found.rolled_back(LATER)
        with pytest.raises(NotPossible, match="Generation 1 is not filled"):
            known(ONE, TWO, active=TWO).unfilled(ONE).rolled_back(LATER)
        for change in (found.unfilled, lambda one: found.filled(one, LATER)):
            with pytest.raises(NotPossible, match="Generation 3 is not live"):
                change(Generation(3))
        with pytest.raises(NotPossible, match="those that are: none"):
            Known().dropped(ONE, LATER)


class Register(MemoryGenerations):
    """A register that counts how often it is asked, and can be down."""

    def __init__(self, **found: Known) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.down = False
        for name, one in found.items():
            self.save(name, one, 0)

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        self.asked.append(list(names))
        if self.down:
            raise Unavailable("the register is down")
        return super().load(names)

    def changes(self, name: str, found: Known) -> None:
        assert self.save(name, found, super().load([name])[name].revision)


class TestCache:
    def test_all_views_are_asked_for_at_once_and_every_few_seconds(self) -> None:
        register, clock = Register(notes=known(ONE)), Clock()
        cached = Cached(register, {"notes", "cards"}, clock)
        assert cached.known("notes").active == ONE
        assert cached.known("cards") == Known()
        clock.now += CACHE_SECONDS - 0.1
        cached.known("notes")
        assert register.asked == [["cards", "notes"]]
        clock.now += 0.1
        cached.known("notes")
        assert len(register.asked) == 2

    def test_while_the_register_is_down_what_it_said_last_is_good_for_a_minute(self) -> None:
        register, clock = Register(notes=known(ONE)), Clock()
        cached = Cached(register, {"notes"}, clock)
        cached.known("notes")
        register.down = True
        for now in (6, 30, STALE_SECONDS - 1):
            clock.now = now
            assert cached.known("notes").active == ONE
        clock.now = STALE_SECONDS
        for _ in range(2):
            with pytest.raises(Unavailable):
                cached.known("notes")
        register.down = False
        assert cached.known("notes").active == ONE

    def test_while_it_is_down_it_is_not_asked_with_every_request(self) -> None:
        register, clock = Register(notes=known(ONE)), Clock()
        cached = Cached(register, {"notes"}, clock)
        cached.known("notes")
        register.down = True
        clock.now += CACHE_SECONDS
        for _ in range(3):
            cached.known("notes")
        assert len(register.asked) == 2

    def test_before_it_has_said_anything_nothing_is_known(self) -> None:
        register = Register()
        register.down = True
        with pytest.raises(Unavailable):
            Cached(register, {"notes"}, Clock()).known("notes")


class Served:
    """The view of notes, and what the register has said of it."""

    def __init__(self, found: Known) -> None:
        self.made: list[str] = []
        register = Register(notes=found)
        self.editions: Editions[MemoryRows] = Editions.of(
            VIEW, self._rows, Cached(register, {"notes"}, Clock())
        )

    def _rows(self, view: object) -> MemoryRows:
        self.made.append(view.scope)  # type: ignore[attr-defined]
        return MemoryRows()

    def scope(self, scope: str | None = None, listed: str | None = None) -> str:
        return self.editions.serving(scope, listed).scope


class TestServing:
    def test_what_is_active_is_seen(self) -> None:
        assert Served(known(ONE, TWO)).scope() == "notes#1"
        assert Served(known(ONE, TWO, active=TWO)).scope() == "notes#2"
        assert Served(known(ONE, AGAIN, active=AGAIN)).scope() == "notes#2.1"

    def test_what_is_not_filled_is_refused(self) -> None:
        for found in (Known(), Known().added(copy(ONE)), known(ONE).unfilled(ONE)):
            served = Served(found)
            with pytest.raises(NotFilled, match="'notes' is new"):
                served.scope()
            assert not served.editions.current().filled
            assert served.editions.current().scope == "notes#1"

    def test_an_answer_goes_on_in_the_generation_in_which_it_has_begun(self) -> None:
        served = Served(known(ONE, TWO, active=TWO))
        assert served.scope("notes#1") == "notes#1"
        assert served.scope("notes#2") == "notes#2"

    @pytest.mark.parametrize("scope", ["notes#3", "notes#2.1", "notes", "others#1", "", "notes#02"])
    def test_in_one_that_is_not_live_it_does_not_go_on(self, scope: str) -> None:
        with pytest.raises(InvalidCursor, match="or the list was rebuilt"):
            Served(known(ONE, TWO)).scope(scope)

    def test_one_that_others_know_to_be_filled_is_about_to_be(self) -> None:
        with pytest.raises(NotFilled):
            Served(known(ONE).added(copy(TWO))).scope("notes#2")

    def test_a_list_that_it_was_not_made_with_is_refused(self) -> None:
        served = Served(known(ONE))
        assert served.scope(listed="all") == "notes#1"
        with pytest.raises(NotFilled):
            served.scope(listed="new")

    def test_the_store_of_its_rows_is_made_once(self) -> None:
        served = Served(known(ONE, TWO))
        for _ in range(3):
            assert served.editions.serving().rows is served.editions.current().rows
        assert sorted(served.made) == ["notes#1", "notes#2"]

    def test_rows_alone_are_the_only_generation_and_have_everything(self) -> None:
        rows = MemoryRows()
        editions = editions_of(VIEW, rows)
        assert editions.serving(listed="any").rows is rows
        assert editions.serving("notes#1").rows is rows
        with pytest.raises(InvalidCursor):
            editions.serving("notes#2")
        assert editions_of(VIEW, editions) is editions
