"""A route that can't work is refused where it is made, or says what is wrong when it is asked."""

from enum import StrEnum

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.entrypoints.commands import changes
from cqrs.entrypoints.queries import one_of, page_of, row_of
from cqrs.plain import replace
from cqrs.read.consistency import Reader
from cqrs.views.rows import RowView
from cqrs.write.commands import CommandHandler
from tests.library.books import BOOK, BOOKS, LendBook, Status
from tests.library.unit.entrypoints.asking import ask_route, refused
from tests.library.unit.entrypoints.conftest import Lines

STORE = MemoryEventStore()


def reader_of(view: RowView) -> Reader:
    return Reader(view, MemoryRows(), {"book": STORE, "review": STORE})


READER = reader_of(BOOKS)


class Color(StrEnum):
    RED = "red"


def test_a_list_that_the_view_does_not_have_is_no_route() -> None:
    with pytest.raises(ValueError, match=r"books has no list 'year'; it has \['author', 'stat"):
        page_of(READER, "year", "books")


def test_a_list_that_is_picked_out_of_another_set_than_its_own_is_no_route() -> None:
    with pytest.raises(ValueError, match="picked out of Color here, and out of Status in the"):
        page_of(READER, "status", "books", partition_in=one_of("status", Color))


def test_a_list_that_is_picked_out_of_a_set_has_it_in_its_view() -> None:
    view = replace(BOOKS, choices={})
    with pytest.raises(ValueError, match="picked out of Status here, and out of None in the"):
        page_of(reader_of(view), "status", "books", partition_in=one_of("status", Status))


def test_an_id_that_the_command_does_not_have_is_no_route() -> None:
    with pytest.raises(ValueError, match=r"LendBook has no 'book'; it has \['book_id', 'reader'\]"):
        changes(CommandHandler(STORE, BOOK), LendBook, "book")


def test_a_path_without_the_id_that_is_read_from_it_is_our_own_fault(logs: Lines) -> None:
    refused(ask_route(row_of(READER, "book"), "GET /books"), 500, "internal_error")
    assert "the path of the route {self.route} names no {{{name}}}" in str(logs())
