"""Lists of rows over HTTP: which rows, in which order, page by page, and with a token."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from tests.library.books import BookLent, BookWithdrawn
from tests.library.unit.entrypoints.asking import Answer, cursor_of, pages, refused, token
from tests.library.unit.entrypoints.wired import BY_AUTHOR, BY_STATUS, IN_QUERY, Books
from tests.library.worlds import Lagging


@pytest.fixture
def books() -> Books:
    return Books()


def add_some(books: Books, number: int) -> list[str]:
    """Books of Byron's, oldest first, as the view has seen them."""
    added = [f"b-{n}" for n in range(number)]
    books.added(*added)
    books.follow(*(f"book-{book}" for book in added))
    return added


def by_author(books: Books, author: str = "byron", asked: str = "", **query: str) -> Answer:
    return books.query(BY_AUTHOR, id=author, query=query, headers=token(asked))


def shown(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    return [book["book_id"] for book in answer.body["books"]]


def all_pages(books: Books, limit: int, asked: str = "") -> list[list[str]]:
    found = pages(partial(by_author, books, asked=asked), "books", limit=str(limit))
    return [[book["book_id"] for book in page] for page in found]


class TestLists:
    def test_a_list_has_the_books_of_its_author_newest_first(self, books: Books) -> None:
        books.added("of-another", author="babbage")
        added = add_some(books, 3)
        answer = by_author(books)
        assert shown(answer) == added[::-1]
        assert answer.body["cursor"] is None
        assert answer.headers["Consistency"] == "eventual"
        assert answer.headers["Consistency-Token"] == "book-b-2@1, book-b-1@1, book-b-0@1"

    def test_an_unknown_author_has_no_books(self, books: Books) -> None:
        answer = by_author(books, "nobody")
        assert (answer.status, answer.body) == (200, {"books": [], "cursor": None})
        assert "Consistency-Token" not in answer.headers

    def test_a_strange_id_is_not_found(self, books: Books) -> None:
        refused(by_author(books, "a b"), 404, "not_found")

    def test_which_list_it_is_can_also_be_an_id_in_the_query(self, books: Books) -> None:
        add_some(books, 1)
        assert shown(books.query(IN_QUERY, query={"author": "byron"})) == ["b-0"]

    @pytest.mark.parametrize("query", [{}, {"author": "a b"}, {"author": "byron,ada"}])
    def test_an_id_in_the_query_is_one_id(self, books: Books, query: Mapping[str, str]) -> None:
        problem = refused(books.query(IN_QUERY, query=query), 400, "invalid_input")
        assert problem["detail"] == "'author' in the query must be an id."

    @pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 50])
    def test_pages_have_every_book_once(self, books: Books, limit: int) -> None:
        newest_first = add_some(books, 7)[::-1]
        assert all_pages(books, limit) == [newest_first[n : n + limit] for n in range(0, 7, limit)]

    def test_a_page_has_twenty_books_if_nothing_else_is_asked(self, books: Books) -> None:
        add_some(books, 21)
        answer = by_author(books)
        assert len(shown(answer)) == 20
        assert answer.body["cursor"]

    @pytest.mark.parametrize("limit", ["0", "51", "many"])
    def test_a_limit_is_a_number_from_1_to_50(self, books: Books, limit: str) -> None:
        refused(by_author(books, limit=limit), 400, "invalid_input")

    def test_a_book_that_cannot_go_on_is_marked_in_its_place(self, books: Books) -> None:
        add_some(books, 2)
        books.breaks("book-b-0")
        books.follow("book-b-0")
        fine, marked = by_author(books).body["books"]
        assert fine["book_id"] == "b-1"
        assert marked == {
            "id": "b-0",
            "problem": {"code": "view_parked", "stream": "book-b-0", "version": 2},
        }


class TestTokens:
    def test_with_its_token_a_book_is_in_the_list_at_once(self, books: Books) -> None:
        added = add_some(books, 2)
        books.added("new")
        answer = by_author(books, asked="book-new@1")
        assert shown(answer) == ["new", *added[::-1]]
        assert answer.headers["Consistency"] == "folded; commits=1"
        assert "book-new@1" in answer.headers["Consistency-Token"]

    def test_with_its_token_a_change_is_in_the_list_at_once(self, books: Books) -> None:
        add_some(books, 3)
        books.happens("book-b-1", BookWithdrawn())
        found = by_author(books, asked="book-b-1@2").body["books"]
        assert [book["status"] for book in found] == ["shelved", "withdrawn", "shelved"]

    def test_pages_with_a_token_have_every_book_once(self, books: Books) -> None:
        added = add_some(books, 5)
        books.added("new")
        newest_first = ["new", *added[::-1]]
        assert all_pages(books, 2, "book-new@1") == [
            newest_first[:2],
            newest_first[2:4],
            newest_first[4:],
        ]

    def test_a_new_book_that_cannot_be_shown_is_a_problem_and_not_left_out(
        self, books: Books
    ) -> None:
        add_some(books, 1)
        books.breaks("book-new")
        books.follow("book-new")
        refused(by_author(books, asked="book-new@1"), 503, "view_parked")
        assert shown(by_author(books)) == ["b-0"]

    def test_what_was_asked_stays_in_the_token_however_many_are_shown(self, books: Books) -> None:
        add_some(books, 3)
        books.happens("book-b-0", BookWithdrawn())
        others = ", ".join(f"reader-{n}@1" for n in range(148))
        asked = f"book-b-0@2, {others}"
        answered = by_author(books, asked=asked).headers["Consistency-Token"]
        assert answered == f"{asked}, book-b-2@1"


def by_status(books: Books, status: str, asked: str = "") -> list[str]:
    return shown(books.query(BY_STATUS, query={"status": status}, headers=token(asked)))


class TestListsByStatus:
    def test_a_list_has_the_books_of_all_authors_newest_first(self, books: Books) -> None:
        for book in "abc":
            books.added(book, author=f"of-{book}")
        books.added("gone")
        books.happens("book-gone", BookWithdrawn())
        books.follow()
        assert by_status(books, "shelved") == ["c", "b", "a"]
        assert by_status(books, "withdrawn") == ["gone"]
        assert by_status(books, "lent_out") == []

    def test_a_book_moves_to_another_list(self, books: Books) -> None:
        books.added("7", copies=1)
        books.follow()
        books.happens("book-7", BookLent(reader="ada"))
        books.follow()
        assert (by_status(books, "shelved"), by_status(books, "lent_out")) == ([], ["7"])

    @pytest.mark.parametrize("followed", [True, False])
    def test_with_its_token_it_has_moved_in_an_index_that_lags(self, followed: bool) -> None:
        rows = Lagging()
        books = Books(rows=rows)
        books.added("7", "8")
        books.follow()
        rows.freeze()
        books.happens("book-7", BookWithdrawn())
        if followed:
            books.follow()
        assert (by_status(books, "shelved"), by_status(books, "withdrawn")) == (["8", "7"], [])
        assert by_status(books, "shelved", "book-7@2") == ["8"]
        assert by_status(books, "withdrawn", "book-7@2") == ["7"]

    @pytest.mark.parametrize("query", [{}, {"status": ""}, {"status": "shelved,withdrawn"}])
    def test_a_status_is_one_of_those_there_are(
        self, books: Books, query: Mapping[str, str]
    ) -> None:
        problem = refused(books.query(BY_STATUS, query=query), 400, "invalid_input")
        assert problem["detail"] == (
            "'status' in the query must be one of shelved, lent_out, withdrawn."
        )


HERE = ("books#1", "author", "byron")
GOOD = (*HERE, "2026-01-01T00:00:00.000000Z/7", "7")


class TestCursors:
    """That a cursor is good for its own list only, and for none if nobody answered it."""

    def test_a_cursor_is_what_the_list_answered(self, books: Books) -> None:
        assert by_author(books, cursor=cursor_of(GOOD)).status == 200

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "not a cursor!",
            *(
                cursor_of(place)
                for place in [
                    HERE,
                    GOOD[:4],
                    (*GOOD, "more"),
                    (*HERE, 3, 7),
                    (*HERE, None, None),
                    (*HERE, "", "7"),
                    (*HERE, "2026", ""),
                    (*HERE, "\ud800", "7"),
                    (*HERE, "2026", "a\x00b"),
                    (*HERE, "x" * 2_000, "7"),
                    (*HERE, "2026", "x" * 3_000),
                ]
            ),
        ],
    )
    def test_a_cursor_that_was_never_answered_is_refused(self, books: Books, text: str) -> None:
        refused(by_author(books, cursor=text), 400, "invalid_cursor")

    def test_a_page_goes_on_in_its_own_list_only(self, books: Books) -> None:
        added = add_some(books, 3)
        query = {"status": "shelved", "limit": "2"}
        first = books.query(BY_STATUS, query=query)
        query["cursor"] = first.body["cursor"]
        second = books.query(BY_STATUS, query=query)
        assert (shown(first), shown(second)) == (added[:0:-1], added[:1])
        elsewhere: list[Any] = [
            books.query(BY_STATUS, query=query | {"status": "withdrawn"}),
            by_author(books, "shelved", cursor=query["cursor"]),
        ]
        for answer in elsewhere:
            assert "another list" in refused(answer, 400, "invalid_cursor")["detail"]

    def test_a_cursor_of_another_authors_list_is_refused(self, books: Books) -> None:
        add_some(books, 2)
        answered = by_author(books, limit="1").body["cursor"]
        answer = by_author(books, "babbage", cursor=answered)
        assert "another list" in refused(answer, 400, "invalid_cursor")["detail"]

    def test_a_cursor_of_another_generation_is_refused(self, books: Books) -> None:
        add_some(books, 2)
        answered = by_author(books, limit="1").body["cursor"]
        rebuilt = Books(rows=books.rows, generation=2)
        answer = by_author(rebuilt, cursor=answered)
        assert "rebuilt" in refused(answer, 400, "invalid_cursor")["detail"]
