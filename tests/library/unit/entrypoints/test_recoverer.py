"""What mappings gave up on is taken up, once a minute, and what goes on by itself is visited."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.discretion import said
from cqrs.entrypoints import recoverer
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.views.rows import Row
from tests.library.books import BOOKS
from tests.library.payloads import dynamodb, kinesis_of
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.tending import VIEW, Failures, World
from tests.library.unit.entrypoints.wired import Books, BrokenRows, ForbiddenRows
from tests.library.worlds import follower, history, older, shouted, shown, stored

SHORT = recoverer.SPARE_MS - 1  # of the time that is left: too little for another batch


@pytest.fixture
def world() -> World:
    return World()


def test_a_batch_that_was_given_up_is_taken_and_removed(world: World, logs: Lines) -> None:
    world.gives_up(*world.books.added("7", "8"))
    assert world.recover() == {"batches": 1, "streams": 2, "left": 0}
    assert world.failures.left == []
    assert world.shown("7", "8") == [True, True]
    (line,) = [line for line in logs() if line["message"] == "rung"]
    assert line["applied"] == {"book-7": 1, "book-8": 1}


def test_a_batch_of_a_stores_stream_is_taken_too(world: World) -> None:
    records = dynamodb(*world.books.added("7"))["Records"]
    world.failures.left.append(FailedBatch("batch-1", tuple(records)))
    assert world.recover() == {"batches": 1, "streams": 1, "left": 0}


def test_a_batch_that_fails_again_stays() -> None:
    world = World(Books(rows=BrokenRows()))
    batch = world.gives_up(*world.books.added("7"))
    assert world.recover() == {"batches": 0, "streams": 0, "left": 1}
    assert world.failures.left == [batch]


def test_a_view_that_fails_keeps_no_other_from_taking_a_batch_and_is_named(metrics: Lines) -> None:
    rows = MemoryRows()
    world = World(Books(rows=ForbiddenRows()))
    world.more = [Follower(replace(BOOKS, name="others"), rows, world.books.stores)]
    batch = world.gives_up(*world.books.added("7"))
    assert world.recover() == {"batches": 0, "streams": 0, "left": 1}
    assert rows.get("7").document
    assert world.failures.left == [batch]
    assert {"PartErrors": 1, "part": VIEW, "service": "test"} in metrics()


def test_when_there_is_no_time_left_batches_wait_for_the_next_minute(world: World) -> None:
    for number, commit in enumerate(world.books.added("7", "8"), start=1):
        world.gives_up(commit, key=f"batch-{number}")

    # the clock is looked at before each batch
    assert world.recover(SHORT + 1, SHORT) == {"batches": 1, "streams": 1, "left": 1}
    assert len(world.failures.left) == 1
    assert world.recover() == {"batches": 1, "streams": 1, "left": 0}
    assert world.failures.left == []


def test_a_batch_with_a_poisoned_stream_goes_away_and_the_stream_stays_parked(world: World) -> None:
    world.poison()
    world.gives_up(*world.books.stored("7"))
    assert world.recover() == {"batches": 1, "streams": 1, "left": 0}
    assert world.books.rows.get("7").parked


def test_records_that_cannot_be_read_are_logged_and_the_others_taken(
    world: World, logs: Lines
) -> None:
    records = kinesis_of(Commit("nameless", 1, "{}"), *world.books.added("7"))["Records"]
    strange: Any = ["text", None, {"kinesis": {"data": "?"}}]
    world.failures.left.append(FailedBatch("batch-1", (*strange, *records)))
    assert world.recover() == {"batches": 1, "streams": 1, "left": 0}
    unreadable = [line for line in logs() if line["message"] == "unreadable record"]
    assert [line["object"] for line in unreadable] == ["batch-1"] * 4


def test_what_is_no_batch_is_left_for_people_and_logged(world: World, logs: Lines) -> None:
    batch = world.gives_up(key="strange")
    assert world.recover() == {"batches": 0, "streams": 0, "left": 1}
    assert world.failures.left == [batch]
    assert "strange" in [line.get("object") for line in logs()]


def test_that_it_was_done_is_counted_though_nothing_was_left(world: World, metrics: Lines) -> None:
    assert world.recover() == {"batches": 0, "streams": 0, "left": 0}
    assert metrics() == [{"Done": 1, "service": "test"}]


@pytest.mark.parametrize("error", [Unavailable("the bucket is down"), KeyError("Contents")])
def test_a_bucket_in_trouble_is_told_and_counted_and_is_not_done(
    error: Exception, metrics: Lines
) -> None:
    class Broken(Failures):
        def keys(self) -> list[str]:
            raise error

    told = World(failures=Broken()).recover()
    assert told == {"error": said(error)}
    assert metrics() == [{"PartErrors": 1, "part": "given_up", "service": "test"}]


def test_a_batch_that_another_has_just_taken_is_passed_over(world: World) -> None:
    class Taken(Failures):
        def batch(self, key: str) -> None:
            return None

    world.failures = Taken(world.gives_up(*world.books.added("7")))
    assert world.recover()["batches"] == 0


def test_batches_that_are_stuck_do_not_always_come_first(world: World) -> None:
    """However many there are that fail, and however little the time, one that can be is taken."""
    world.books.rows = BrokenRows()
    stuck = [world.gives_up(key=f"batch-{n}") for n in range(9)]
    taken = world.gives_up(Commit("nothing", 1, "{}"), key="batch-9")
    runs = 0
    while taken in world.failures.left:
        world.recover(SHORT + 1, SHORT + 1, SHORT)
        runs += 1
        assert runs < 500
    assert world.failures.left == stuck


class TestGoingOn:
    """There is a view of notes, too, whose code has learnt what newer code had written."""

    def notes(self, world: World, *before: list[Commit], **sizes: Any) -> MemoryRows:
        rows, store = MemoryRows(), stored(*before)
        older(rows, store, **sizes).catch_up({commits[0].stream: () for commits in before})
        world.more.append(follower(rows, store, **sizes))
        return rows

    def test_what_was_ahead_of_the_code_goes_on_when_the_code_is_here(
        self, world: World, logs: Lines
    ) -> None:
        rows = self.notes(world, [shouted(one) for one in history("order-7", "a", "b")])
        assert rows.get("7").marks["order-7"].cause == "ahead"
        assert world.recovered()["went_on"] == {"notes#1": {"applied": 2, "left": 0}}
        assert shown(rows, "7") == {"order": ["a", "b"], "payment": []}
        (line,) = [line for line in logs() if line["message"] == "went on"]
        assert (line["view"], line["applied"]) == ("notes", {"order-7": 2})
        assert world.recovered()["went_on"] == {}

    def test_what_is_still_ahead_waits_and_is_not_told(self, world: World) -> None:
        rows, store = MemoryRows(), stored([shouted(one) for one in history("order-7", "a")])
        old = older(rows, store)
        old.catch_up({"order-7": ()})
        world.more = [old]
        assert world.recovered()["went_on"] == {}
        assert rows.get("7").marks["order-7"].cause == "ahead"

    def test_a_long_stream_is_followed_to_its_end(self, world: World) -> None:
        rows = self.notes(world, history("order-7", *"abcde"), chunk=1, budget=2)
        assert rows.get("7").positions == {"order-7": 2}
        assert world.recovered()["went_on"] == {"notes#1": {"applied": 3, "left": 0}}
        assert shown(rows, "7") == {"order": [*"abcde"], "payment": []}

    def test_when_there_is_no_time_left_the_rest_waits_for_the_next_minute(
        self, world: World
    ) -> None:
        rows = self.notes(world, history("order-7", *"abcde"), chunk=1, budget=2)
        assert world.recovered(SHORT)["went_on"] == {"notes#1": {"applied": 2, "left": 1}}
        assert rows.get("7").positions == {"order-7": 4}
        assert world.recovered()["went_on"] == {"notes#1": {"applied": 1, "left": 0}}

    def test_a_view_in_trouble_keeps_no_other_from_going_on_and_is_named(
        self, world: World, metrics: Lines
    ) -> None:
        class Down(MemoryRows):
            def going_on(self, limit: int, after: str | None = None) -> list[Row]:
                raise Unavailable("the index is down")

        down = Follower(replace(BOOKS, name="others"), Down(), world.books.stores)
        world.more = [down]
        rows = self.notes(world, [shouted(one) for one in history("order-7", "a")])
        assert world.recovered()["went_on"] == {
            "others#1": {"error": "Unavailable: the index is down"},
            "notes#1": {"applied": 1, "left": 0},
        }
        assert shown(rows, "7")
        assert {"PartErrors": 1, "part": "others", "service": "test"} in metrics()

    def test_a_bucket_in_trouble_keeps_nothing_from_going_on(self, world: World) -> None:
        class Broken(Failures):
            def keys(self) -> list[str]:
                raise Unavailable("the bucket is down")

        world.failures = Broken()
        self.notes(world, [shouted(one) for one in history("order-7", "a")])
        assert world.recovered() == {
            "given_up": {"error": "Unavailable: the bucket is down"},
            "went_on": {"notes#1": {"applied": 1, "left": 0}},
        }
