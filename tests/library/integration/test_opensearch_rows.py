"""Rows in an OpenSearch keep the contract of row stores; and what they do that it can't take."""

from __future__ import annotations

from typing import Any

import pytest

from cqrs import plain
from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.errors import Parked
from cqrs.follow.followers import Follower
from cqrs.plain import replace
from cqrs.read.searchers import Searcher
from cqrs.read.tokens import Token
from cqrs.testing.contracts import SEARCHED, SearchRowsContract
from cqrs.testing.views import recorded
from cqrs.views.rows import ParkedAt, Part, Row, Saved
from cqrs.views.searches import SearchView
from cqrs.waiting import Patience
from tests.library.books import LIBRARY, BookAdded, BookWithdrawn
from tests.library.integration.book_search import BOOK_SEARCH, Books, a_book
from tests.library.integration.searching import prefixes
from tests.library.opensearch import Proxy, Server
from tests.library.worlds import ORDER, PAYMENT, render


class TestOpenSearchRows(SearchRowsContract):
    @pytest.fixture
    def rows(self, proxy: Proxy) -> OpenSearchRows:
        view = SearchView(name="any", folds=[ORDER, PAYMENT], render=render, fields=SEARCHED)
        rows = OpenSearchRows(view, OpenSearch(proxy.url), next(prefixes))
        rows.create()
        return rows


def test_what_the_mapping_refuses_is_parked_and_said(shelf: Books, server: Server) -> None:
    fields = {name: kind for name, kind in BOOK_SEARCH.fields.items() if name != "stars"}
    strict = replace(BOOK_SEARCH, fields=fields)
    rows = OpenSearchRows(strict, OpenSearch(server.url), next(prefixes))
    rows.create()
    follower = Follower(strict, rows, shelf.stores)
    history = a_book("b5")
    shelf.store_all(history)
    report = follower.catch_up({"book-b5": history})
    assert list(report.parked) == ["book-b5"]
    assert list(follower.parked(10)) == ["book-b5"]
    with pytest.raises(Parked):
        Searcher(strict, rows, shelf.stores, patience=Patience(0)).search(
            [{"query": {"match_all": {}}}], Token.parse("book-b5@1")
        )


def test_a_write_to_an_index_that_is_gone_makes_none(shelf: Books, server: Server) -> None:
    server.restart()
    (result,) = shelf.rows[0].save([Row(key="k")])
    assert result.saved is Saved.FAILED
    gone = f"/{shelf.prefix}-book-search-1-write"
    assert OpenSearch(server.url).call("GET", gone).status == 404
    assert shelf.tend()


DOTTED = ["v1.2", "x.", "a..b", ".x"]


@pytest.mark.parametrize("book", DOTTED)
def test_a_row_with_dots_in_its_key_is_kept_and_searched_like_any_other(
    shelf: Books, book: str
) -> None:
    history = recorded(LIBRARY, f"book-{book}", BookAdded(), BookWithdrawn())
    shelf.happens(history[:1])
    shelf.happens(history[1:])

    (found,) = shelf.rows[0].search([{"query": {"term": {"key": book}}}])

    (hit,) = found.hits
    assert hit.row.positions == {f"book-{book}": 2}
    assert str(shelf.search(f"book-{book}@2", status="withdrawn")) == "current"
    assert shelf.found(f"book-{book}@2", status="withdrawn") == [book]


def keep_as_before(shelf: Books, row: Row) -> None:
    """In the form that older code gave to what a row keeps by stream."""
    older: Any = {
        "positions": row.positions,
        "states": {stream: part.state for stream, part in row.parts.items()},
        "parked": {stream: plain.dump(mark) for stream, mark in row.parked.items()},
    }
    rows = shelf.rows[0]
    document = {**rows._document(row), "row": older}
    reply = OpenSearch(shelf.url).call_with_lines("/_bulk", [rows._action(row), document])
    assert not reply.body["errors"]


@pytest.mark.parametrize("book", ["plain", *DOTTED])
def test_a_row_that_older_code_has_saved_is_read_and_goes_on_in_the_new_form(
    shelf: Books, book: str
) -> None:
    books = shelf.rows[0]
    history = recorded(LIBRARY, f"book-{book}", BookAdded(), BookWithdrawn())
    shelf.store_all(history)
    shelf.views.follower(BOOK_SEARCH).catch_up({f"book-{book}": history[:1]})
    row = books.load([book])[book]
    keep_as_before(shelf, row)

    assert books.load([book])[book] == row.saved()
    (found,) = books.search([{"query": {"term": {"key": book}}}])
    (hit,) = found.hits
    assert hit.row.document == row.document
    assert hit.row.positions.items() <= {f"book-{book}": 1}.items()

    assert not shelf.tell(history[1:])
    (found,) = books.search([{"query": {"term": {"key": book}}}])
    assert found.hits[0].row.positions == {f"book-{book}": 2}


def test_the_marks_that_older_code_has_saved_are_read_too(shelf: Books) -> None:
    parked = Part(version=1, parked=ParkedAt(version=2, error="broken"))
    keep_as_before(shelf, Row(key="v1.2", parts={"book-v1.2": parked}))

    (row,) = shelf.rows[0].parked(10)

    assert row.parked == {"book-v1.2": parked.parked}


def test_what_a_filter_has_once_made_of_a_name_with_dots_is_forgotten(shelf: Books) -> None:
    """Older code has loaded `book-x` for `book-x.`, and kept both."""
    stale, part = Part(version=1, state={}), Part(version=3, state={})
    keep_as_before(shelf, Row(key="x.", parts={"book-x": stale, "book-x.": part}))

    assert shelf.rows[0].load(["x."])["x."].parts == {"book-x.": part}
