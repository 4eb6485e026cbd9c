"""What commands cost: calls to DynamoDB and its units, counted on moto.

These numbers are promises. Who changes one changes what the system costs and how long it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.errors import PreconditionFailed
from cqrs.write.recent import LOADED, REMEMBERED
from tests.library.books import BookIsThere, NothingToAdd
from tests.library.clubs import (
    GUARDED,
    CountVisits,
    NameIsTaken,
    PrizeIsGone,
    TakeName,
    WinPrize,
    send,
)
from tests.library.integration.counted import Books, Counted, counted_books
from tests.library.integration.tables import create_event_store, create_guard_store


@pytest.fixture
def books(aws: None) -> Books:
    return counted_books()


class Racing:
    """A store in which another writer is faster before each of the first appends."""

    def __init__(self, store: DynamoDbEventStore, *winners: Callable[[], object]) -> None:
        self._store = store
        self._winners = list(winners)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, *args: Any) -> None:
        if self._winners:
            self._winners.pop(0)()
        self._store.append(*args)


class TestCommands:
    def test_a_command_that_opens_a_stream_is_one_write(self, books: Books) -> None:
        books.add()
        (put,) = books.aws.taken()
        assert (put.operation, put.write_units) == ("PutItem", 1)

    def test_any_other_command_is_a_read_and_a_write(self, books: Books) -> None:
        book = books.add()
        books.aws.taken()
        books.withdraw(book)
        query, put = books.aws.taken()
        assert (query.operation, put.operation, put.write_units) == ("Query", "PutItem", 1)
        assert query.request["ConsistentRead"]
        assert query.request["Limit"] == LOADED

    def test_a_command_to_a_stream_that_a_warm_function_knows_is_one_write(
        self, books: Books
    ) -> None:
        warm = Books(books.aws, books.store, books.store, remembered_bytes=10_000)
        book = warm.add()
        for n in range(3):
            warm.buy(book, n)
        puts = warm.aws.taken()
        assert [(put.operation, put.write_units) for put in puts] == [("PutItem", 1)] * 4

    def test_if_others_wrote_to_it_since_it_is_a_refused_write_more(self, books: Books) -> None:
        warm = Books(books.aws, books.store, books.store, remembered_bytes=10_000)
        book = warm.add()
        books.buy(book, 1)
        books.aws.taken()
        assert warm.withdraw(book) == 3
        assert warm.aws.names() == ["PutItem", "Query", "PutItem"]

    def test_a_command_with_nothing_to_do_is_a_read(self, books: Books) -> None:
        book = books.add()
        books.withdraw(book)
        books.aws.taken()
        books.withdraw(book, "again")
        assert books.aws.names() == ["Query"]

    def test_an_opening_command_that_is_repeated_is_one_refused_write(self, books: Books) -> None:
        books.add("key-1", book="7")
        books.aws.taken()
        books.add("key-1", book="7")
        assert books.aws.names() == ["PutItem"]

    def test_opening_what_another_command_opened_is_a_refused_write_and_a_read(
        self, books: Books
    ) -> None:
        books.add("key-1", book="7")
        books.aws.taken()
        with pytest.raises(BookIsThere):
            books.add("key-2", book="7")
        assert books.aws.names() == ["PutItem", "Query"]

    def test_an_opening_command_that_breaks_a_rule_is_refused_after_a_read(
        self, books: Books
    ) -> None:
        with pytest.raises(NothingToAdd):
            books.add(copies=0)
        assert books.aws.names() == ["Query"]

    def test_any_other_command_that_is_repeated_is_a_read(self, books: Books) -> None:
        book = books.add()
        books.withdraw(book, "key-1")
        books.aws.taken()
        books.withdraw(book, "key-1")
        assert books.aws.names() == ["Query"]

    def test_a_lost_race_costs_one_more_write_and_no_read(self, books: Books) -> None:
        book = books.add()
        racing: Any = Racing(books.store, lambda: books.buy(book, 1))
        loser = Books(books.aws, books.store, racing)
        books.aws.taken()
        assert loser.withdraw(book) == 3
        the_other = ["Query", "PutItem"]
        assert books.aws.names() == ["Query", *the_other, "PutItem", "PutItem"]

    def test_a_race_lost_again_costs_a_read_too(self, books: Books) -> None:
        book = books.add()
        racing: Any = Racing(books.store, lambda: books.buy(book, 1), lambda: books.buy(book, 2))
        loser = Books(books.aws, books.store, racing)
        books.aws.taken()
        assert loser.withdraw(book) == 4
        the_other = ["Query", "PutItem"]
        first, second = ["Query", *the_other, "PutItem"], [*the_other, "PutItem"]
        assert books.aws.names() == [*first, *second, "Query", "PutItem"]

    def test_a_long_stream_costs_no_more_than_a_short_one(self, books: Books) -> None:
        book = books.add()
        for n in range(3 * LOADED):
            books.buy(book, n)
            books.aws.taken()
        books.withdraw(book)
        assert books.aws.names() == ["Query", "PutItem"]

    def test_an_append_is_conditional_and_brings_back_who_won(self, books: Books) -> None:
        books.add()
        (put,) = books.aws.taken()
        assert put.request["ConditionExpression"] == "attribute_not_exists(version)"
        assert put.request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


class Club:
    """Members on DynamoDB, whose names and prizes are held by guards."""

    def __init__(self) -> None:
        self.aws = Counted()
        create_event_store(self.aws.client, "events")
        create_guard_store(self.aws.client, "guards")
        self.store = DynamoDbEventStore("events", "guards", client=lambda: self.aws.client)
        self.aws.start()
        self._keys = iter(range(1_000))

    def send(self, member: str, command: object, **how: Any) -> None:
        send(self.store, member, command, f"key-{next(self._keys)}", **how)


@pytest.fixture
def club(aws: None) -> Club:
    club = Club()
    club.send("1", CountVisits(visits=1), opens=True)
    club.aws.taken()
    return club


class TestGuards:
    def test_an_append_with_a_guard_is_one_transaction(self, club: Club) -> None:
        club.send("1", TakeName(name="ada"))
        query, write = club.aws.taken()
        assert (query.operation, write.operation) == ("Query", "TransactWriteItems")
        own, guard = (action["Put"] for action in write.request["TransactItems"])
        assert (own["TableName"], guard["TableName"]) == ("events", "guards")
        assert own["ConditionExpression"] == "attribute_not_exists(version)"
        assert guard["ConditionExpression"] == "attribute_not_exists(guard)"
        assert {put["ReturnValuesOnConditionCheckFailure"] for put in (own, guard)} == {"ALL_OLD"}

    def test_an_append_without_a_guard_is_none(self, club: Club) -> None:
        club.send("1", TakeName(name="ada"))
        club.aws.taken()
        club.send("1", CountVisits(visits=1))
        assert club.aws.names() == ["Query", "PutItem"]

    def test_a_command_that_is_guarded_costs_no_call_more(self, club: Club) -> None:
        club.send("1", CountVisits(visits=1), decider=GUARDED)
        assert club.aws.names() == ["Query", "TransactWriteItems"]

    def test_a_guarded_command_that_is_out_of_date_looks_at_its_guard_on_a_long_stream(
        self, club: Club
    ) -> None:
        for _ in range(REMEMBERED):
            club.send("1", CountVisits(visits=1))
        club.aws.taken()
        with pytest.raises(PreconditionFailed):
            club.send("1", CountVisits(visits=1), decider=GUARDED, expected=1)
        query, get = club.aws.taken()
        assert (query.operation, get.operation) == ("Query", "GetItem")
        assert (get.request["TableName"], get.request["ConsistentRead"]) == ("guards", True)

    def test_what_another_stream_holds_is_refused_by_the_one_write(self, club: Club) -> None:
        club.send("1", TakeName(name="ada"))
        club.send("2", TakeName(name="bob"))
        club.aws.taken()

        with pytest.raises(NameIsTaken):
            club.send("2", TakeName(name="ada"))
        assert club.aws.names() == ["Query", "TransactWriteItems"]
        with pytest.raises(NameIsTaken):
            club.send("3", TakeName(name="ada"), opens=True)
        assert club.aws.names() == ["TransactWriteItems", "Query", "TransactWriteItems"]

    def test_what_the_own_stream_holds_is_a_read_more(self, club: Club) -> None:
        club.send("1", WinPrize(prize="cup"))
        club.aws.taken()
        with pytest.raises(PrizeIsGone):
            club.send("1", WinPrize(prize="cup"))
        assert club.aws.names() == ["Query", "TransactWriteItems", "Query"]
