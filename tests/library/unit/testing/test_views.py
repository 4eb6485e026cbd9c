"""The tests of a view: what they say of a view that could not be kept as it is."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import pytest

from cqrs.plain import replace
from cqrs.testing.views import recorded, row_after, shows
from cqrs.views.rows import Place
from cqrs.views.tallies import Cell
from tests.library.books import (
    AUTHORS,
    BOOK_FOLD,
    BOOK_SEARCH,
    BOOKS,
    LIBRARY,
    LOANS,
    BookAdded,
    BookLent,
    Named,
    Reviewed,
)

ADDED = recorded(LIBRARY, "book-7", BookAdded())


def fails(sentence: str) -> Any:
    return pytest.raises(AssertionError, match=re.escape(sentence))


class TestSearchViews:
    def test_a_document_that_fits_the_fields_is_shown(self) -> None:
        found = shows(BOOK_SEARCH, ADDED)
        assert found == shows(BOOKS, ADDED)

    def test_a_field_that_the_view_does_not_name_fails_and_says_where_to_name_it(self) -> None:
        fields = {name: kind for name, kind in BOOK_SEARCH.fields.items() if name != "title"}
        with fails("book_search is parked at book-7@1: 'title' is shown, and no field: name it"):
            shows(replace(BOOK_SEARCH, fields=fields), ADDED)

    def test_a_value_of_another_kind_than_its_field_fails_and_says_so(self) -> None:
        fields = {**BOOK_SEARCH.fields, "title": {"type": "date"}}
        with fails("'title' is 'On engines', and its field of the kind date: show what the field"):
            shows(replace(BOOK_SEARCH, fields=fields), ADDED)

    def test_all_that_does_not_fit_is_said_at_once(self) -> None:
        fields = {
            name: kind
            for name, kind in BOOK_SEARCH.fields.items()
            if name not in ("title", "author")
        }
        row = row_after(replace(BOOK_SEARCH, fields=fields), ADDED)
        assert [name in row.parked["book-7"].error for name in ("'title'", "'author'")] == [
            True
        ] * 2


class TestOtherViews:
    def test_a_place_that_no_table_takes_fails(self) -> None:
        nowhere = replace(BOOKS, lists={"author": lambda book: Place("byron", "")})
        with fails("books is parked at book-7@1: a sort key in the list 'author' is empty"):
            shows(nowhere, ADDED)

    def test_a_place_that_nobody_can_pick_fails(self) -> None:
        class Color(StrEnum):
            RED = "red"

        with fails("books is parked at book-7@1: ValueError: <Status.SHELVED: 'shelved'> is not a"):
            shows(replace(BOOKS, choices={"status": Color}), ADDED)

    def test_a_cell_that_no_table_takes_is_parked(self) -> None:
        nowhere = replace(LOANS, counted=lambda states: {Cell("all", ""): {"books": 1}})
        row = row_after(nowhere, ADDED)
        assert "sort key of a cell is empty" in row.parked["book-7"].error

    def test_a_list_that_is_called_as_something_that_every_row_has_is_refused(self) -> None:
        view = replace(BOOKS, lists={"states": lambda book: Place("a", "b")})
        with pytest.raises(ValueError, match="books#1 has a list 'states', as rows have already"):
            shows(view, ADDED)

    def test_a_commit_that_can_not_be_followed_fails(self) -> None:
        with fails("books is parked at book-7@1: ValueError: BookLent before BookAdded"):
            shows(BOOKS, recorded(LIBRARY, "book-7", BookLent(reader="ada")))


class TestKeys:
    def test_streams_of_several_rows_are_refused_with_what_they_may_mean(self) -> None:
        others = recorded(LIBRARY, "book-8", BookAdded())
        with fails("book-7, book-8 feed 2 rows of books: a stream feeds the row that its id names"):
            shows(BOOKS, [*ADDED, *others])
        with fails("That is a tally, or a list of the rows there are"):
            row_after(LOANS, [*ADDED, *others])

    def test_streams_of_one_row_are_shown_together(self) -> None:
        reviewed = recorded(LIBRARY, "review-7", Reviewed(stars=4))
        assert shows(BOOKS, [*ADDED, *reviewed])["stars"] == [4]

    def test_a_stream_that_the_view_does_not_follow_is_refused(self) -> None:
        named = recorded(LIBRARY, "author-7", Named(name="Ada"))
        with fails("books follows book, review, and not author-7"):
            shows(BOOKS, [*ADDED, *named])

    def test_nothing_is_refused(self) -> None:
        with fails("authors can't be tested without commits"):
            shows(AUTHORS, [])


class TestFolds:
    def test_two_folds_of_the_same_streams_are_refused(self) -> None:
        twice = replace(BOOKS, folds=[BOOK_FOLD, BOOK_FOLD])
        with pytest.raises(ValueError, match="books has several folds of 'book': make it one"):
            shows(twice, ADDED)

    def test_a_category_that_no_stream_can_be_of_is_refused(self) -> None:
        strange = replace(BOOKS, folds=[BOOK_FOLD, replace(BOOK_FOLD, category="book-club")])
        with pytest.raises(ValueError, match="books folds 'book-club', and no stream can be of it"):
            shows(strange, ADDED)
