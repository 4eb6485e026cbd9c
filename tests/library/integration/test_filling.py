"""An index that is new, gone or empty is filled from the stores, and shown when it is full."""

from __future__ import annotations

from typing import Any

import pytest

from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.errors import NotFilled, Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.generations import Compared
from cqrs.plain import dump, replace
from cqrs.read.searchers import Searcher
from cqrs.read.tokens import Token
from cqrs.views.filling import Filling
from cqrs.views.rows import Generation
from tests.library.generations import Hurried
from tests.library.integration.book_search import (
    AUTHOR_SEARCH,
    BOOK_SEARCH,
    Books,
    a_book,
    reviews,
)
from tests.library.integration.searching import Beset, documents
from tests.library.opensearch import Proxy, Server

NINE = [f"b{n}" for n in range(9, 0, -1)]


@pytest.fixture
def unfilled(proxy: Proxy) -> Books:
    """Nine books that no index has yet."""
    world = Books(proxy.url)
    world.store_all(*map(a_book, NINE))
    return world


def first_step(world: Books) -> dict[str, Any]:
    """The first step of the walk that waits for the machine."""
    run = world.views.machine.waiting[0]
    return {"ticket": dump(run.ticket), "leg": dump(run.legs[0]), "left": 20}


def test_nothing_is_shown_before_everything_is_there(unfilled: Books) -> None:
    unfilled.views.ask()
    unfilled.tell(unfilled.store_all(a_book("b10")))
    with pytest.raises(NotFilled):
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
    assert not shelf.audit()
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
    shelf.views.ask()
    with pytest.raises(NotFilled):
        shelf.found()
    assert shelf.tend()
    assert shelf.found() == whole


def test_where_there_is_nothing_to_show_nothing_is_closed(world: Books) -> None:
    assert world.rows[0].state().condition == "empty"
    assert world.tend()
    assert world.found() == []


def test_who_still_fills_an_index_that_is_gone_does_the_next_one_no_harm(
    unfilled: Books, server: Server
) -> None:
    unfilled.views.ask()
    step = first_step(unfilled)
    step = unfilled.views.walker({"step": step}, Hurried())
    server.restart()
    unfilled.tend()
    assert step["more"]
    assert not unfilled.views.known(BOOK_SEARCH).serving
    assert unfilled.tend()
    assert unfilled.found() == NINE


def test_filling_goes_on_where_it_was_cut_short(unfilled: Books) -> None:
    unfilled.views.ask()
    step = {**first_step(unfilled), "more": True}
    while step["more"]:
        with pytest.raises(NotFilled):
            unfilled.search()
        step = unfilled.views.walker({"step": step}, Hurried())
    assert step["left"] == 20 - 3  # pages
    assert unfilled.tend()
    assert unfilled.found() == NINE


def test_an_index_is_not_opened_with_a_page_missing(unfilled: Books, beset: Beset) -> None:
    unfilled.views.ask()
    beset("refuses half")
    assert not unfilled.tend()
    assert not unfilled.views.known(BOOK_SEARCH).serving
    beset(None)
    assert unfilled.tend()
    assert unfilled.found() == NINE


def test_what_keeps_an_index_from_being_filled_keeps_it_alone_closed(
    unfilled: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(rows: object) -> Any:
        raise PermissionError("access denied")

    monkeypatch.setattr(unfilled.rows[0], "save", forbidden)
    assert not unfilled.tend()
    serving = [unfilled.views.known(rows.view).serving for rows in unfilled.rows]
    assert [bool(one) for one in serving] == [False, True]


NEWER = replace(BOOK_SEARCH, generation=2)


@pytest.fixture
def rebuilt(shelf: Books) -> Books:
    """Books that are found in an index of newer code."""
    shelf.deploy(NEWER, AUTHOR_SEARCH)
    shelf.views.ask(rebuild=NEWER.name)
    assert shelf.tend()
    shelf.views.ask(switch=NEWER.name, generation="2")
    return shelf


def test_a_new_generation_takes_the_place_of_the_old_one_when_it_is_full_and_asked_for(
    shelf: Books,
) -> None:
    shelf.deploy(NEWER, AUTHOR_SEARCH)
    assert shelf.tend()
    assert shelf.views.ask()["changed"] == [NEWER.name]
    assert shelf.views.ask(rebuild=NEWER.name)["generation"] == "2"
    assert "error" in shelf.views.ask(switch=NEWER.name, generation="2")
    shelf.tend()
    assert shelf.views.ask(walks=True)["walks"]["rebuild/book_search#2"]["compared"] == {
        "equal": 3,
        "differing": 0,
        "skipped": 0,
        "differences": [],
    }
    assert shelf.scope() == "book_search#1"
    shelf.views.ask(switch=NEWER.name, generation="2")
    assert shelf.scope() == "book_search#2"
    assert len(shelf.found()) == 3


def test_going_back_to_an_older_generation_shows_what_came_meanwhile(rebuilt: Books) -> None:
    rebuilt.happens(a_book("b4"))
    rebuilt.views.ask(rollback=NEWER.name)
    assert rebuilt.scope() == "book_search#1"
    assert rebuilt.found("book-b4@1") == ["b4", "b3", "b2", "b1"]


def test_an_index_that_older_code_has_filled_serves_at_once(shelf: Books) -> None:
    books = shelf.rows[0]
    books._alias([{"add": {"index": books._index, "alias": books._once_read}}])
    later = Books(shelf.url)
    later.views.kept = shelf.views.kept
    assert later.views.generations.survey(BOOK_SEARCH).needs == "nothing"
    assert later.views.known(BOOK_SEARCH).serving
    assert len(documents(books)) == 3


def test_an_older_index_is_kept_without_the_fields_that_it_does_not_have(
    shelf: Books, server: Server
) -> None:
    prefix = shelf.prefix + "-older"
    fields = {name: kind for name, kind in BOOK_SEARCH.fields.items() if name != "stars"}
    made = OpenSearchRows(
        replace(BOOK_SEARCH, fields=fields, folds=BOOK_SEARCH.folds[:1]),
        OpenSearch(server.url),
        prefix,
    )
    made.create()
    history = [*a_book("b5"), *reviews("b5", 4)]
    shelf.store_all(history)

    older = OpenSearchRows(BOOK_SEARCH, OpenSearch(server.url), prefix, own=False)
    report = Follower(BOOK_SEARCH, older, shelf.stores).catch_up({"book-b5": (), "review-b5": ()})

    assert not report.parked
    row = older.load(["b5"])["b5"]
    assert row.positions == {"book-b5": 1, "review-b5": 1}
    assert row.document
    assert "stars" not in row.document
    assert older.state().condition == "there"
    searcher = Searcher(BOOK_SEARCH, older, shelf.stores)
    found = searcher.search([{}], Token.parse("book-b5@1, review-b5@1"))
    assert [hit.row.key for hits in found.hits for hit in hits.hits] == ["b5"]


def test_an_older_index_is_kept_without_what_its_fields_do_not_take(
    shelf: Books, server: Server
) -> None:
    prefix = shelf.prefix + "-older"
    fields = {**BOOK_SEARCH.fields, "author": {"type": "long"}}
    OpenSearchRows(replace(BOOK_SEARCH, fields=fields), OpenSearch(server.url), prefix).create()
    shelf.store_all(a_book("b5"))

    older = OpenSearchRows(BOOK_SEARCH, OpenSearch(server.url), prefix, own=False)
    report = Follower(BOOK_SEARCH, older, shelf.stores).catch_up({"book-b5": ()})

    assert not report.parked
    document = older.load(["b5"])["b5"].document
    assert document
    assert document.keys() == BOOK_SEARCH.fields.keys() - {"author"}


def test_a_further_copy_has_an_index_of_its_own(shelf: Books) -> None:
    generations = shelf.views.generations
    copy = generations.make(BOOK_SEARCH)
    shelf.views.follower(BOOK_SEARCH.at(copy)).catch_up({f"book-b{n}": () for n in (1, 2, 3)})
    generations.filled(BOOK_SEARCH, copy)
    generations.switch(BOOK_SEARCH, copy)
    assert shelf.scope() == "book_search#1.1"
    assert len(shelf.found("book-b1@1")) == 3
    follower, streams = (
        shelf.views.follower(BOOK_SEARCH.at(Generation(1))),
        [f"book-b{n}" for n in (1, 2, 3)],
    )
    assert generations.compare(BOOK_SEARCH, Generation(1), follower, streams) == Compared(equal=3)


def test_an_index_that_was_dropped_is_deleted(rebuilt: Books) -> None:
    rebuilt.views.ask(drop=NEWER.name)
    rebuilt.views.pass_by()
    rebuilt.tend()
    old = rebuilt.views.rows(BOOK_SEARCH)
    assert old.state() == Filling("missing")
    assert old.delete() is None
    assert rebuilt.views.known(NEWER).leftovers == ()
    assert len(rebuilt.found()) == 3
