"""What a person asks of views: what is parked, what happened, and to fold anew."""

from typing import Any, ClassVar

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows, MemoryTallies
from cqrs.entrypoints.histories import MOST
from cqrs.entrypoints.operator import MAX_SHOWN, SPARE_MS
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.event_store import Stored
from cqrs.plain import replace
from tests.library.books import LOANS, BookAdded, BookLent
from tests.library.processes import DOWN, TRIPS
from tests.library.processes import World as Trips
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.tending import (
    NOTHING,
    UNREADABLE,
    VIEW,
    World,
)
from tests.library.unit.entrypoints.wired import Books, BrokenStore
from tests.library.worlds import follower, history, older, shouted, stored

SHORT = SPARE_MS - 1  # of the time that is left: too little for another page
LISTED = UNREADABLE | {"events": ["book.Named@1"]}


@pytest.fixture
def world() -> World:
    return World()


class TestLags:
    def test_how_far_a_view_is_behind_is_counted_and_nothing_is_written(self, world: World) -> None:
        world.books.added("7", "8", "9")
        world.books.breaks("book-9")
        world.books.follow("book-7", "book-9")

        told = world.ask({"behind": True})

        lag = {"commits": 4, "behind": 1, "streams": 1, "parked": 1, "rows": 2}
        assert told == {"behind": {"books#1": lag}, "down": {}, "finished": True}
        assert world.shown("8") == [False]

    def test_when_there_is_no_time_to_count_all_that_is_told(self, world: World) -> None:
        assert world.ask({"behind": True}, SHORT)["finished"] is False


class TestRedrives:
    def test_parked_streams_are_listed_with_what_stopped_them_and_when(self, world: World) -> None:
        world.poison()
        world.books.added("8")
        world.books.follow("book-8")
        assert world.ask({"parked": True}) == {"parked": {VIEW: {"book-7": LISTED}}}

    def test_where_the_error_comes_from_is_listed_too(self, world: World) -> None:
        world.poison()
        listed = world.ask({"parked": True})["parked"][VIEW]["book-7"]
        assert "plain.py" in listed["trace"]

    def test_of_very_many_that_are_parked_the_events_of_the_first_hundred_are_listed(
        self, world: World
    ) -> None:
        streams = [f"book-{n}" for n in range(MAX_SHOWN + 5)]
        for stream in streams:
            world.books.breaks(stream)
        world.books.follow(*streams)
        listed = world.ask({"parked": True})["parked"][VIEW].values()
        assert ["events" in mark for mark in listed] == [True] * MAX_SHOWN + [False] * 5

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
        assert world.ask({"parked": True}) == {"parked": {VIEW: {"book-7": LISTED}}}

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

    @pytest.mark.parametrize(
        "event",
        [{"catchup": "book-7"}, {"redrive": 5}, {"parked": False}, {"parked": True, "x": 1}, [1]],
    )
    def test_what_is_not_understood_does_nothing_and_says_so(
        self, world: World, event: Any
    ) -> None:
        world.books.added("7")
        assert "not understood" in world.ask(event)["error"]
        assert world.shown("7") == [False]

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

    @pytest.mark.parametrize("stream", ["7", "nothing", "book-", "every", "Book-7"])
    def test_what_is_no_stream_is_said_to_be_none(self, world: World, stream: str) -> None:
        told = world.ask({"redrive": stream})
        assert told == {"error": f"'{stream}' is no stream, as order-7 is, nor all"}


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
        both.books.follow()
        both.more[0].catch_up({"book-7": ()})
        both.mend(3)
        assert both.ask({"redrive": "all", "view": VIEW})["redrive"].keys() == {VIEW}
        parked = both.ask({"parked": True})["parked"]
        assert (parked[VIEW], parked["loans"].keys()) == ({}, {"book-7"})

    def test_an_unknown_view_does_nothing_and_says_which_there_are(self, both: World) -> None:
        told = both.ask({"redrive": "book-7", "view": "loan"})
        assert told == {"error": "there is no view or process 'loan'; there are books, loans"}
        assert both.shown("7") == [False]


class TestRedrivesOfSome:
    """Three notes are parked, for three reasons; one because newer code has written it."""

    REASONS: ClassVar = {"order-1": "poison", "order-2": "unshowable", "order-3": "news"}

    @pytest.fixture
    def notes(self, world: World) -> World:
        store = stored(*(history(stream, why) for stream, why in self.REASONS.items()))
        store._streams["order-3"] = [Stored(shouted(store.read("order-3")[0]), "")]
        rows = MemoryRows()
        older(rows, store).catch_up(dict.fromkeys(self.REASONS, ()))
        world.others, world.more = {"world": store}, [follower(rows, store)]
        return world

    def redriven(self, world: World, **some: str) -> list[str]:
        told = world.ask({"redrive": "all", "view": "notes", **some})["redrive"]["notes"]
        return sorted({*told["applied"], *told["parked"]})

    def test_every_reason_has_a_cause_and_shows_the_events(self, notes: World) -> None:
        parked = notes.ask({"parked": True})["parked"]["notes"]
        assert {stream: (mark["cause"], mark["events"]) for stream, mark in parked.items()} == {
            "order-1": ("error", ["order.Noted@1"]),
            "order-2": ("error", ["order.Noted@1"]),
            "order-3": ("ahead", ["order.Shouted@1"]),
        }

    @pytest.mark.parametrize(
        ("some", "streams"),
        [
            ({"error": "Poison"}, "order-1"),
            ({"error": "ValueError"}, "order-2"),
            ({"error": "nothing of the kind"}, ""),
            ({"cause": "ahead"}, "order-3"),
            ({"cause": "error"}, "order-1 order-2"),
            ({"cause": "ahead", "error": "Poison"}, ""),
            ({}, "order-1 order-2 order-3"),
        ],
        ids=str,
    )
    def test_those_of_an_error_or_of_a_cause_alone_are_folded_anew(
        self, notes: World, some: dict[str, str], streams: str
    ) -> None:
        assert self.redriven(notes, **some) == streams.split()

    @pytest.mark.parametrize(
        ("event", "said"),
        [
            (
                {"redrive": "all", "cause": "late"},
                "'late' is no cause; there are error, ahead, long",
            ),
            ({"redrive": "order-1", "error": "Poison"}, "choose among all"),
        ],
        ids=str,
    )
    def test_a_choice_that_means_nothing_is_refused(
        self, notes: World, event: dict[str, str], said: str
    ) -> None:
        assert said in notes.ask(event)["error"]


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
