"""The operator's edge: the sweep finds what no message told, and a person can ask and redrive."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.entrypoints.sweeper import SPARE_MS, SweeperFunction
from cqrs.errors import Unavailable
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore, Heads
from cqrs.plain import replace
from tests.library.payloads import dynamodb, kinesis_of
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.sweeping import Bookmarks, Context, Failures
from tests.library.unit.entrypoints.wired import NOON, ROW, Books, BrokenRows, BrokenStore

VIEW = "books"
NOTHING: dict[str, Any] = {"applied": {}, "parked": {}, "failed": {}, "unknown": []}
UNREADABLE = {
    "version": 2,
    "error": "Unreadable: library has no event type 'Vanished'",
    "at": NOON,
}
SHORT = SPARE_MS - 1  # of the time that is left: too little for another page


class Stumbling(MemoryEventStore):
    """A store whose walk fails with `error`, once, at its n-th page."""

    stumbles_at = 0
    error: Exception = Unavailable("the store is down")

    def heads(self, cursor: str | None = None) -> Heads:
        self.stumbles_at -= 1
        if self.stumbles_at == 0:
            raise self.error
        return super().heads(cursor)


@dataclass
class World:
    books: Books = field(default_factory=Books)
    failures: Failures = field(default_factory=Failures)
    bookmarks: Bookmarks = field(default_factory=Bookmarks)
    others: dict[str, EventStore] = field(default_factory=dict)  # swept before the books

    def ask(self, event: dict[str, Any] | None = None, *remaining: int) -> dict[str, Any]:
        """`remaining` is the time left at each look, in milliseconds; enough after those."""
        function = SweeperFunction(
            stores={**self.others, "books": self.books.store},
            followers=[self.books.follower],
            failures=self.failures,
            bookmarks=self.bookmarks,
        )
        return function(event or {}, Context(*remaining))

    def swept(self, *remaining: int) -> Any:
        """What a sweep says of the store of books."""
        return self.ask({}, *remaining)["stores"]["books"]

    def redriven(self, stream: str) -> Any:
        """What a redrive says of the view of books."""
        return self.ask({"redrive": stream})["redrive"][VIEW]

    def gives_up(self, *commits: Commit, key: str = "batch-1") -> FailedBatch:
        """A mapping gives up on these commits."""
        batch = FailedBatch(key, tuple(kinesis_of(*commits)["Records"]))
        self.failures.left.append(batch)
        return batch

    def poison(self) -> None:
        """Book 7 is parked at its second commit."""
        self.books.added("7")
        self.books.breaks("book-7")
        self.books.follow("book-7")

    def mend(self) -> None:
        """Puts a good commit in the place of the one that nobody can read."""
        store: Any = self.books.store
        store._streams["book-7"][1] = (replace(self.books.stored("7")[0], version=2), "")

    def shown(self, *books: str) -> list[bool]:
        return [bool(self.books.rows.get(book).document) for book in books]


@pytest.fixture
def world() -> World:
    return World()


def paged(size: int, *books: str) -> World:
    """With these books, in a store whose walk has pages of this size."""
    world = World(Books(MemoryEventStore(page=size)))
    world.books.added(*books)
    return world


class TestSweep:
    def test_a_book_that_no_message_told_of_is_found(self, world: World) -> None:
        world.books.added("7")
        found = {"streams": 1, "behind": {VIEW: 1}, "failed": 0, "finished": True}
        nothing = {"batches": 0, "streams": 0}
        assert world.ask() == {"stores": {"books": found}, "given_up": nothing}
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
        assert world.bookmarks.kept == [("sweep/books", place) for place in places]

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
        assert (line["message"], line["stores"]["books"]["streams"]) == ("swept", 1)
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
        assert last["stores"]["books"]["behind"] == {VIEW: 2}
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
        assert swept["stores"]["books"]["behind"] == {VIEW: 1}
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
        assert (line["view"], line["part"]) == (VIEW, "books")
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
        assert swept["stores"]["books"]["behind"] == {VIEW: 1}
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


class TestOperators:
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
        told = world.ask({"redrive": "every"})["redrive"]["books"]
        assert (told["streams"], told["folded anew"], told["finished"]) == (2, {VIEW: 2}, True)
        assert [world.books.rows.get(book).revision for book in "78"] == [2, 1]

    def test_a_redrive_of_every_stream_and_a_sweep_leave_off_at_places_of_their_own(self) -> None:
        world = paged(1, *"abc")
        world.ask({"redrive": "every"}, SHORT)
        assert world.swept()["streams"] == 3

    def test_a_redrive_of_every_stream_starts_over_and_of_the_rest_goes_on(self) -> None:
        world = paged(1, *"abc")
        asked: list[tuple[str, int]] = [("every", SHORT), ("every", SHORT), ("rest", SPARE_MS)]
        parts = [world.ask({"redrive": what}, ms)["redrive"]["books"] for what, ms in asked]
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

    @pytest.mark.parametrize("stream", ["reader-7", "nothing", "book-nothing", "review-nothing"])
    def test_a_redrive_of_a_stream_that_is_not_there_says_so(
        self, world: World, stream: str
    ) -> None:
        assert world.redriven(stream) == NOTHING | {"unknown": [stream]}
        assert world.books.rows.get("nothing").revision == 0

    def test_a_store_that_is_down_is_told_to_the_operator(self) -> None:
        world = World(Books(BrokenStore(Unavailable("the store is down"))))
        assert world.redriven("book-7")["failed"] == {"book-7": "the store is down"}
