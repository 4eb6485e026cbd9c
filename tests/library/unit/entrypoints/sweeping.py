"""What a sweeper function works with, in memory, and the function itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import ANY

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.entrypoints.sweeper import SPARE_MS, SweeperFunction
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore, Heads
from cqrs.history.events import EventTypes
from cqrs.plain import replace
from cqrs.views.filling import Fillable
from tests.library.books import BOOK_FOLD, BOOKS
from tests.library.payloads import kinesis_of
from tests.library.unit.entrypoints.wired import NOON, Books


class Context:
    """Lambda's, with this much time left at each look."""

    def __init__(self, *remaining: int) -> None:
        self._remaining = iter(remaining)

    def get_remaining_time_in_millis(self) -> int:
        return next(self._remaining, 300_000)


class Failures:
    """What mappings gave up on, in memory."""

    def __init__(self, *batches: FailedBatch) -> None:
        self.left = list(batches)

    def batches(self) -> Iterator[FailedBatch]:
        yield from list(self.left)

    def remove(self, batch: FailedBatch) -> None:
        self.left.remove(batch)


class Bookmarks:
    """Where walks leave off, in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str | None]] = []

    def get(self, name: str) -> str | None:
        return dict(self.kept).get(name)

    def put(self, name: str, place: str | None) -> None:
        self.kept.append((name, place))


VIEW = "books"
SERVICE = "library"
NOTHING: dict[str, Any] = {"applied": {}, "parked": {}, "failed": {}, "unknown": []}
UNREADABLE = {
    "version": 2,
    "error": "Unreadable: the stored data is not a Named: Object contains unknown field `nothing`",
    "at": NOON,
    "cause": "error",
    "trace": ANY,
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


def follower_of(service: str) -> Follower:
    """Of a service that has nothing but a name."""
    fold = replace(BOOK_FOLD, category="other", events=EventTypes(service))
    view = replace(BOOKS, name=f"{service}_view", folds=[fold])
    return Follower(view, MemoryRows(), {"other": MemoryEventStore()})


@dataclass
class World:
    books: Books = field(default_factory=Books)
    failures: Failures = field(default_factory=Failures)
    bookmarks: Bookmarks = field(default_factory=Bookmarks)
    others: dict[str, EventStore] = field(default_factory=dict)  # swept before the books
    kept: dict[str, Fillable] = field(default_factory=dict)
    more: list[Follower] = field(default_factory=list)
    unfollowed: EventStore = field(default_factory=MemoryEventStore)

    def ask(self, event: dict[str, Any] | None = None, *remaining: int) -> dict[str, Any]:
        """`remaining` is the time left at each look, in milliseconds; enough after those."""
        function = SweeperFunction(
            stores={**self.others, SERVICE: self.books.store},
            followers=[*map(follower_of, self.others), self.books.follower, *self.more],
            failures=self.failures,
            bookmarks=self.bookmarks,
            kept=self.kept,
            unfollowed=[self.unfollowed],
        )
        return function(event or {}, Context(*remaining))

    def swept(self, *remaining: int) -> Any:
        """What a sweep says of the store of books."""
        return self.ask({}, *remaining)["stores"][SERVICE]

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

    def mend(self, version: int = 2) -> None:
        """Puts a good commit in the place of the one that nobody can read."""
        store: Any = self.books.store
        good = replace(self.books.stored("7")[0], version=version)
        store._streams["book-7"][version - 1] = (good, "")

    def shown(self, *books: str) -> list[bool]:
        return [bool(self.books.rows.get(book).document) for book in books]


def paged(size: int, *books: str) -> World:
    """With these books, in a store whose walk has pages of this size."""
    world = World(Books(MemoryEventStore(page=size)))
    world.books.added(*books)
    return world
