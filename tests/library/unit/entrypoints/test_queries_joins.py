"""Rows and lists over HTTP with what they name: the lookups of authors and readers."""

from typing import Any

import pytest

from tests.library.books import BookLent, Named
from tests.library.unit.entrypoints.asking import refused, token
from tests.library.unit.entrypoints.wired import BY_AUTHOR, ROW, Books
from tests.library.worlds import CountedRows


@pytest.fixture
def books() -> Books:
    """With book 7, lent to Ada. Its author's new name the view has not seen yet."""
    books = Books(authors=CountedRows(), readers=CountedRows(), joined=True)
    books.added("7")
    books.happens("book-7", BookLent(reader="ada"))
    books.happens("author-byron", Named(name="Byron"))
    books.happens("reader-ada", Named(name="Ada"))
    books.follow()
    books.happens("author-byron", Named(name="Lord Byron"))
    return books


def test_a_book_is_shown_with_its_author_and_its_readers(books: Books) -> None:
    answer = books.query(ROW, id="7")
    assert (answer.body["author"], answer.body["by"]) == ("byron", {"name": "Byron"})
    assert (answer.body["readers"], answer.body["lent_to"]) == (["ada"], [{"name": "Ada"}])
    assert answer.headers["Consistency"] == "eventual"
    assert answer.headers["Consistency-Token"] == "book-7@2, author-byron@1, reader-ada@1"


def test_what_nobody_named_is_shown_without_names(books: Books) -> None:
    books.added("8", author="nobody")
    books.follow()
    answer = books.query(ROW, id="8")
    assert (answer.status, answer.body["by"], answer.body["lent_to"]) == (200, None, [])


def test_with_its_token_a_new_name_is_shown_at_once(books: Books) -> None:
    row = books.query(ROW, id="7", headers=token("author-byron@2"))
    page = books.query(BY_AUTHOR, id="byron", headers=token("author-byron@2"))
    (listed,) = page.body["books"]
    assert row.body["by"] == listed["by"] == {"name": "Lord Byron"}
    assert row.headers["Consistency"] == page.headers["Consistency"] == "folded; commits=1"
    assert row.headers["Consistency-Token"] == "author-byron@2, book-7@2, reader-ada@1"


def test_what_has_been_shown_is_never_shown_older(books: Books) -> None:
    seen = books.query(ROW, id="7", headers=token("author-byron@2"))
    again = books.query(ROW, id="7", headers=token(seen.headers["Consistency-Token"]))
    assert again.body["by"] == seen.body["by"]


def test_lookups_that_are_not_filled_yet_say_so_where_one_is_missing(books: Books) -> None:
    books.happens("book-7", BookLent(reader="bob"))
    books.follow()
    books.unfilled.add("readers")
    answer = books.query(ROW, id="7")
    assert answer.status == 200
    assert answer.body["lent_to"] == [{"name": "Ada"}, {"problem": {"code": "view_not_filled"}}]
    books.unfilled.clear()
    assert books.query(ROW, id="7").body["lent_to"] == [{"name": "Ada"}, None]


def test_a_version_of_a_lookup_that_does_not_exist_is_refused(books: Books) -> None:
    answer = books.query(ROW, id="7", headers=token("author-byron@3"))
    refused(answer, 400, "invalid_consistency_token")


def test_a_lookup_that_cannot_go_on_does_not_fail_its_book(books: Books) -> None:
    books.breaks("author-byron")
    books.follow("author-byron")
    answer = books.query(ROW, id="7")
    problem = {"code": "view_parked", "stream": "author-byron", "version": 3}
    assert (answer.status, answer.body["by"]) == (200, {"problem": problem})


def test_a_book_that_cannot_go_on_is_not_joined(books: Books) -> None:
    books.breaks("book-7")
    books.follow("book-7")
    (listed,) = books.query(BY_AUTHOR, id="byron").body["books"]
    assert listed.keys() == {"id", "problem"}


def test_a_page_takes_one_load_of_each_kind_of_lookup(books: Books) -> None:
    lookups: list[Any] = [books.authors, books.readers]
    for number in range(4):
        books.added(f"b-{number}")
        books.happens(f"book-b-{number}", BookLent(reader="ada"))
    books.follow()
    for rows in lookups:
        rows.loads.clear()
    assert len(books.query(BY_AUTHOR, id="byron").body["books"]) == 5
    assert [rows.loads for rows in lookups] == [[["byron"]], [["ada"]]]
