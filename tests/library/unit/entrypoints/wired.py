"""The books in memory, wired as functions wire them, and stores that are in trouble."""

import itertools
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from cqrs.adapters.memory import MemoryEventStore, MemoryKinds, MemoryPublisher, MemoryRows
from cqrs.entrypoints.commands import CommandFunction, changes, opens, opens_named
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import in_query, one_of, page_of, row_of
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import EventStore
from cqrs.history.events import EventCodec, Instant
from cqrs.history.instants import later
from cqrs.plain import replace
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.views.generations import Edition, Editions
from cqrs.views.rows import View
from cqrs.write.commands import CommandHandler
from cqrs.write.decider import Decider
from tests.library.books import (
    AUTHORS,
    BOOK,
    BOOK_WITH_AUTHOR,
    BOOK_WITH_READERS,
    BOOKS,
    LIBRARY,
    READERS,
    AddBook,
    BookAdded,
    BuyCopies,
    LendBook,
    Named,
    Status,
    WithdrawBook,
)
from tests.library.generations import Views
from tests.library.payloads import http
from tests.library.unit.entrypoints.asking import Answer, ask

ADD = "POST /books"
ADD_NAMED = "POST /catalogue"
LEND = "POST /books/{id}/loans"
WITHDRAW = "POST /books/{id}/withdraw"
ROW = "GET /books/{id}"
BY_AUTHOR = "GET /authors/{id}/books"
BY_STATUS = "GET /books"
IN_QUERY = "GET /catalogue"

NOON = Instant("2026-01-01T12:00:00.000000Z")
CODEC = EventCodec(LIBRARY)

R = TypeVar("R")


@dataclass
class Books:
    """What happens to books, also behind the back of their views."""

    store: EventStore = field(default_factory=MemoryEventStore)
    rows: MemoryRows = field(default_factory=MemoryRows)
    authors: MemoryRows = field(default_factory=MemoryRows)
    readers: MemoryRows = field(default_factory=MemoryRows)
    views: Views | None = None  # where the generations of the view of books come and go
    unfilled: set[str] = field(default_factory=set)  # the views that do not have everything yet
    joined: bool = False  # whether queries show the names of authors and readers
    generation: int = 1
    decider: Decider[Any, Any, Any] = BOOK
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    kinds: MemoryKinds = field(default_factory=MemoryKinds)
    requests: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    seconds: Iterator[int] = field(default_factory=itertools.count)

    # What happens

    def happens(self, stream: str, *events: object) -> list[Commit]:
        """A commit per event, at the end of the stream; a second later each."""
        head = len(self.store.read(stream))
        commits = [
            Commit.of(stream, head + n, [event], self._envelope(f"{stream}@{head + n}"), CODEC)
            for n, event in enumerate(events, start=1)
        ]
        for commit in commits:
            self.store.append(commit, "")
        return commits

    def _envelope(self, name: str) -> Envelope:
        return Envelope(
            command_id=name,
            command_type="Test",
            fingerprint="",
            actor="tester",
            correlation_id=f"request-{name}",
            causation_id="test",
            time=later(NOON, next(self.seconds)),
        )

    def added(self, *books: str, **fields: Any) -> list[Commit]:
        """These books are added, one after the other."""
        return [c for book in books for c in self.happens(f"book-{book}", BookAdded(**fields))]

    def breaks(self, stream: str, *, known: str = '"name"') -> Commit:
        """A commit that nobody can read, at the end of the stream: it lacks what is `known`."""
        version = len(self.store.read(stream)) + 1
        good = Commit.of(stream, version, [Named(name="")], self._envelope(stream), CODEC)
        broken = replace(good, body=good.body.replace(known, '"nothing"'))
        self.store.append(broken, "")
        return broken

    def stored(self, book: str) -> Sequence[Commit]:
        return self.store.read(f"book-{book}")

    def follow(self, *streams: str) -> None:
        """Lets the views catch up with these streams, or with all."""
        for follower in self.followers:
            hints = dict.fromkeys(streams or self.store.heads().versions, ())
            assert not follower.catch_up(hints).failed

    # What is asked

    def command(self, route: str, **request: Any) -> Answer:
        """Sends a command in a request of its own: `request-1`, `request-2` ..."""
        number = {"request_id": f"request-{next(self.requests)}"}
        return ask(self.commands, http(route, **number | request))

    def reply(self, message: object, *more: object, context: Any = None) -> dict[str, Any]:
        """What a service that sends `message` gets. As Lambda passes things on: JSON in and out."""
        event = json.loads(json.dumps({"message": message} | ({"more": more} if more else {})))
        reply: dict[str, Any] = json.loads(json.dumps(self.commands(event, context)))
        return reply

    def query(self, route: str, **request: Any) -> Answer:
        return ask(self.queries, http(route, **request))

    # How it is wired

    @cached_property
    def stores(self) -> dict[str, Any]:
        return dict.fromkeys(("author", "book", "reader", "review"), self.store)

    @cached_property
    def commands(self) -> CommandFunction:
        books = CommandHandler(self.store, self.decider, pause=lambda _: None)
        return CommandFunction(
            {
                ADD: opens(books, AddBook, "book_id", "/books/{id}"),
                ADD_NAMED: opens_named(books, AddBook, "book_id", "/books/{id}"),
                LEND: changes(books, LendBook, "book_id"),
                WITHDRAW: changes(books, WithdrawBook, "book_id"),
            },
            messages=[changes(books, BuyCopies, "book_id")],
        )

    @cached_property
    def queries(self) -> HttpFunction:
        view = replace(BOOKS, generation=self.generation)
        rows = self.views.editions(view) if self.views else self.rows
        books = Reader(view, rows, self.stores)
        joins = [
            (BOOK_WITH_AUTHOR, self.authors),
            (BOOK_WITH_READERS, editions(READERS, self.readers, self.unfilled)),
        ]
        joiner = Joiner(joins, self.stores) if self.joined else None
        status, author = one_of("status", Status), in_query("author")
        return HttpFunction(
            {
                ROW: row_of(books, "book", joiner),
                BY_AUTHOR: page_of(books, "author", "books", joiner),
                BY_STATUS: page_of(books, "status", "books", joiner, status),
                IN_QUERY: page_of(books, "author", "books", joiner, author),
            }
        )

    @cached_property
    def follower(self) -> Follower:
        return Follower(BOOKS, self.rows, self.stores, clock=lambda: NOON)

    @cached_property
    def followers(self) -> list[Follower]:
        return [
            self.follower,
            Follower(AUTHORS, self.authors, self.stores),
            Follower(READERS, self.readers, self.stores),
        ]


def editions(view: View, rows: R, unfilled: Collection[str]) -> Editions[R]:
    """The only generation of a view, which may not be filled."""
    return Editions(
        view.name,
        lambda: [Edition(scope=view.scope, rows=rows, filled=view.name not in unfilled)],
    )


class BrokenStore(MemoryEventStore):
    """A store that fails with `error`, if there is one, whatever it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def _fail(self) -> None:
        if self.error:
            raise self.error

    def load(self, *args: Any, **kwargs: Any) -> Any:
        self._fail()
        return super().load(*args, **kwargs)

    def append(self, *args: Any, **kwargs: Any) -> None:
        self._fail()
        super().append(*args, **kwargs)

    def read(self, *args: Any, **kwargs: Any) -> Any:
        self._fail()
        return super().read(*args, **kwargs)


class BrokenRows(MemoryRows):
    """Rows that can't be loaded while `down`."""

    down = True

    def load(self, *args: Any, **kwargs: Any) -> Any:
        if self.down:
            raise Unavailable("the table is down")
        return super().load(*args, **kwargs)

    def get(self, key: str) -> Any:
        return self.load([key])[key]


class ForbiddenRows(MemoryRows):
    """Rows that may not be asked."""

    def load(self, *args: Any, **kwargs: Any) -> Any:
        raise PermissionError("access denied")
