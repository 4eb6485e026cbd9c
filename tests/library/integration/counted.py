"""What DynamoDB is asked, counted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import Any

import boto3

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import EventStore
from cqrs.history.events import Instant
from cqrs.plain import Value
from cqrs.read.consistency import Reader
from cqrs.write.commands import CommandHandler
from tests.library.books import BOOK, BOOKS, AddBook, BuyCopies, WithdrawBook
from tests.library.integration.tables import create_event_store, create_view_store

__all__ = ["Books", "Call", "Counted", "counted_books", "envelope"]


class Call(Value, kw_only=False):
    operation: str
    request: dict[str, Any]

    @property
    def write_units(self) -> int:
        """Of a PutItem: 1 for each kilobyte of names and values."""
        item = self.request["Item"].items()
        size = sum(len(name) + len(next(iter(value.values())).encode()) for name, value in item)
        return ceil(size / 1024)


class Counted:
    """A client of DynamoDB that writes down what it is asked."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb")
        self._calls: list[Call] = []

    def start(self) -> None:
        self.client.meta.events.register("before-call.dynamodb", self._note)

    def _note(self, model: Any, params: Any, **_: Any) -> None:
        self._calls.append(Call(model.name, json.loads(params["body"])))

    def taken(self) -> list[Call]:
        """The calls since the last time."""
        taken, self._calls = self._calls, []
        return taken

    def names(self) -> list[str]:
        return [call.operation for call in self.taken()]


@dataclass
class Books:
    """Books on DynamoDB. `deciding` is where commands load and append."""

    aws: Counted
    store: DynamoDbEventStore
    deciding: EventStore
    added: int = 0
    remembered_bytes: int = 0  # as in a function that has just started, with each command

    def __post_init__(self) -> None:
        self.rows = DynamoDbRows("books", "books#1", BOOKS.lists, lambda: self.aws.client)
        self.stores = dict.fromkeys(("book", "review"), self.store)
        self.commands = CommandHandler(
            self.deciding,
            BOOK,
            pause=lambda _: None,
            clock=count().__next__,  # seconds from one command to the next
            remembered_bytes=self.remembered_bytes,
        )
        self.follower = Follower(BOOKS, self.rows, self.stores)
        self.reader = Reader(BOOKS, self.rows, self.stores)

    def add(self, key: str = "", *, book: str = "", copies: int = 2) -> str:
        self.added += 1
        book = book or f"b{self.added}"
        command = AddBook(book_id=book, title="On engines", author="byron", copies=copies)
        self.commands.handle(book, command, envelope(key or f"add-{book}"), opens=True)
        return book

    def withdraw(self, book: str, key: str = "withdraw") -> int:
        """The version that it leads to."""
        return self.commands.handle(book, WithdrawBook(book_id=book), envelope(key)).version

    def buy(self, book: str, number: int) -> None:
        command = BuyCopies(book_id=book, copies=1)
        self.commands.handle(book, command, envelope(f"buy-{number}"))

    def commits(self, *books: str) -> dict[str, list[Commit]]:
        return {f"book-{book}": list(self.store.read(f"book-{book}")) for book in books}

    def follow(self, *books: str) -> None:
        assert not self.follower.catch_up(self.commits(*books)).failed


def counted_books() -> Books:
    aws = Counted()
    create_event_store(aws.client, "events")
    create_view_store(aws.client, "books", ("author", "status"))
    store = DynamoDbEventStore("events", client=lambda: aws.client)
    books = Books(aws, store, store)
    aws.start()
    return books


def envelope(key: str) -> Envelope:
    return Envelope(
        command_id=key.ljust(16, "-")[:16],
        command_type="AnyCommand",
        fingerprint="fingerprint12345",
        actor="ada@example.com",
        correlation_id="JKJaXmPLvHcESHA=",
        causation_id="JKJaXmPLvHcESHA=",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )
