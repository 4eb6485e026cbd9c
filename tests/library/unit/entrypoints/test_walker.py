"""The walker's edge: what starts walks, goes on with them, and tells how far they are."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryTallies
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.walks import LEASE_SECONDS, Work
from tests.library.books import LOANS
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.tending import (
    SCOPE,
    SERVICE,
    SHORT,
    VIEW,
    Context,
    Stumbling,
    World,
    first_step,
    paged,
)
from tests.library.unit.entrypoints.wired import ROW, Books, BrokenRows, ForbiddenRows
from tests.library.walking import STEPS, a_walker

AUDIT = {"start": "audit"}


@pytest.fixture
def world() -> World:
    return World()


class TestAudits:
    def test_a_book_that_no_message_told_of_is_found(self, world: World) -> None:
        world.books.added("7")
        told = world.audited()
        assert (told["streams"], told["found"], told["gave_up"]) == (1, {SCOPE: 1}, {})
        assert (told["walked"], told["commits"], told["done"], told["legs"]) == (1, 1, 1, 1)
        assert told["whole"] == told["began"]
        assert world.books.query(ROW, id="7").status == 200

    def test_a_second_audit_finds_nothing(self, world: World) -> None:
        world.books.added("7")
        assert [world.audited()["found"] for _ in range(2)] == [{SCOPE: 1}, {}]

    def test_an_empty_store_is_walked_at_once(self, world: World) -> None:
        told = world.audited()
        assert (told["streams"], told["found"], told["ended"]) == (0, {}, world.now)

    def test_a_parked_stream_waits_for_a_person(self, world: World) -> None:
        world.poison()
        told = world.audited()
        assert (told["found"], told["whole"]) == ({}, told["began"])

    def test_an_audit_that_is_on_its_way_is_told_and_not_started_again(self, world: World) -> None:
        first, second = world.walk(AUDIT)["walk"], world.walk(AUDIT)["walk"]
        assert first == second
        assert len(world.machine.waiting) == 1

    def test_a_view_in_trouble_is_named_and_counted(self, metrics: Lines) -> None:
        world = World(Books(rows=ForbiddenRows()))
        world.books.added("7")
        told = world.audited()
        assert told["gave_up"] == {SCOPE: "PermissionError"}
        assert told["whole"] is None

    @pytest.mark.parametrize("error", [Unavailable("the store is down"), KeyError("stream")])
    def test_a_store_in_trouble_does_not_keep_the_others_from_being_walked(
        self, error: Exception
    ) -> None:
        broken = Stumbling()
        broken.stumbles_at, broken.error = 1, error
        world = World(others={"accounts": broken})
        world.books.added("7")
        world.walk(AUDIT)
        world.go()
        assert world.shown("7") == [True]
        told = world.told("audit")
        assert (told["done"], told["legs"], told["ended"]) == (1, 2, None)

        world.walk()  # a minute later
        world.go()
        assert world.told("audit")["ended"]

    def test_an_audit_is_logged(self, world: World, logs: Lines) -> None:
        world.books.added("7")
        world.walk(AUDIT)
        world.go()
        view, step, end = logs()
        assert (view["message"], view["view"], view["applied"]) == ("walked", VIEW, {"book-7": 1})
        assert (step["message"], step["streams"], step["found"]) == ("walked", 1, {SCOPE: 1})
        assert (end["message"], end["gave_up"]) == ("walk ended", {})


class TestSteps:
    def test_a_step_stops_in_time_and_the_next_one_goes_on(self) -> None:
        world = paged(2, *"abcde")
        world.walk(AUDIT)
        step = world.walk({"step": first_step(world)}, 300_000, SHORT)
        assert (step["more"], step["left"]) == (True, STEPS - 1)
        assert world.shown(*"abcde") == [True] * 4 + [False]
        step = world.walk({"step": step})
        assert (step["more"], step["left"]) == (False, STEPS - 2)
        assert world.shown("e") == [True]

    def test_a_step_that_breaks_off_is_continued_at_the_page_that_broke_it(self) -> None:
        store = Stumbling(page=2)
        world = World(Books(store))
        world.books.added(*"abcde")
        world.walk(AUDIT)
        store.stumbles_at = 3
        with pytest.raises(Unavailable, match="the store is down"):
            world.walk({"step": first_step(world)})
        assert world.shown(*"abcde") == [True, True, True, True, False]
        step = world.walk({"step": first_step(world)})
        assert (step["more"], world.shown("e")) == (False, [True])

    def test_an_execution_has_so_many_steps_and_another_goes_on(self) -> None:
        books = [f"{n:02}" for n in range(STEPS + 5)]
        world = paged(1, *books)
        world.walk(AUDIT)
        assert world.machine.go(world.walker, lambda: Context(*[SHORT] * 9)) > 1
        assert world.told("audit")["ended"]
        assert all(world.shown(*books))

    def test_who_has_lost_the_walk_takes_no_more_steps_of_it(self) -> None:
        world = paged(1, "a", "b")
        world.walk(AUDIT)
        step = first_step(world)
        world.forward(LEASE_SECONDS)
        world.walk()
        told = world.walk({"step": step})
        assert (told["more"], world.shown("a")) == (False, [False])
        assert "lost" in world.walk({"end": {"ticket": step["ticket"], "legs": []}})


class TestRedrives:
    @pytest.fixture
    def both(self, world: World) -> World:
        """There is a second view, of the loans of books."""
        world.more = [Follower(LOANS, MemoryTallies(), world.books.stores)]
        world.books.added("7", "8")
        return world

    def test_after_a_change_of_the_view_every_stream_is_folded_anew(self, world: World) -> None:
        world.books.added("7", "8")
        world.books.follow("book-7")
        told = world.walked({"start": "redrive"})
        assert (told["streams"], told["found"]) == (2, {SCOPE: 2})
        assert [world.books.rows.get(book).revision for book in "78"] == [2, 1]

    def test_every_stream_is_folded_anew_in_the_view_that_is_named_alone(self, both: World) -> None:
        told = both.walked({"start": "redrive", "view": VIEW})
        assert (told["purpose"], told["found"]) == (f"redrive/{VIEW}", {SCOPE: 2})

    def test_redrives_and_audits_leave_off_at_places_of_their_own(self) -> None:
        world = paged(1, *"abc")
        world.walk({"start": "redrive"})
        world.walk({"step": first_step(world)}, SHORT)
        world.machine.waiting.clear()
        assert world.audited()["streams"] == 3
        assert world.told("redrive")["streams"] == 1

    def test_only_stores_that_the_view_follows_are_walked(self, world: World) -> None:
        world.others = {"accounts": MemoryEventStore()}
        world.walk({"start": "redrive", "view": VIEW})
        assert [leg.of for leg in world.machine.waiting[0].legs] == [SERVICE]

    def test_one_generation_alone_can_be_folded_anew(self, both: World) -> None:
        told = both.walk({"start": "redrive", "view": SCOPE})
        assert told["walk"]["purpose"] == f"redrive/{SCOPE}"

    def test_an_unknown_view_does_nothing_and_says_which_there_are(self, both: World) -> None:
        told = both.walk({"start": "redrive", "view": "loan"})
        assert told == {"error": "There is no view or process 'loan'; there are books, loans."}
        assert both.machine.waiting == []


class TestStopping:
    def test_a_walk_is_stopped_where_it_is(self) -> None:
        world = paged(1, *"abc")
        world.walk({"start": "redrive"})
        step = first_step(world)
        world.walk({"step": step}, SHORT)
        told = world.walk({"stop": "redrive"})["stopped"]
        assert (told["gave_up"], told["streams"]) == ({"": "stopped"}, 1)
        assert (world.machine.waiting, world.machine.stopped) == ([], [step["ticket"]["holder"]])
        assert world.walk({"step": step})["more"] is False
        assert world.shown(*"abc") == [True, False, False]

    def test_what_is_not_on_its_way_can_not_be_stopped(self, world: World) -> None:
        assert world.walk({"stop": "audit"}) == {"error": "there is no walk 'audit' on its way"}


class TestLooks:
    def test_the_first_one_begins_an_audit(self, world: World) -> None:
        world.books.added("7")
        assert world.walk()["walks"] == {"audit": "on its way"}
        world.go()
        assert world.shown("7") == [True]
        assert world.walk()["walks"] == {}

    def test_a_walk_that_nobody_goes_on_with_is_taken_up_where_it_is(self) -> None:
        world = paged(1, *"abc")
        world.walk(AUDIT)
        world.walk({"step": first_step(world)}, SHORT)
        world.machine.waiting.clear()  # the execution is lost

        world.forward(LEASE_SECONDS - 1)
        assert world.walk()["walks"] == {}
        world.forward(1)
        assert world.walk()["walks"] == {"audit": "on its way"}
        world.go()
        assert all(world.shown(*"abc"))
        assert world.told("audit")["streams"] == 3

    def test_a_walk_that_could_not_be_set_out_on_is_taken_up_by_the_next_look(
        self, world: World
    ) -> None:
        world.books.added("7")
        world.machine.down = Unavailable("no machine")
        with pytest.raises(Unavailable):
            world.walk(AUDIT)
        assert world.walk()["walks"] == {"audit": "Unavailable: no machine"}
        world.machine.down = None
        assert world.walk()["walks"] == {"audit": "on its way"}
        world.go()
        assert world.shown("7") == [True]

    def test_a_walk_that_was_given_up_is_taken_up_by_the_next_look(self, logs: Lines) -> None:
        rows = BrokenRows()
        world = World(Books(rows=rows))
        world.books.added("7")
        world.walk({"start": "redrive", "view": VIEW})
        world.go()
        assert "a walk is given up for now" in [line["message"] for line in logs()]
        rows.down = False
        world.walk()
        world.go()
        assert world.shown("7") == [True]

    def test_a_walk_about_a_view_that_the_code_has_no_more_is_stopped(self, world: World) -> None:
        gone = Work(kind="drop", targets=("gone#1",))
        a_walker(world.books.store, [], world.notes, clock=lambda: world.now).start(gone)
        world.forward(2 * LEASE_SECONDS)
        assert "drop/gone#1" not in world.walk()["walks"]
        assert world.told("drop/gone#1")["gave_up"] == {"": "stopped"}

    def test_how_old_the_last_whole_audit_is_is_counted(self, world: World, metrics: Lines) -> None:
        world.walk()
        assert metrics() == [{"Done": 1, "service": "test"}]
        world.audited()
        world.forward(60)
        world.walk()
        assert {"AuditAge": 61, "service": "test"} in metrics()

    def test_an_audit_that_left_something_out_makes_none_younger(self, metrics: Lines) -> None:
        rows = BrokenRows()
        rows.down = False
        world = World(Books(rows=rows))
        world.audited()
        rows.down = True
        world.books.added("7")
        world.forward(3_600)
        assert world.audited()["gave_up"]
        metrics()
        world.walk()
        assert {"AuditAge": 3_601, "service": "test"} in metrics()

    def test_when_there_is_nothing_to_do_nothing_is_logged(self, world: World, logs: Lines) -> None:
        world.audited()
        before = len(logs())
        assert world.walk() == {"walks": {}, "unfilled": [], "changed": [], "errors": {}}
        assert len(logs()) == before


@pytest.mark.parametrize(
    "event",
    [
        {"start": "walks"},
        {"start": "audit", "x": 1},
        {"walks": False},
        {"redrive": "all"},
        {"views": False},
        {"rebuild": VIEW, "x": 1},
        {"switch": VIEW},
        {"switch": VIEW, "generation": 2},
        [1],
    ],
)
def test_what_is_not_understood_does_nothing_and_says_so(world: World, event: Any) -> None:
    assert "not understood" in world.walk(event)["error"]
    assert world.machine.waiting == []
