"""Searches are as new as their token asks, in indexes that lag; and say so when they can't be."""

from __future__ import annotations

import pytest

from cqrs.errors import InvalidToken, Unavailable
from cqrs.read.searchers import Searcher
from cqrs.read.tokens import Token
from cqrs.waiting import Patience
from tests.library.books import BookWithdrawn
from tests.library.integration.book_search import Books, a_book, an_author, reviews
from tests.library.integration.searching import Beset
from tests.library.opensearch import FAULTS, Fault, Proxy

WITHDRAWN = BookWithdrawn()


@pytest.fixture
def lagging(shelf: Books, proxy: Proxy) -> Books:
    """A shelf whose searches show what there was at the last refresh."""
    proxy.refresh()
    proxy.lags = True
    return shelf


def test_without_a_token_a_search_shows_what_the_index_shows(lagging: Books) -> None:
    lagging.happens(a_book("b1", WITHDRAWN)[1:])
    assert lagging.found(status="withdrawn") == []


def test_a_search_is_never_older_than_its_token(lagging: Books, proxy: Proxy) -> None:
    lagging.happens(a_book("b1", WITHDRAWN)[1:])
    with pytest.raises(Unavailable):
        lagging.search("book-b1@2", status="withdrawn")
    assert "b1" in lagging.found("book-b1@1", status="shelved")
    proxy.refresh()
    assert lagging.found("book-b1@2", status="withdrawn") == ["b1"]
    assert str(lagging.search("book-b1@2")) == "current"


def test_a_search_waits_for_its_token(lagging: Books, proxy: Proxy) -> None:
    lagging.happens(a_book("b4"))

    def refresh(seconds: float) -> None:
        proxy.refresh()

    books = lagging.rows[0]
    searcher = Searcher(books.view, books, lagging.stores, patience=Patience(2, pause=refresh))
    found = searcher.search([{"query": {"term": {"key": "b4"}}}], Token.parse("book-b4@1"))
    assert found.freshness.consistency.kind == "waited"
    assert [hit.row.key for answer in found.hits for hit in answer.hits] == ["b4"]


@pytest.mark.parametrize("token", ["author-byron@2", "review-b1@1"])
def test_whatever_a_search_rests_on_is_as_new_as_asked(
    lagging: Books, proxy: Proxy, token: str
) -> None:
    lagging.happens(an_author("byron", "Ada Lovelace", "Grace Hopper")[1:], reviews("b1", 5))
    with pytest.raises(Unavailable):
        lagging.search(token, by="lovelace")
    proxy.refresh()
    assert lagging.found(token, by="hopper") == ["b1"]


def test_a_token_of_a_version_that_does_not_exist_is_refused(lagging: Books) -> None:
    with pytest.raises(InvalidToken, match="'book-b1' has no version 9; its newest is 1"):
        lagging.search("book-b1@9")


def test_a_token_for_what_the_index_was_not_told_yet_is_not_answered(shelf: Books) -> None:
    shelf.store_all(a_book("b4"))
    with pytest.raises(Unavailable):
        shelf.search("book-b4@1")
    assert shelf.audit()
    assert "b4" in shelf.found("book-b4@1")


def test_what_shows_nothing_yet_is_not_found(shelf: Books) -> None:
    shelf.happens(reviews("b9", 5))
    assert shelf.found() == ["b3", "b2", "b1"]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "refuses half"])
def test_meanwhile_a_search_says_so_and_comes_back(
    shelf: Books, beset: Beset, fault: Fault
) -> None:
    beset(fault)
    with pytest.raises(Unavailable):
        shelf.search(by="lovelace")
    beset(None)
    assert shelf.found(by="lovelace") == ["b1"]
