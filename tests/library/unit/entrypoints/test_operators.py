"""What a person asks of the sweeper: what is parked, what happened, and to fold anew."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryTallies
from cqrs.entrypoints.histories import MOST
from cqrs.entrypoints.sweeper import SPARE_MS
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from tests.library.books import LOANS, BookAdded, BookLent
from tests.library.processes import DOWN, TRIPS
from tests.library.processes import World as Trips
from tests.library.unit.entrypoints.asking import refused
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.sweeping import (
    NOTHING,
    SERVICE,
    SHORT,
    UNREADABLE,
    VIEW,
    World,
    paged,
)
from tests.library.unit.entrypoints.wired import ROW, Books, BrokenStore


@pytest.fixture
def world() -> World:
    return World()


class TestLags:
    def test_how_far_a_view_is_behind_is_counted_and_nothing_is_written(self, world: World) -> None:
        world.books.added("7", "8", "9")
        world.books.breaks("book-9")
        world.books.follow("book-7", "book-9")

        told = world.ask({"behind": True})

        lag = {"commits": 4, "behind": 1, "streams": 1, "parked": 1}
        assert told == {"behind": {"books#1": lag}, "down": {}, "finished": True}
        assert (world.shown("8"), world.bookmarks.kept) == ([False], [])

    def test_when_there_is_no_time_to_count_all_that_is_told(self, world: World) -> None:
        assert world.ask({"behind": True}, SHORT)["finished"] is False


class TestRedrives:
    def test_parked_streams_are_listed_with_what_stopped_them_and_when(self, world: World) -> None:
        world.poison()
        world.books.added("8")
        world.books.follow("book-8")
        assert world.ask({"parked": True}) == {"parked": {VIEW: {"book-7": UNREADABLE}}}

    def test_nothing_parked_is_an_empty_list(self, world: World) -> None:
        assert world.ask({"parked": True}) == {"parked": {VIEW: {}}}

    @pytest.mark.parametrize("asked", ["book-7", "all"])
    def test_a_parked_stream_is_folded_anew_after_the_fix(self, world: World, asked: str) -> None:
        world.poison()
        world.mend()
        assert world.redriven(asked) == NOTHING | {"applied": {"book-7": 2}}
        assert world.ask({"parked": True}) == {"parked": {VIEW: {}}}
        assert world.books.rows.get("7").positions == {"book-7": 2}

    def test_a_redrive_before_the_fix_parks_again_and_says_why(self, world: World) -> None:
        world.poison()
        assert world.redriven("book-7")["parked"] == {"book-7": UNREADABLE}
        assert world.ask({"parked": True}) == {"parked": {VIEW: {"book-7": UNREADABLE}}}

    def test_a_redrive_of_all_looks_at_what_is_parked_only(self, world: World) -> None:
        world.poison()
        world.mend()
        world.books.added("8")
        assert world.redriven("all")["applied"].keys() == {"book-7"}
        assert world.shown("8") == [False]

    def test_a_redrive_of_all_when_nothing_is_parked_does_nothing(self, world: World) -> None:
        world.books.added("7")
        assert world.redriven("all") == NOTHING

    def test_a_redrive_brings_a_stream_that_is_behind_up_to_date(self, world: World) -> None:
        world.books.added("7", "8")
        assert world.redriven("book-7")["applied"] == {"book-7": 1}
        assert world.shown("7", "8") == [True, False]

    def test_a_redrive_repairs_a_row_that_shows_what_never_happened(self, world: World) -> None:
        world.books.added("7")
        world.books.follow()
        rows = world.books.rows
        true = rows.get("7")
        part: Any = true.part("book-7")
        wrong = replace(part, state=part.state | {"loans": ["2026-01-01/ada"]})
        rows.save([replace(true, parts={"book-7": wrong}, document={"status": "withdrawn"})])

        world.redriven("book-7")

        mended = rows.get("7")
        assert (mended.document, mended.parts) == (true.document, true.parts)

    def test_after_a_change_of_the_view_every_stream_is_folded_anew(self, world: World) -> None:
        world.books.added("7", "8")
        world.books.follow("book-7")
        told = world.ask({"redrive": "every"})["redrive"][SERVICE]
        assert (told["streams"], told["folded anew"], told["finished"]) == (2, {VIEW: 2}, True)
        assert [world.books.rows.get(book).revision for book in "78"] == [2, 1]

    def test_a_redrive_of_every_stream_and_a_sweep_leave_off_at_places_of_their_own(self) -> None:
        world = paged(1, *"abc")
        world.ask({"redrive": "every"}, SHORT)
        assert world.swept()["streams"] == 3

    def test_a_redrive_of_every_stream_starts_over_and_of_the_rest_goes_on(self) -> None:
        world = paged(1, *"abc")
        asked: list[tuple[str, int]] = [("every", SHORT), ("every", SHORT), ("rest", SPARE_MS)]
        parts = [world.ask({"redrive": what}, ms)["redrive"][SERVICE] for what, ms in asked]
        assert [part["streams"] for part in parts] == [1, 1, 2]
        assert [part["finished"] for part in parts] == [False, False, True]

    @pytest.mark.parametrize(
        "event",
        [{"catchup": "book-7"}, {"redrive": 5}, {"parked": False}, {"parked": True, "x": 1}, [1]],
    )
    def test_what_is_not_understood_does_nothing_and_says_so(
        self, world: World, event: Any
    ) -> None:
        world.books.added("7")
        assert "not understood" in world.ask(event)["error"]
        assert (world.bookmarks.kept, world.shown("7")) == ([], [False])

    def test_a_redrive_is_logged_and_counted(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        world.books.added("7")
        world.redriven("book-7")
        (line,) = logs()
        assert (line["message"], line["applied"]) == ("redriven", {"book-7": 1})
        assert [counted["Applied"] for counted in metrics()] == [1]

    @pytest.mark.parametrize("stream", ["reader-7", "book-nothing", "review-nothing"])
    def test_a_redrive_of_a_stream_that_is_not_there_says_so(
        self, world: World, stream: str
    ) -> None:
        assert world.redriven(stream) == NOTHING | {"unknown": [stream]}
        assert world.books.rows.get("nothing").revision == 0

    def test_a_store_that_is_down_is_told_to_the_operator(self) -> None:
        world = World(Books(BrokenStore(Unavailable("the store is down"))))
        assert world.redriven("book-7")["failed"] == {"book-7": "the store is down"}

    @pytest.mark.parametrize("stream", ["7", "nothing", "book-", "everything", "Book-7"])
    def test_what_is_no_stream_is_said_to_be_none(self, world: World, stream: str) -> None:
        told = world.ask({"redrive": stream})
        assert told == {"error": f"'{stream}' is no stream, as order-7 is, nor all, every or rest"}


class TestRedrivesOfOneView:
    """There is a second view, of the loans of books."""

    @pytest.fixture
    def both(self, world: World) -> World:
        tallies = MemoryTallies()
        world.more = [Follower(LOANS, tallies, world.books.stores)]
        world.books.happens("book-7", BookAdded(), BookLent(reader="ada"))
        return world

    def test_a_stream_is_folded_anew_in_the_view_that_is_named_alone(self, both: World) -> None:
        told = both.ask({"redrive": "book-7", "view": "loans"})["redrive"]
        assert told == {"loans": NOTHING | {"applied": {"book-7": 2}}}
        assert both.shown("7") == [False]

    def test_all_that_is_parked_is_what_that_view_has_parked(self, both: World) -> None:
        both.books.breaks("book-7")
        both.ask()
        both.mend(3)
        assert both.ask({"redrive": "all", "view": VIEW})["redrive"].keys() == {VIEW}
        parked = both.ask({"parked": True})["parked"]
        assert (parked[VIEW], parked["loans"].keys()) == ({}, {"book-7"})

    def test_every_stream_is_folded_anew_in_the_view_that_is_named_alone(self, both: World) -> None:
        told = both.ask({"redrive": "every", "view": VIEW})["redrive"]
        assert told[SERVICE]["folded anew"] == {VIEW: 1}

    def test_the_rest_is_that_of_the_view(self) -> None:
        world = paged(1, *"abc")
        world.more = [Follower(LOANS, MemoryTallies(), world.books.stores)]
        world.ask({"redrive": "every", "view": "loans"}, SHORT)
        world.ask({"redrive": "every", "view": VIEW}, SHORT, SHORT)
        rest = [world.ask({"redrive": "rest", "view": v})["redrive"] for v in ("loans", VIEW)]
        assert [told[SERVICE]["streams"] for told in rest] == [2, 2]
        assert world.ask({"redrive": "rest"})["redrive"][SERVICE]["streams"] == 3

    def test_only_stores_that_the_view_follows_are_walked(self, world: World) -> None:
        world.others = {"accounts": MemoryEventStore()}
        assert world.ask({"redrive": "every", "view": VIEW})["redrive"].keys() == {SERVICE}

    def test_an_unknown_view_does_nothing_and_says_which_there_are(self, both: World) -> None:
        told = both.ask({"redrive": "every", "view": "loan"})
        assert told == {"error": "there is no view or process 'loan'; there are books, loans"}
        assert both.bookmarks.kept == []


class TestHistories:
    def test_the_commits_of_a_stream_are_told_as_they_are_stored(self, world: World) -> None:
        world.books.happens("book-7", BookAdded(copies=3), BookLent(reader="ada"))
        told = world.ask({"history": "book-7"})
        first, second = told["history"]["commits"]
        assert told["history"].keys() == {"commits"}
        assert (first["version"], first["command"]["type"]) == (1, "Test")
        assert first["events"][0]["data"] == {
            "title": "On engines",
            "author": "byron",
            "copies": 3,
        }
        assert second["events"] == [{"type": "BookLent", "schema": 1, "data": {"reader": "ada"}}]
        assert second["actor"] == "tester"
        assert (second["correlation"], second["causation"]) == ("request-book-7@2", "test")
        assert second["time"] == "2026-01-01T12:00:01.000000Z"

    def test_a_commit_that_nobody_can_read_is_told_as_it_is(self, world: World) -> None:
        for body in ("{", "3", ""):
            world.books.store.append(Commit("book-7", len(world.books.stored("7")) + 1, body), "")
        commits = world.ask({"history": "book-7"})["history"]["commits"]
        assert commits == [
            {"version": n, "unreadable": body} for n, body in enumerate(("{", "3", ""), start=1)
        ]

    def test_a_stream_that_is_nowhere_is_said_to_be_so(self, world: World) -> None:
        told = world.ask({"history": "book-7"})
        assert told == {"error": "no event store has a stream 'book-7'"}

    def test_a_stream_that_nobody_follows_is_told_too(self, world: World) -> None:
        world.unfollowed = MemoryEventStore()
        world.unfollowed.append(Commit("desk-7", 1, "{}"), "")
        assert world.ask({"history": "desk-7"})["history"] == {"commits": [{"version": 1}]}

    def test_a_long_history_is_told_in_parts(self, world: World) -> None:
        for n in range(1, MOST + 3):
            world.books.store.append(Commit("book-7", n, "{}"), "")
        first = world.ask({"history": "book-7"})["history"]
        assert (len(first["commits"]), first["more"]) == (MOST, MOST)
        rest = world.ask({"history": "book-7", "after": MOST})["history"]
        assert [commit["version"] for commit in rest["commits"]] == [MOST + 1, MOST + 2]
        assert rest.keys() == {"commits"}

    def test_what_is_told_fits_in_an_answer(self, world: World) -> None:
        large = '{"text": "' + "x" * 390_000 + '"}'
        for n in range(1, 13):
            world.books.store.append(Commit("book-7", n, large), "")
        told = world.ask({"history": "book-7"})["history"]
        assert (len(told["commits"]), told["more"]) == (10, 10)

    def test_a_store_that_is_down_is_told(self) -> None:
        world = World(Books(BrokenStore(Unavailable("the store is down"))))
        assert world.ask({"history": "book-7"}) == {"error": "Unavailable: the store is down"}

    def test_what_a_process_has_sent_and_was_answered_is_told_with_it(self, world: World) -> None:
        trips = Trips()
        world.others, world.more = {"trips": trips.store}, [trips.follower()]
        trips.works.trouble = {"bath": DOWN}
        trips.wishes("7", "bed", "bath")
        trips.visit("7")

        told = world.ask({"history": "trip-7"})

        assert [commit["version"] for commit in told["history"]["commits"]] == [1, 2]
        sent = told["sent"][TRIPS.name]
        assert sent["bed"]["answer"]["accepted"] is True
        assert (sent["bath"]["to"], sent["bath"]["message"]["command"]) == ("works", "Do")
        assert "answer" not in sent["bath"]

    def test_no_process_has_sent_anything_because_of_a_stream_that_none_follows(
        self, world: World
    ) -> None:
        trips = Trips()
        world.others, world.more = {"trips": trips.store}, [trips.follower()]
        world.books.added("7")
        assert world.ask({"history": "book-7"})["sent"] == {}


class TestFilling:
    def test_a_view_that_is_new_is_filled_and_open_from_then_on(
        self, world: World, logs: Lines
    ) -> None:
        world.kept = {VIEW: world.books.rows}
        world.books.rows.close()
        world.books.added("7", "8")
        refused(world.books.query(ROW, id="7"), 503, "view_not_filled")
        assert world.ask({"fill": "views"}) == {"filled": {VIEW: {"ready": True}}}
        assert world.books.query(ROW, id="7").status == 200
        (line,) = [line for line in logs() if line["message"] == "filled"]
        assert line["applied"] == {"book-7": 1, "book-8": 1}

    def test_a_view_that_is_filled_costs_a_look(self, world: World) -> None:
        world.kept = {VIEW: world.books.rows}
        world.books.added("7")
        assert world.ask({"fill": "views"}) == {"filled": {VIEW: {"ready": True}}}
        assert (world.shown("7"), world.bookmarks.kept) == ([False], [])

    def test_what_does_not_fit_into_the_time_is_done_by_the_next(self, logs: Lines) -> None:
        world = paged(2, *"abcde")
        world.kept = {VIEW: world.books.rows}
        world.books.rows.close()
        assert world.ask({"fill": "views"}, SHORT) == {"filled": {VIEW: {"ready": False}}}
        assert world.shown(*"abc") == [True, True, False]
        assert "a view is not filled yet" in [line["message"] for line in logs()]
        assert world.ask({"fill": "views"}) == {"filled": {VIEW: {"ready": True}}}
        assert all(world.shown(*"abcde"))
