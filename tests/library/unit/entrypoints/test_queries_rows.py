"""A row over HTTP: how new it is, what a token asks of it, and what is refused."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.plain import replace
from tests.library.books import BookLent, BookWithdrawn, Reviewed
from tests.library.unit.entrypoints.asking import ON_EVERY_ANSWER, Answer, refused, token
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.wired import (
    ADD,
    BY_AUTHOR,
    NOON,
    ROW,
    WITHDRAW,
    Books,
    BrokenRows,
    BrokenStore,
)

SEVEN = {
    "book_id": "7",
    "version": 1,
    "title": "On engines",
    "author": "byron",
    "status": "shelved",
    "readers": [],
    "stars": [],
    "since": NOON,
}


@pytest.fixture
def books() -> Books:
    """With book 7, as the view has seen it."""
    books = Books()
    books.added("7")
    books.follow()
    return books


def ask_for(books: Books, book: str = "7", asked: str | None = None) -> Answer:
    return books.query(ROW, id=book, headers=None if asked is None else token(asked))


def others(number: int) -> str:
    """A token that names this many streams that the view does not follow."""
    return ", ".join(f"reader-{n}@1" for n in range(number))


class TestRows:
    def test_a_row_is_answered_as_the_view_shows_it(self, books: Books) -> None:
        answer = ask_for(books)
        assert (answer.status, answer.body) == (200, SEVEN)
        assert answer.headers == {
            **ON_EVERY_ANSWER,
            "Content-Type": "application/json",
            "X-Correlation-Id": "request-1",
            "ETag": '"1"',
            "Consistency": "eventual",
            "Consistency-Token": "book-7@1",
        }

    def test_the_etag_of_a_row_is_good_for_a_change(self, books: Books) -> None:
        etag = ask_for(books).headers["ETag"]
        assert books.command(WITHDRAW, id="7", headers={"If-Match": etag}).status == 200

    def test_a_row_without_a_version_has_no_etag(self) -> None:
        class Unversioned(MemoryRows):
            def get(self, key: str) -> Any:
                return replace(super().get(key), document={"book_id": key})

        assert "ETag" not in ask_for(Books(rows=Unversioned())).headers

    def test_a_row_that_is_not_there_yet_is_not_found(self, books: Books) -> None:
        books.added("8")
        problem = refused(ask_for(books, "8"), 404, "not_found")
        assert problem["detail"] == "There is no book 8."

    @pytest.mark.parametrize("book", ["a b", "7@1", ""])
    def test_a_strange_id_is_not_found(self, books: Books, book: str) -> None:
        refused(ask_for(books, book), 404, "not_found")

    def test_a_log_line_says_how_fresh_the_answer_is(self, books: Books, logs: Lines) -> None:
        books.happens("book-7", BookWithdrawn())
        ask_for(books, asked="book-7@2")
        assert logs()[-1]["consistency"] == "folded; commits=1"


class TestTokens:
    def test_with_its_token_a_command_is_seen_at_once(self) -> None:
        books = Books()
        new = {"title": "On engines", "author": "byron", "copies": 2}
        added = books.command(ADD, body=new)
        sent = added.headers["Consistency-Token"]
        answer = ask_for(books, added.body["book_id"], sent)
        assert answer.status == 200
        assert answer.headers["Consistency"] == "folded; commits=1"
        assert answer.headers["Consistency-Token"] == sent

    def test_a_row_at_its_token_is_current(self, books: Books) -> None:
        assert ask_for(books, asked="book-7@1").headers["Consistency"] == "current"

    def test_a_query_says_how_new_it_is_so_that_the_next_is_never_older(self, books: Books) -> None:
        books.happens("book-7", BookWithdrawn())
        seen = ask_for(books, asked="book-7@2")
        again = ask_for(books, asked=seen.headers["Consistency-Token"])
        assert (seen.body["status"], again.body["status"]) == ("withdrawn", "withdrawn")

    def test_a_row_can_be_asked_to_be_as_new_as_another_of_its_streams(self, books: Books) -> None:
        books.happens("review-7", Reviewed(stars=5))
        answer = ask_for(books, asked="review-7@1")
        assert answer.headers["Consistency"] == "folded; commits=1"
        assert answer.headers["Consistency-Token"] == "review-7@1, book-7@1"
        assert answer.headers["ETag"] == '"1"'
        assert answer.body["stars"] == [5]

    @pytest.mark.parametrize("text", ["", "  "])
    def test_an_empty_token_asks_for_nothing(self, books: Books, text: str) -> None:
        assert ask_for(books, asked=text).headers["Consistency"] == "eventual"

    @pytest.mark.parametrize(
        "text",
        [
            "book",
            "book-7@01",
            "book-7@x",
            "7@1",
            "-7@1",
            "book-7@1;book-8@1",
            ",",
            "book-7 @1",
            "book-é@1",
            "<script>alert(1)</script>",
            "book-7@1\nX: y",
        ],
    )
    def test_a_token_that_was_never_answered_is_refused(self, books: Books, text: str) -> None:
        for route, key in ((ROW, "7"), (BY_AUTHOR, "byron")):
            answer = books.query(route, id=key, headers=token(text))
            refused(answer, 400, "invalid_consistency_token")

    def test_a_token_that_names_too_many_streams_is_refused(self, books: Books) -> None:
        assert ask_for(books, asked=others(150)).status == 200
        answer = ask_for(books, asked=others(151))
        problem = refused(answer, 400, "invalid_consistency_token")
        assert problem["detail"] == "A token names at most 150 streams, not 151."

    def test_a_version_that_does_not_exist_is_refused(self, books: Books) -> None:
        for route, key in ((ROW, "7"), (BY_AUTHOR, "byron")):
            answer = books.query(route, id=key, headers=token("book-7@9"))
            problem = refused(answer, 400, "invalid_consistency_token")
            assert "has no version 9; its newest is 1" in problem["detail"]

    @pytest.mark.parametrize("asked", [others(1), others(149)])
    def test_what_was_shown_is_added_to_what_was_asked(self, books: Books, asked: str) -> None:
        answered = ask_for(books, asked=asked).headers["Consistency-Token"]
        assert answered == f"{asked}, book-7@1"
        assert ask_for(books, asked=answered).status == 200

    def test_where_there_is_no_room_what_was_asked_stays_as_it_is(self, books: Books) -> None:
        answered = ask_for(books, asked=others(150)).headers["Consistency-Token"]
        assert answered == others(150)
        assert ask_for(books, asked=answered).status == 200


class TestTrouble:
    def test_a_row_that_cannot_go_on_is_told_instead_of_shown_as_new(self, books: Books) -> None:
        books.breaks("book-7")
        books.follow()
        for asked in ("", "book-7@2"):
            answer = ask_for(books, asked=asked)
            problem = refused(answer, 503, "view_parked")
            assert "version 2 of 'book-7' could not be" in problem["detail"]
            assert "Retry-After" not in answer.headers

    def test_a_table_that_is_down_is_told_as_something_that_passes(self) -> None:
        answer = ask_for(Books(rows=BrokenRows()))
        refused(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "1"

    def test_a_row_is_never_shown_older_than_asked_when_the_store_is_down(self) -> None:
        store = BrokenStore()
        books = Books(store)
        books.added("7")
        books.follow()
        books.happens("book-7", BookLent(reader="ada"))
        store.error = Unavailable("The store is not available.")
        assert ask_for(books).body["readers"] == []
        refused(ask_for(books, asked="book-7@2"), 503, "unavailable")
