"""What views cost to ask and to keep up to date, counted on moto.

These numbers are promises. Who changes one changes what the system costs and how long it takes.
"""

from __future__ import annotations

import pytest

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.facts import facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.errors import NotFilled
from cqrs.follow.sweep import sweep
from cqrs.read.consistency import Reader, Token
from cqrs.read.joiner import Joiner
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
from tests.library.integration.tables import filled
from tests.library.payloads import http


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

    def test_lookups_are_a_read_for_each_kind_however_many_rows_name_them(
        self, books: Books
    ) -> None:
        joins = [(BOOK_WITH_AUTHOR, AUTHORS), (BOOK_WITH_READERS, READERS)]
        lookups = [
            (join, filled(DynamoDbRows("books", view.name, (), lambda: books.aws.client)))
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
        assert books.aws.names() == ["Query", "BatchGetItem", "BatchGetItem"]

    def test_the_first_query_costs_a_read_more_to_see_that_the_view_is_filled(
        self, books: Books
    ) -> None:
        rows = DynamoDbRows.of(BOOKS, "books")
        rows._client = lambda: books.aws.client
        reader = Reader(BOOKS, rows, books.stores)
        books.aws.taken()
        reader.get("7", Token())
        reader.page("author", "byron", Token(), limit=3)
        assert books.aws.names() == ["BatchGetItem", "GetItem", "Query"]

    def test_a_view_that_is_not_filled_is_looked_at_with_every_query(self, books: Books) -> None:
        books.rows.close()
        reader = Reader(BOOKS, DynamoDbRows.of(BOOKS, "books"), books.stores)
        reader._rows._client = lambda: books.aws.client
        books.aws.taken()
        for _ in range(2):
            with pytest.raises(NotFilled):
                reader.get("7", Token())
        assert books.aws.names() == ["BatchGetItem"] * 2


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


class TestSweeping:
    def test_a_sweep_of_what_is_up_to_date_is_scans_and_batch_reads(self, books: Books) -> None:
        books.follow(*(books.add() for _ in range(30)))
        books.aws.taken()
        (swept,) = sweep(books.store, [books.follower])
        assert (swept.streams, swept.behind) == (30, {})
        assert books.aws.names() == ["Scan", "BatchGetItem"]

    def test_a_sweep_reads_only_the_streams_that_are_behind(self, books: Books) -> None:
        added = [books.add() for _ in range(5)]
        books.follow(*added)
        books.withdraw(added[2])
        books.aws.taken()
        (swept,) = sweep(books.store, [books.follower])
        assert swept.behind == {"books": 1}
        assert books.aws.names() == ["Scan", "BatchGetItem", "BatchGetItem", "Query", "PutItem"]

    def test_a_walk_reads_keys_only_at_half_the_price(self, books: Books) -> None:
        books.add()
        books.aws.taken()
        books.store.heads()
        (scan,) = books.aws.taken()
        assert scan.request["ProjectionExpression"] == "#stream, version"
        assert not scan.request.get("ConsistentRead")  # what it misses the next sweep finds

    def test_a_bookmark_is_one_call(self, books: Books) -> None:
        bookmarks = DynamoDbBookmarks("books", lambda: books.aws.client)
        bookmarks.put("sweep/library", "here")
        bookmarks.get("sweep/library")
        assert books.aws.names() == ["PutItem", "GetItem"]
