"""A route that can't work is refused where it is made, or says what is wrong when it is asked."""

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.entrypoints.commands import changes
from cqrs.entrypoints.queries import page_of, row_of
from cqrs.read.consistency import Reader
from cqrs.write.commands import CommandHandler
from tests.library.books import BOOK, BOOKS, LendBook
from tests.library.unit.entrypoints.asking import ask_route, refused
from tests.library.unit.entrypoints.conftest import Lines

STORE = MemoryEventStore()
READER = Reader(BOOKS, MemoryRows(), {"book": STORE, "review": STORE})


def test_a_list_that_the_view_does_not_have_is_no_route() -> None:
    with pytest.raises(ValueError, match=r"books#1 has no list 'year'; it has \['author', 'stat"):
        page_of(READER, "year", "books")


def test_an_id_that_the_command_does_not_have_is_no_route() -> None:
    with pytest.raises(ValueError, match=r"LendBook has no 'book'; it has \['book_id', 'reader'\]"):
        changes(CommandHandler(STORE, BOOK), LendBook, "book")


def test_a_path_without_the_id_that_is_read_from_it_is_our_own_fault(logs: Lines) -> None:
    refused(ask_route(row_of(READER, "book"), "GET /books"), 500, "internal_error")
    assert "the path of the route GET /books names no {id}" in str(logs())
