"""An index that is new, gone or empty is filled from the stores, and shown when it is full."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.errors import Unavailable
from cqrs.follow.fill import fill
from cqrs.follow.followers import Follower
from cqrs.history.event_store import Heads
from cqrs.plain import replace
from cqrs.views.rows import Row, SaveResult
from tests.library.integration.book_search import BOOK_SEARCH, Books, a_book
from tests.library.integration.searching import Beset
from tests.library.opensearch import Proxy, Server

NINE = [f"b{n}" for n in range(9, 0, -1)]


@pytest.fixture
def unfilled(proxy: Proxy) -> Books:
    """Nine books that no index has yet."""
    world = Books(proxy.url)
    world.store_all(*map(a_book, NINE))
    return world


def test_nothing_is_shown_before_everything_is_there(unfilled: Books) -> None:
    unfilled.tell(unfilled.store_all(a_book("b10")))
    with pytest.raises(Unavailable):
        unfilled.search()
    assert unfilled.tend()
    assert unfilled.found() == ["b10", *NINE]


def test_an_index_that_is_gone_is_made_and_filled_again(shelf: Books, server: Server) -> None:
    whole = shelf.found()
    server.restart()
    with pytest.raises(Unavailable):
        shelf.search()
    late = shelf.store_all(a_book("b4"))
    assert shelf.tell(late) == {"book-b4"}
    assert not shelf.sweep()
    assert shelf.tend()
    assert shelf.found() == ["b4", *whole]
    assert shelf.tell(late) == set()


def empty(shelf: Books, server: Server) -> None:
    path = f"/{shelf.prefix}-*/_delete_by_query?conflicts=proceed"
    OpenSearch(server.url).call("POST", path, {"query": {"match_all": {}}})


def test_an_index_that_was_emptied_is_closed_until_it_is_filled_again(
    shelf: Books, server: Server
) -> None:
    whole = shelf.found()
    empty(shelf, server)
    assert shelf.found() == []
    books, follower = shelf.rows[0], shelf.followers[0]
    assert not fill(books, follower, shelf.services, shelf, out_of_time=lambda: True)
    with pytest.raises(Unavailable):
        shelf.found()
    assert shelf.tend()
    assert shelf.found() == whole


def test_that_it_was_emptied_is_noticed_though_a_walk_begins_amid_a_long_stream(
    shelf: Books, server: Server
) -> None:
    class Long(MemoryEventStore):
        def heads(self, cursor: str | None = None) -> Heads:
            return shelf.store.heads(cursor) if cursor else Heads({}, "amid")

    empty(shelf, server)
    assert not fill(
        shelf.rows[0], shelf.followers[0], {"library": Long()}, shelf, out_of_time=lambda: True
    )
    assert shelf.rows[0].state().condition == "filling"


def test_where_there_is_nothing_to_show_nothing_is_closed(world: Books) -> None:
    assert world.rows[0].state().condition == "empty"
    assert world.tend()
    assert world.found() == []


def test_who_still_fills_an_index_that_is_gone_does_the_next_one_no_harm(
    unfilled: Books, server: Server
) -> None:
    books, follower, services = unfilled.rows[0], unfilled.followers[0], unfilled.services

    def out_of_time() -> bool:
        """Meanwhile the index is lost, and somebody else begins anew."""
        server.restart()
        assert not fill(books, follower, services, unfilled, out_of_time=lambda: True)
        return True

    assert not fill(books, follower, services, unfilled, out_of_time=out_of_time)
    assert unfilled.tend()
    assert unfilled.found() == NINE


def test_filling_goes_on_where_it_was_cut_short(unfilled: Books) -> None:
    books, follower = unfilled.rows[0], unfilled.followers[0]
    calls = 1
    while not fill(books, follower, unfilled.services, unfilled, out_of_time=lambda: True):
        calls += 1
        with pytest.raises(Unavailable):
            books.search([{}])
    assert calls == 3  # pages
    assert unfilled.tend()
    assert unfilled.found() == NINE


def test_an_index_is_not_opened_with_a_page_missing(unfilled: Books, beset: Beset) -> None:
    books = unfilled.rows[0]
    assert books.state().condition == "missing"
    books.create()
    beset("refuses half")
    assert not fill(books, unfilled.followers[0], unfilled.services, unfilled)
    assert books.state().condition == "filling"
    beset(None)
    assert unfilled.tend()
    assert unfilled.found() == NINE


def test_what_keeps_an_index_from_being_filled_is_told(unfilled: Books) -> None:
    class Forbidden(MemoryRows):
        def save(self, rows: Sequence[Row]) -> list[SaveResult]:
            raise PermissionError("access denied")

    follower = Follower(BOOK_SEARCH, Forbidden(), unfilled.stores)
    with pytest.raises(PermissionError):
        fill(unfilled.rows[0], follower, unfilled.services, unfilled)
    assert unfilled.rows[0].state().condition == "filling"


def test_a_new_generation_takes_the_place_of_the_old_one_once_it_is_full(shelf: Books) -> None:
    newer = OpenSearchRows(replace(BOOK_SEARCH, generation=2), OpenSearch(shelf.url), shelf.prefix)
    follower = Follower(newer.view, newer, shelf.stores)
    assert not fill(newer, follower, shelf.services, shelf, out_of_time=lambda: True)
    assert newer.state().condition == "filling"
    assert len(shelf.found()) == 3
    assert fill(newer, follower, shelf.services, shelf)
    assert newer.state().condition == "ready"
    assert shelf.rows[0].state().condition == "filling"
    assert len(shelf.found()) == 3


def test_going_back_to_an_older_generation_shows_what_came_meanwhile(shelf: Books) -> None:
    newer = OpenSearchRows(replace(BOOK_SEARCH, generation=2), OpenSearch(shelf.url), shelf.prefix)
    follower = Follower(newer.view, newer, shelf.stores)
    assert fill(newer, follower, shelf.services, shelf)
    late = shelf.store_all(a_book("b4"))
    follower.catch_up({"book-b4": late})
    assert shelf.tend()
    assert shelf.rows[0].state().condition == "ready"
    assert shelf.found() == ["b4", "b3", "b2", "b1"]
