"""What views cost to ask and to keep up to date, counted on moto.

These numbers are promises. Who changes one changes what the system costs and how long it takes.
"""

from __future__ import annotations

import pytest

from cqrs.adapters.dynamodb_notes import DynamoDbNotes
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.facts import facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.errors import NotFilled
from cqrs.read.consistency import Reader, Token
from cqrs.read.joiner import Joiner
from cqrs.views.generations import CACHE_SECONDS, Cached, Editions
from cqrs.views.rows import RowView
from cqrs.write.aggregates import Aggregates
from tests.library.books import (
    AUTHORS,
    BOOK,
    BOOK_WITH_AUTHOR,
    BOOK_WITH_READERS,
    BOOKS,
    READERS,
    LendBook,
)
from tests.library.integration.counted import Books, counted_books, envelope
from tests.library.integration.tables import create_register, create_view_store
from tests.library.payloads import http
from tests.library.waiting import Clock
from tests.library.walking import a_walker, audit, to_the_end


@pytest.fixture
def books(aws: None) -> Books:
    return counted_books()


class TestQueries:
    def test_a_row_is_one_read_at_half_the_price(self, books: Books) -> None:
        book = books.add()
        books.follow(book)
        books.aws.taken()
        books.reader.get(book, Token())
        (get,) = books.aws.taken()
        assert get.operation == "GetItem"
        assert not get.request.get("ConsistentRead")

    def test_a_row_at_its_token_is_one_read(self, books: Books) -> None:
        book = books.add()
        books.follow(book)
        books.aws.taken()
        books.reader.get(book, Token({f"book-{book}": 1}))
        assert books.aws.names() == ["GetItem"]

    def test_a_row_behind_its_token_is_two_reads_and_no_write(self, books: Books) -> None:
        book = books.add()
        books.follow(book)
        books.withdraw(book)
        books.aws.taken()
        answer = books.reader.get(book, Token({f"book-{book}": 2}))
        assert answer.rows[0].document
        assert answer.rows[0].document["status"] == "withdrawn"
        assert books.aws.names() == ["GetItem", "Query"]

    def test_a_list_is_one_read(self, books: Books) -> None:
        books.follow(*(books.add() for _ in range(5)))
        books.aws.taken()
        answer = books.reader.page("author", "byron", Token(), limit=3)
        assert len(answer.rows) == 3
        assert books.aws.names() == ["Query"]

    def test_a_list_at_its_token_is_two_reads(self, books: Books) -> None:
        added = [books.add() for _ in range(5)]
        books.follow(*added)
        books.aws.taken()
        token = Token({f"book-{book}": 1 for book in added})
        books.reader.page("author", "byron", token, limit=3)
        assert sorted(books.aws.names()) == ["BatchGetItem", "Query"]

    def test_a_list_behind_its_token_is_one_read_more_for_each_stream(self, books: Books) -> None:
        books.follow(*(books.add() for _ in range(3)))
        late = [books.add(), books.add()]
        books.aws.taken()
        token = Token({f"book-{book}": 1 for book in late})
        answer = books.reader.page("author", "byron", token, limit=10)
        assert len(answer.rows) == 5
        assert sorted(books.aws.names()) == ["BatchGetItem", "Query", "Query", "Query"]

    def test_lookups_of_all_kinds_are_one_read_however_many_rows_name_them(
        self, books: Books
    ) -> None:
        joins = [(BOOK_WITH_AUTHOR, AUTHORS), (BOOK_WITH_READERS, READERS)]
        lookups = [
            (join, DynamoDbRows("books", view.name, (), lambda: books.aws.client))
            for join, view in joins
        ]
        joiner = Joiner(lookups, dict.fromkeys(("author", "reader"), books.store))
        added = [books.add() for _ in range(5)]
        for book in added:
            lend = LendBook(book_id=book, reader="ada")
            books.commands.handle(book, lend, envelope(f"lend-{book}"))
        books.follow(*added)
        books.aws.taken()
        joiner.join(books.reader.page("author", "byron", Token(), limit=5))
        assert books.aws.names() == ["Query", "BatchGetItem"]

    def test_which_generation_is_active_is_one_read_for_all_views_of_a_function(
        self, books: Books
    ) -> None:
        register = create_register(books.aws.client, "generations", BOOKS, AUTHORS)
        clock = Clock()
        cached = Cached(register, {"books", "authors"}, clock)
        reader = Reader(BOOKS, editions(books, BOOKS, cached), books.stores)
        joins = [(BOOK_WITH_AUTHOR, editions(books, AUTHORS, cached))]
        joiner = Joiner(joins, {"author": books.store})
        books.follow(books.add())
        books.aws.taken()

        for _ in range(3):
            joiner.join(reader.page("author", "byron", Token(), limit=3))
        register_read, *others = books.aws.taken()
        assert register_read.operation == "BatchGetItem"
        (asked,) = register_read.request["RequestItems"].values()
        assert (len(asked["Keys"]), asked["ConsistentRead"]) == (2, True)
        assert [call.operation for call in others] == ["Query", "BatchGetItem"] * 3

        clock.now += CACHE_SECONDS
        for _ in range(2):
            reader.get("7", Token())
        assert books.aws.names() == ["BatchGetItem", "GetItem", "GetItem"]

    def test_a_view_that_is_not_filled_is_not_looked_at_with_every_query(
        self, books: Books
    ) -> None:
        register = create_register(books.aws.client, "generations")
        cached = Cached(register, {"books"}, Clock())
        reader = Reader(BOOKS, editions(books, BOOKS, cached), books.stores)
        books.aws.taken()
        for _ in range(2):
            with pytest.raises(NotFilled):
                reader.get("7", Token())
        assert books.aws.names() == ["BatchGetItem"]


def editions(books: Books, view: RowView, cached: Cached) -> Editions[DynamoDbRows]:
    def rows(here: RowView) -> DynamoDbRows:
        return DynamoDbRows("books", here.scope, here.lists, lambda: books.aws.client)

    return Editions.of(view, rows, cached)


class TestFacts:
    def test_facts_of_many_are_a_read_for_each(self, books: Books) -> None:
        added = [books.add() for _ in range(3)]
        books.aws.taken()
        aggregates = Aggregates(books.store, BOOK)
        facts = facts_of_many(aggregates, lambda key, _: {"book_id": key}, "book", "books")
        event = http("GET /books", query={"book": ",".join(added)})
        assert HttpFunction({"GET /books": facts})(event, None)["statusCode"] == 200
        assert books.aws.names() == ["Query"] * 3


class TestFollowing:
    def test_a_batch_is_one_read_and_a_write_for_each_row(self, books: Books) -> None:
        added = [books.add() for _ in range(10)]
        for book in added:
            for n in range(9):
                books.buy(book, n)
        hints = books.commits(*added)
        assert sum(map(len, hints.values())) == 100
        books.aws.taken()

        report = books.follower.catch_up(hints)

        assert sum(report.applied.values()) == 100
        assert books.aws.names() == ["BatchGetItem"] + ["PutItem"] * 10

    def test_a_batch_that_comes_again_is_one_read(self, books: Books) -> None:
        hints = books.commits(*(books.add() for _ in range(10)))
        books.follower.catch_up(hints)
        books.aws.taken()
        books.follower.catch_up(hints)
        (load,) = books.aws.taken()
        assert load.operation == "BatchGetItem"
        assert load.request["RequestItems"]["books"]["ConsistentRead"]

    def test_a_gap_is_one_read_of_the_store(self, books: Books) -> None:
        book = books.add()
        for n in range(5):
            books.buy(book, n)
        last = books.commits(book)[f"book-{book}"][-1]
        books.aws.taken()
        report = books.follower.catch_up({f"book-{book}": [last]})
        assert report.applied == {f"book-{book}": 6}
        assert books.aws.names() == ["BatchGetItem", "Query", "PutItem"]


class TestWalking:
    def test_an_audit_of_what_is_up_to_date_is_scans_and_batch_reads(self, books: Books) -> None:
        books.follow(*(books.add() for _ in range(30)))
        books.aws.taken()
        audited = audit(books.store, [books.follower])
        assert (audited.streams, audited.found) == (30, {})
        assert books.aws.names() == ["DescribeTable", "Scan", "BatchGetItem"]

    def test_an_audit_reads_only_the_streams_that_are_behind(self, books: Books) -> None:
        added = [books.add() for _ in range(5)]
        books.follow(*added)
        books.withdraw(added[2])
        books.aws.taken()
        assert audit(books.store, [books.follower]).found == {"books#1": 1}
        assert books.aws.names()[2:] == ["BatchGetItem", "BatchGetItem", "Query", "PutItem"]

    def test_a_walk_reads_keys_only_at_half_the_price(self, books: Books) -> None:
        books.add()
        books.aws.taken()
        books.store.heads()
        (scan,) = books.aws.taken()
        assert scan.request["ProjectionExpression"] == "#stream, version"
        assert not scan.request.get("ConsistentRead")  # what it misses the next audit finds

    def test_a_group_of_streams_is_a_note(self, books: Books) -> None:
        """And a few more: two to start, two for a step, three to end."""
        create_view_store(books.aws.client, "walks")
        books.follow(*(books.add() for _ in range(30)))
        walker = a_walker(
            books.store, [books.follower], DynamoDbNotes("walks", lambda: books.aws.client), group=3
        )
        books.aws.taken()
        to_the_end(walker)
        written = [call for call in books.aws.taken() if call.operation == "PutItem"]
        assert {call.request["TableName"] for call in written} == {"walks"}
        assert len(written) == 10 + 7

    def test_notes_are_one_call(self, books: Books) -> None:
        create_view_store(books.aws.client, "walks")
        notes = DynamoDbNotes("walks", lambda: books.aws.client)
        books.aws.taken()
        notes.save("leg/audit/library/0", "here", 0)
        notes.load([f"leg/audit/library/{n}" for n in range(64)])
        assert books.aws.names() == ["PutItem", "BatchGetItem"]
