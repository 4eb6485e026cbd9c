"""What a service tells of its aggregates, from its own store: always the newest."""

from typing import Any

import pytest

from cqrs.entrypoints.facts import MAX_IDS, facts_of, facts_of_many
from cqrs.errors import Throttled, Unavailable
from cqrs.write.aggregates import Aggregates
from tests.library.books import BOOK, BookWithdrawn, book_facts
from tests.library.stores import Counting
from tests.library.unit.entrypoints.asking import ON_EVERY_ANSWER, Answer, ask_route, refused, token
from tests.library.unit.entrypoints.wired import WITHDRAW, Books, BrokenStore

SEVEN = {"book_id": "7", "status": "shelved", "copies": 2, "version": 1}


@pytest.fixture
def books() -> Books:
    """With book 7, and book 8 that was withdrawn, in a store that counts what it is asked."""
    books = Books(Counting())
    books.added("7", "8")
    books.happens("book-8", BookWithdrawn())
    return books


def tell(books: Books, book: str, asked: str = "") -> Answer:
    handler = facts_of(Aggregates(books.store, BOOK), book_facts, "book")
    return ask_route(handler, "GET /books/{id}", id=book, headers=token(asked))


def tell_many(books: Books, ids: str | None, asked: str = "") -> Answer:
    query = None if ids is None else {"book": ids}
    handler = facts_of_many(Aggregates(books.store, BOOK), book_facts, "book", "books")
    return ask_route(handler, "GET /books", query=query, headers=token(asked))


def loads(books: Books) -> int:
    store: Any = books.store
    return int(store.calls["load"])


def test_what_is_there_is_told_with_its_version_and_its_token(books: Books) -> None:
    answer = tell(books, "7")
    assert (answer.status, answer.body) == (200, SEVEN)
    assert answer.headers == {
        **ON_EVERY_ANSWER,
        "Content-Type": "application/json",
        "X-Correlation-Id": "request-1",
        "ETag": '"1"',
        "Consistency": "current",
        "Consistency-Token": "book-7@1",
    }


def test_what_a_command_did_is_told_at_once_without_a_token(books: Books) -> None:
    books.command(WITHDRAW, id="7")
    answer = tell(books, "7")
    assert (answer.body["status"], answer.body["version"]) == ("withdrawn", 2)
    assert (answer.headers["ETag"], answer.headers["Consistency"]) == ('"2"', "current")
    assert answer.headers["Consistency-Token"] == "book-7@2"


def test_its_etag_is_good_for_a_change(books: Books) -> None:
    etag = tell(books, "7").headers["ETag"]
    assert books.command(WITHDRAW, id="7", headers={"If-Match": etag}).status == 200


def test_it_takes_one_call(books: Books) -> None:
    tell(books, "8")
    assert loads(books) == 1


def test_what_is_not_there_is_not_found(books: Books) -> None:
    assert refused(tell(books, "9"), 404, "not_found")["detail"] == "There is no book 9."


@pytest.mark.parametrize("book", ["a b", "7\n"])
def test_what_can_be_no_id_is_not_found_and_not_looked_for(books: Books, book: str) -> None:
    refused(tell(books, book), 404, "not_found")
    assert loads(books) == 0


@pytest.mark.parametrize("version", [1, 2])
def test_a_token_that_is_not_ahead_is_kept(books: Books, version: int) -> None:
    answer = tell(books, "8", f"book-8@{version}")
    assert (answer.status, answer.body["version"]) == (200, 2)
    assert answer.headers["Consistency-Token"] == "book-8@2"


def test_a_token_ahead_of_the_store_is_refused(books: Books) -> None:
    problem = refused(tell(books, "7", "book-7@2"), 400, "invalid_consistency_token")
    assert "'book-7' has no version 2" in problem["detail"]
    refused(tell(books, "9", "book-9@1"), 400, "invalid_consistency_token")


def test_a_token_of_what_is_not_told_here_is_handed_on(books: Books) -> None:
    answer = tell(books, "7", "review-7@4, book-9@9")
    assert answer.headers["Consistency-Token"] == "review-7@4, book-9@9, book-7@1"


def test_a_token_that_was_never_answered_is_refused(books: Books) -> None:
    refused(tell(books, "7", "book"), 400, "invalid_consistency_token")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("books_events is down"), 503, "unavailable"),
        (Throttled("books_events has no capacity"), 429, "throttled"),
    ],
)
def test_a_store_in_trouble_is_told_as_something_that_passes(
    error: Exception, status: int, code: str
) -> None:
    answer = tell(Books(BrokenStore(error)), "7")
    assert "books_events" not in refused(answer, status, code)["detail"]


class TestMany:
    def test_each_is_told_with_its_version_and_null_for_one_that_is_not_there(
        self, books: Books
    ) -> None:
        answer = tell_many(books, "7,none,8")
        assert (answer.status, answer.headers["Consistency"]) == (200, "current")
        eight = {"book_id": "8", "status": "withdrawn", "copies": 2, "version": 2}
        assert answer.body == {"books": {"7": SEVEN, "none": None, "8": eight}}

    def test_the_token_names_those_that_are_there(self, books: Books) -> None:
        answer = tell_many(books, "none,7", "review-7@4")
        assert answer.headers["Consistency-Token"] == "review-7@4, book-7@1"

    def test_one_that_is_named_twice_is_told_and_loaded_once(self, books: Books) -> None:
        assert list(tell_many(books, "7,7").body["books"]) == ["7"]
        assert loads(books) == 1

    def test_fifty_are_told_at_once(self) -> None:
        ids = [f"{n}" for n in range(MAX_IDS)]
        assert tell_many(Books(), ",".join(ids)).body == {"books": dict.fromkeys(ids)}

    @pytest.mark.parametrize(
        "ids",
        [None, "", "a,", "a,,b", "a b", "x" * 65, ",".join(map(str, range(51))), "a," * 50 + "a"],
    )
    def test_what_can_be_no_ids_is_refused_and_not_looked_for(
        self, books: Books, ids: str | None
    ) -> None:
        problem = refused(tell_many(books, ids), 400, "invalid_input")
        assert problem["detail"] == "'book' in the query must be 1 to 50 ids, comma-separated."
        assert loads(books) == 0

    def test_a_token_ahead_of_the_store_is_refused(self, books: Books) -> None:
        refused(tell_many(books, "9,7", "book-7@2"), 400, "invalid_consistency_token")

    def test_a_store_in_trouble_fails_the_whole_answer(self) -> None:
        books = Books(BrokenStore(Unavailable("books_events is down")))
        refused(tell_many(books, "7,8"), 503, "unavailable")
