"""What the functions work with that look after views and processes, in memory, and they
themselves.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from unittest.mock import ANY

from cqrs.adapters.memory import MemoryEventStore, MemoryNotes, MemoryRows
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.entrypoints.operator import OperatorFunction
from cqrs.entrypoints.recoverer import RecovererFunction
from cqrs.entrypoints.walker import SPARE_MS, WalkerFunction
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.event_store import WHOLE, EventStore, Heads, Section, Stored
from cqrs.history.events import EventTypes, Instant
from cqrs.history.instants import later
from cqrs.plain import dump, replace
from cqrs.views.rows import View
from tests.library.books import BOOK_FOLD, BOOKS
from tests.library.generations import Views
from tests.library.payloads import kinesis_of
from tests.library.unit.entrypoints.wired import NOON, Books
from tests.library.walking import STEPS, StateMachine


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

    def keys(self) -> list[str]:
        return [batch.key for batch in self.left]

    def batch(self, key: str) -> FailedBatch | None:
        return next((batch for batch in self.left if batch.key == key), None)

    def remove(self, batch: FailedBatch) -> None:
        self.left.remove(batch)


VIEW = "books"
SCOPE = "books#1"
SERVICE = "library"
NOTHING: dict[str, Any] = {"applied": {}, "parked": {}, "failed": {}, "unknown": []}
UNREADABLE = {
    "version": 2,
    "error": "Unreadable: the stored data is not a Named: Object contains unknown field `nothing`",
    "at": NOON,
    "cause": "error",
    "trace": ANY,
}
SHORT = SPARE_MS - 1  # of the time that is left: too little for another group of streams


class Stumbling(MemoryEventStore):
    """A store whose walk fails with `error`, once, at its n-th page."""

    stumbles_at = 0
    error: Exception = Unavailable("the store is down")

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        self.stumbles_at -= 1
        if self.stumbles_at == 0:
            raise self.error
        return super().heads(cursor, section)


def follower_of(service: str) -> Follower:
    """Of a service that has nothing but a name."""
    fold = replace(BOOK_FOLD, category="other", events=EventTypes(service))
    view = replace(BOOKS, name=f"{service}_view", folds=[fold])
    return Follower(view, MemoryRows(), {"other": MemoryEventStore()})


class AtNoon(Views):
    """What is parked is so since noon."""

    def follower(self, view: View) -> Follower:
        return Follower(view, self.rows(view), self.stores, clock=lambda: NOON)


def filled(books: Books) -> Views:
    """The view of books in its first generation, which has everything."""
    views = unregistered(books)
    views.generations.filled(BOOKS, views.generations.make(BOOKS))
    return views


def unregistered(books: Books) -> Views:
    """The view of books, of which nobody has made a generation yet."""
    services = {SERVICE: books.store}
    return AtNoon(BOOKS, stores=books.stores, services=services, rows={SCOPE: books.rows})


@dataclass
class World:
    """`given` are views whose generations come and go; else that of books is there, and filled."""

    books: Books = field(default_factory=Books)
    given: Views | None = None
    failures: Any = field(default_factory=Failures)
    notes: MemoryNotes = field(default_factory=MemoryNotes)
    machine: StateMachine = field(default_factory=StateMachine)
    others: dict[str, EventStore] = field(default_factory=dict)  # walked before the books
    more: list[Follower] = field(default_factory=list)
    unfollowed: EventStore = field(default_factory=MemoryEventStore)

    @cached_property
    def views(self) -> Views:
        return self.given or filled(self.books)

    def deploys(self, *views: View) -> None:
        """Newer code is here, with these views."""
        before = self.views
        register, kept = before.register, before.kept
        self.views = Views(
            *views, stores=before.stores, services=before.services, rows=kept, register=register
        )
        self.views.clock.now = before.clock()

    @property
    def followers(self) -> list[Follower]:
        return [*map(follower_of, self.others), *self.views.roster, *self.more]

    @property
    def stores(self) -> dict[str, EventStore]:
        return {**self.others, SERVICE: self.books.store}

    @property
    def walker(self) -> WalkerFunction:
        """Each is another process."""
        function = WalkerFunction(
            self.stores,
            lambda: self.followers,
            self.notes,
            self.machine,
            self.views.generations,
            clock=lambda: self.now,
        )
        function._walker._pause = lambda _: None
        return function

    @property
    def now(self) -> Instant:
        return later(NOON, self.views.clock())

    def forward(self, seconds: float) -> None:
        self.views.pass_by(seconds)

    # `remaining` is the time left at each look, in milliseconds; enough after those.

    def ask(self, event: dict[str, Any], *remaining: int) -> dict[str, Any]:
        """What the operator's function says."""
        function = OperatorFunction(self.stores, lambda: self.followers, [self.unfollowed])
        return function(event, Context(*remaining))

    def walk(self, event: dict[str, Any] | None = None, *remaining: int) -> dict[str, Any]:
        """What the walker says; to nothing, what its look once a minute has found."""
        return self.walker(event or {}, Context(*remaining))

    def recovered(self, *remaining: int) -> dict[str, Any]:
        """What the recoverer says."""
        function = RecovererFunction(lambda: self.followers, self.failures)
        return function({}, Context(*remaining))

    def recover(self, *remaining: int) -> Any:
        """What the recoverer says of the batches that were given up."""
        return self.recovered(*remaining)["given_up"]

    def go(self) -> None:
        """The machine takes all steps of what waits for it."""
        self.machine.go(self.walker, Context)

    def walked(self, event: dict[str, Any]) -> dict[str, Any]:
        """What is told of a walk when the machine has taken all its steps."""
        purpose = self.walk(event)["walk"]["purpose"]
        self.go()
        return self.told(purpose)

    def told(self, purpose: str) -> dict[str, Any]:
        """What is told of a walk."""
        told: dict[str, Any] = self.walk({"walks": True})["walks"][purpose]
        return told

    def audited(self) -> dict[str, Any]:
        return self.walked({"start": "audit"})

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
        store._streams["book-7"][version - 1] = Stored(good, "")

    def shown(self, *books: str) -> list[bool]:
        return [bool(self.books.rows.get(book).document) for book in books]


def paged(size: int, *books: str) -> World:
    """With these books, in a store whose walk has pages of this size."""
    world = World(Books(MemoryEventStore(page=size)))
    world.books.added(*books)
    return world


def first_step(world: World) -> dict[str, Any]:
    """The first step of the walk that waits for the machine."""
    run = world.machine.waiting[0]
    return {"ticket": dump(run.ticket), "leg": dump(run.legs[0]), "left": STEPS}
