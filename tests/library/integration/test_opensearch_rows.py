"""Rows in an OpenSearch keep the contract of row stores; and what they do that it can't take."""

from __future__ import annotations

import pytest

from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.errors import Parked
from cqrs.follow.followers import Follower
from cqrs.plain import replace
from cqrs.read.searchers import Searcher
from cqrs.read.tokens import Token
from cqrs.testing.contracts import SEARCHED, SearchRowsContract
from cqrs.views.rows import Row, Saved
from cqrs.views.searches import SearchView
from cqrs.waiting import Patience
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
    rows.open()
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
