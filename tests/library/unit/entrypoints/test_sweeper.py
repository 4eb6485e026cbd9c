"""The sweep finds what no message told, and takes up what mappings gave up on."""

from collections.abc import Iterator
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.entrypoints.sweeper import SPARE_MS
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from tests.library.books import BOOKS
from tests.library.payloads import dynamodb, kinesis_of
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.sweeping import (
    SERVICE,
    SHORT,
    VIEW,
    Failures,
    Stumbling,
    World,
    paged,
)
from tests.library.unit.entrypoints.wired import ROW, Books, BrokenRows, BrokenStore, ForbiddenRows


@pytest.fixture
def world() -> World:
    return World()


class TestSweep:
    def test_a_book_that_no_message_told_of_is_found(self, world: World) -> None:
        world.books.added("7")
        found = {"streams": 1, "behind": {VIEW: 1}, "failed": 0, "finished": True}
        nothing = {"batches": 0, "streams": 0}
        assert world.ask() == {"stores": {SERVICE: found}, "given_up": nothing}
        assert world.books.query(ROW, id="7").status == 200

    def test_a_second_sweep_finds_nothing(self, world: World) -> None:
        world.books.added("7")
        assert [world.swept()["behind"] for _ in range(2)] == [{VIEW: 1}, {}]

    def test_an_empty_store_is_swept_at_once(self, world: World) -> None:
        assert world.swept() == {"streams": 0, "behind": {}, "failed": 0, "finished": True}

    def test_a_sweep_stops_in_time_and_the_next_one_goes_on(self) -> None:
        world = paged(2, *"abcde")
        first, second = world.swept(300_000, SHORT), world.swept()
        assert (first["streams"], first["finished"]) == (4, False)
        assert (second["streams"], second["finished"]) == (1, True)
        assert all(world.shown(*"abcde"))
        assert world.swept()["streams"] == 5

    def test_a_sweep_that_breaks_off_is_continued_at_the_page_that_broke_it(self) -> None:
        store = Stumbling(page=2)
        world = World(Books(store))
        world.books.added(*"abcde")
        store.stumbles_at = 3
        assert world.swept() == {"error": "Unavailable: the store is down"}
        assert world.shown(*"abcde") == [True, True, True, True, False]
        second = world.swept()
        assert (second["streams"], second["finished"]) == (1, True)
        assert all(world.shown(*"abcde"))

    def test_where_to_go_on_is_kept_after_every_page(self) -> None:
        world = paged(2, *"abcde")
        world.ask()
        places = ["book-b", "book-d", None]
        assert world.bookmarks.kept == [(f"sweep/{SERVICE}", place) for place in places]

    def test_a_parked_stream_waits_for_a_person(self, world: World) -> None:
        world.poison()
        assert world.swept()["behind"] == {}

    def test_what_could_not_be_healed_is_counted(self) -> None:
        store = BrokenStore()
        world = World(Books(store))
        world.books.added("7")
        store.error = Unavailable("the store is down")  # the walk goes on; streams can't be read
        assert world.swept()["failed"] == 1

    def test_a_sweep_that_finds_nothing_leaves_one_line(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        world.books.added("7")
        world.books.follow()
        world.ask()
        (line,) = logs()
        assert (line["message"], line["stores"][SERVICE]["streams"]) == ("swept", 1)
        assert metrics() == []

    def test_what_a_sweep_applied_and_parked_is_logged_and_counted(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        world.books.added("7", "8")
        world.books.breaks("book-8")
        world.ask()
        parked, line, last = logs()
        assert (parked["message"], parked["stream"]) == ("parked", "book-8")
        assert (line["message"], line["view"]) == ("swept", VIEW)
        assert line["applied"] == {"book-7": 1, "book-8": 1}
        assert line["parked"].keys() == {"book-8"}
        assert last["stores"][SERVICE]["behind"] == {VIEW: 2}
        (counted,) = metrics()
        assert (counted["Applied"], counted["Parked"], counted["view"]) == (2, 1, VIEW)

    @pytest.mark.parametrize("error", [Unavailable("the store is down"), KeyError("stream")])
    def test_a_store_in_trouble_does_not_keep_the_others_from_being_swept(
        self, error: Exception, logs: Lines, metrics: Lines
    ) -> None:
        broken = Stumbling()
        broken.stumbles_at, broken.error = 1, error
        world = World(others={"accounts": broken})
        world.gives_up(*world.books.added("7"))

        swept = world.ask()

        assert swept["stores"]["accounts"] == {"error": f"{type(error).__name__}: {error}"}
        assert swept["stores"][SERVICE]["behind"] == {VIEW: 1}
        assert swept["given_up"] == {"batches": 1, "streams": 1}
        (line,) = [line for line in logs() if line["message"] == "a part of the sweep failed"]
        assert (line["level"], line["part"]) == ("ERROR", "accounts")
        assert line["exception_name"] == type(error).__name__
        assert {"SweepErrors": 1, "part": "accounts", "service": "test"} in metrics()

    def test_a_view_in_trouble_is_named_and_counted(self, logs: Lines, metrics: Lines) -> None:
        world = World(Books(rows=BrokenRows()))
        world.books.added("7")
        assert world.swept()["down"] == {VIEW: "Unavailable: the table is down"}
        (line,) = [line for line in logs() if line["message"] == "a view could not be swept"]
        assert (line["view"], line["part"]) == (VIEW, SERVICE)
        assert {"SweepErrors": 1, "part": VIEW, "service": "test"} in metrics()

    @pytest.mark.parametrize("error", [Unavailable("the bucket is down"), KeyError("Contents")])
    def test_a_bucket_in_trouble_does_not_keep_the_stores_from_being_swept(
        self, error: Exception, metrics: Lines
    ) -> None:
        class Broken(Failures):
            def batches(self) -> Iterator[FailedBatch]:
                raise error

        world = World(failures=Broken())
        world.books.added("7")

        swept = world.ask()

        assert swept["given_up"] == {"error": f"{type(error).__name__}: {error}"}
        assert swept["stores"][SERVICE]["behind"] == {VIEW: 1}
        assert {"SweepErrors": 1, "part": "given_up", "service": "test"} in metrics()


class TestGivenUp:
    def test_a_batch_that_was_given_up_is_taken_and_removed(self, logs: Lines) -> None:
        store = Stumbling()
        world = World(Books(store))
        world.gives_up(*world.books.added("7", "8"))
        store.stumbles_at = 1  # so that it is not the walk that finds them
        assert world.ask()["given_up"] == {"batches": 1, "streams": 2}
        assert world.failures.left == []
        assert world.shown("7", "8") == [True, True]
        (line,) = [line for line in logs() if line["message"] == "rung"]
        assert line["applied"] == {"book-7": 1, "book-8": 1}

    def test_a_batch_of_a_stores_stream_is_taken_too(self, world: World) -> None:
        records = dynamodb(*world.books.added("7"))["Records"]
        world.failures.left.append(FailedBatch("batch-1", tuple(records)))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}

    def test_a_batch_that_fails_again_stays(self) -> None:
        world = World(Books(rows=BrokenRows()))
        batch = world.gives_up(*world.books.added("7"))
        assert world.ask()["given_up"] == {"batches": 0, "streams": 0}
        assert world.failures.left == [batch]

    def test_a_view_that_fails_keeps_no_other_from_taking_a_batch_and_is_named(
        self, metrics: Lines
    ) -> None:
        store, rows = Stumbling(), MemoryRows()
        world = World(Books(store, rows=ForbiddenRows()))
        world.more = [Follower(replace(BOOKS, name="others"), rows, world.books.stores)]
        batch = world.gives_up(*world.books.added("7"))
        store.stumbles_at = 1  # so that it is not the walk that finds it
        assert world.ask()["given_up"] == {"batches": 0, "streams": 0}
        assert rows.get("7").document
        assert world.failures.left == [batch]
        assert {"SweepErrors": 1, "part": VIEW, "service": "test"} in metrics()

    def test_when_there_is_no_time_left_batches_wait_for_the_next_sweep(self, world: World) -> None:
        for number, commit in enumerate(world.books.added("7", "8"), start=1):
            world.gives_up(commit, key=f"batch-{number}")

        # the clock is looked at after each page of a walk, and before each batch
        swept = world.ask({}, SPARE_MS, SPARE_MS, SHORT)

        assert swept["given_up"] == {"batches": 1, "streams": 1}
        assert [batch.key for batch in world.failures.left] == ["batch-2"]
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        assert world.failures.left == []

    def test_a_batch_with_a_poisoned_stream_goes_away_and_the_stream_stays_parked(
        self, world: World
    ) -> None:
        world.poison()
        world.gives_up(*world.books.stored("7"))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        assert world.books.rows.get("7").parked

    def test_records_that_cannot_be_read_are_logged_and_the_others_taken(
        self, world: World, logs: Lines
    ) -> None:
        records = kinesis_of(Commit("nameless", 1, "{}"), *world.books.added("7"))["Records"]
        strange: Any = ["text", None, {"kinesis": {"data": "?"}}]
        world.failures.left.append(FailedBatch("batch-1", (*strange, *records)))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        unreadable = [line for line in logs() if line["message"] == "unreadable record"]
        assert [line["object"] for line in unreadable] == ["batch-1"] * 4

    def test_what_is_no_batch_is_left_for_people_and_logged(
        self, world: World, logs: Lines
    ) -> None:
        batch = world.gives_up(key="strange")
        assert world.ask()["given_up"] == {"batches": 0, "streams": 0}
        assert world.failures.left == [batch]
        assert "strange" in [line.get("object") for line in logs()]
