"""Readers answer from the generation that is active, and go on where an answer has begun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import InvalidCursor, NotFilled
from cqrs.plain import replace
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.read.searchers import Searcher, Searchers
from cqrs.read.tally_reader import TallyReader
from cqrs.read.tokens import Token
from cqrs.views.joins import Join
from cqrs.views.rows import Generation, RowView, States
from cqrs.views.searches import Conversation, Hits, Question, SearchView
from cqrs.views.tallies import Cell, Counts, TallyView
from tests.library.generations import Views
from tests.library.worlds import ORDER, PAYMENT, VIEW, history, render, stored

STORE = stored(*(history(f"order-{n}", "a", "b") for n in range(4)))
STORES = dict.fromkeys(("order", "payment"), STORE)
ONE, TWO = Generation(1), Generation(2)
TOKEN = Token({"order-1": 2})


def counted(states: States) -> Counts:
    return {Cell("all", text): {"notes": 1} for text in states[ORDER].texts}


TALLY = TallyView(name="texts", folds=[ORDER], counted=counted)
SEARCH = SearchView(name="found", folds=[ORDER, PAYMENT], render=render, fields={})


class Index(MemoryRows):
    """An index that finds nothing, and says that it was asked."""

    def __init__(self, scope: str, asked: list[str]) -> None:
        super().__init__(scope)
        self._scope, self._asked = scope, asked

    def search(self, questions: Sequence[Question]) -> list[Hits]:
        self._asked.append(self._scope)
        return [Hits([], 0) for _ in questions]


class Two:
    """A view of which two generations are live; only the first is filled."""

    def __init__(self, view: Any, **how: Any) -> None:
        self.view, self.newer = view, replace(view, generation=2)
        self.views = Views(view, stores=STORES, services={"world": STORE}, **how)
        self.fill(view, ONE)
        assert self.views.generations.make(self.newer) == TWO
        self.views.pass_by()
        self.editions = self.views.editions(view)

    def fill(self, view: Any, generation: Generation) -> None:
        self.views.generations.make(view)
        streams = dict.fromkeys(STORE.heads().versions | {"order-2": 0, "order-3": 0}, ())
        self.views.follower(view.at(generation)).catch_up(streams)
        self.views.generations.filled(view, generation)

    def switch(self) -> None:
        self.fill(self.newer, TWO)
        self.views.generations.switch(self.newer, TWO)
        self.views.pass_by()

    def loses(self, generation: Generation) -> None:
        known = self.views.known(self.view)
        assert self.views.register.save(self.view.name, known.unfilled(generation), known.revision)

    def drop(self, generation: Generation) -> None:
        self.views.generations.drop(self.newer, generation)
        self.views.pass_by()


class TestRows:
    def test_a_row_a_list_and_lookups_come_from_the_active_generation(self) -> None:
        two = Two(VIEW)
        reader = Reader(VIEW, two.editions, STORES)
        two.views.rows(two.view)._rows.clear()  # so that it can be told which is read
        assert reader.get("1", Token()).rows[0].document is None
        assert reader.page("all", "all", Token(), limit=9).scope == "notes#1"
        two.switch()
        assert reader.get("1", Token()).rows[0].document
        assert reader.load(["1"], Token()).rows[0].document
        page = reader.page("all", "all", Token(), limit=9)
        assert (page.scope, len(page.rows)) == ("notes#2", 4)

    def test_a_token_holds_in_every_generation(self) -> None:
        two = Two(VIEW)
        reader = Reader(VIEW, two.editions, STORES)
        before = reader.get("1", TOKEN)
        two.switch()
        after = reader.get("1", before.freshness.token)
        assert (before.rows[0].document, before.freshness) == (
            after.rows[0].document,
            after.freshness,
        )
        assert reader.page("all", "all", TOKEN, limit=9).scope == "notes#2"

    def test_who_has_not_heard_of_the_switch_is_still_right(self) -> None:
        two = Two(VIEW)
        early = Reader(VIEW, two.editions, STORES)
        early.get("1", Token())
        two.fill(two.newer, TWO)
        two.views.generations.switch(two.newer, TWO)
        late = Two.__new__(Two)  # nothing of it is known yet
        late.views = Views(VIEW, stores=STORES, rows=two.views.kept, register=two.views.register)
        reader = Reader(VIEW, late.views.editions(VIEW), STORES)
        pages = [one.page("all", "all", Token(), limit=9) for one in (early, reader)]
        assert [page.scope for page in pages] == ["notes#1", "notes#2"]
        assert [row.document for row in pages[0].rows] == [row.document for row in pages[1].rows]

    def test_a_list_goes_on_in_its_generation_as_long_as_that_is_kept(self) -> None:
        two = Two(VIEW)
        reader = Reader(VIEW, two.editions, STORES)
        first = reader.page("all", "all", Token(), limit=2)
        two.switch()
        rest = {"limit": 9, "after": first.more, "scope": first.scope}
        second = reader.page("all", "all", Token(), **rest)  # type: ignore[arg-type]
        assert (second.scope, len(second.rows)) == ("notes#1", 2)
        two.drop(ONE)
        with pytest.raises(InvalidCursor):
            reader.page("all", "all", Token(), **rest)  # type: ignore[arg-type]

    def test_after_the_way_back_a_list_goes_on_where_it_began_too(self) -> None:
        two = Two(VIEW)
        reader = Reader(VIEW, two.editions, STORES)
        two.switch()
        first = reader.page("all", "all", Token(), limit=2)
        two.views.generations.rollback(two.newer)
        two.views.pass_by()
        second = reader.page("all", "all", Token(), limit=9, after=first.more, scope=first.scope)
        assert (second.scope, len(second.rows)) == ("notes#2", 2)
        assert reader.page("all", "all", Token(), limit=9).scope == "notes#1"

    def test_a_list_that_the_active_generation_was_not_made_with_is_refused(self) -> None:
        two = Two(VIEW)
        new: Any = replace(VIEW, generation=2, lists={**VIEW.lists, "new": lambda document: None})
        reader = Reader(new, two.editions, STORES)
        assert reader.get("1", Token()).rows[0].document
        with pytest.raises(NotFilled):
            reader.page("new", "all", Token(), limit=9)

    def test_lookups_are_looked_up_in_the_active_generation(self) -> None:
        two = Two(VIEW)
        joiner = Joiner([(_its_own(VIEW), two.editions)], STORES)
        reader = Reader(VIEW, two.editions, STORES)
        two.views.rows(two.view)._rows.clear()
        two.switch()
        (row,) = joiner.join(reader.get("1", Token())).rows
        assert row.document
        assert row.document["same"] == {"order": ["a", "b"], "payment": []}


def _its_own(view: RowView) -> Join:
    return Join(
        view=view,
        keys=lambda document: ["1"],
        put=lambda document, found: {**document, "same": found.get("1")},  # type: ignore[dict-item]
    )


class TestTallies:
    def test_cells_come_from_the_active_generation_and_go_on_in_their_own(self) -> None:
        two = Two(TALLY)
        reader = TallyReader(TALLY, two.editions, STORES)
        first = reader.cells(["all"], "", "", TOKEN, limit=1)
        assert (first.scope, first.counts) == ("texts#1", {Cell("all", "a"): {"notes": 4}})
        two.switch()
        assert reader.cells(["all"], "", "", TOKEN, limit=9).scope == "texts#2"
        goes_on = {"limit": 9, "after": first.more, "scope": first.scope}
        second = reader.cells(["all"], "", "", TOKEN, **goes_on)  # type: ignore[arg-type]
        assert (second.scope, second.counts) == ("texts#1", {Cell("all", "b"): {"notes": 4}})
        two.drop(ONE)
        with pytest.raises(InvalidCursor):
            reader.cells(["all"], "", "", TOKEN, **goes_on)  # type: ignore[arg-type]

    def test_a_tally_that_is_not_filled_is_refused(self) -> None:
        two = Two(TALLY)
        two.loses(ONE)
        two.views.pass_by()
        with pytest.raises(NotFilled):
            TallyReader(TALLY, two.editions, STORES).cells(["all"], "", "", Token(), limit=1)


def talk(rounds: int) -> Conversation[int]:
    for _ in range(rounds):
        yield {SEARCH.name: [{}]}
    return rounds


class TestSearches:
    def test_a_search_is_asked_of_the_active_generation_and_goes_on_in_its_own(self) -> None:
        asked: list[str] = []
        two = Two(SEARCH, make=lambda view: Index(view.scope, asked))
        searchers = Searchers([Searcher(SEARCH, two.editions, STORES)])
        begun = searchers.scope_of(SEARCH, None)
        searchers.converse(talk(1), Token(), begun)
        two.switch()
        searchers.converse(talk(1), Token())
        searchers.converse(talk(1), Token(), searchers.scope_of(SEARCH, begun))
        assert asked == ["found#1", "found#2", "found#1"]
        two.drop(ONE)
        with pytest.raises(InvalidCursor):
            searchers.scope_of(SEARCH, begun)
        with pytest.raises(InvalidCursor):
            searchers.converse(talk(1), Token(), begun)

    def test_all_rounds_of_a_search_see_the_same_generation(self) -> None:
        asked: list[str] = []
        two = Two(SEARCH, make=lambda view: Index(view.scope, asked))
        searchers = Searchers([Searcher(SEARCH, two.editions, STORES)])

        def talk() -> Conversation[None]:
            yield {SEARCH.name: [{}]}
            two.switch()
            yield {SEARCH.name: [{}]}

        searchers.converse(talk(), Token())
        assert asked == ["found#1", "found#1"]

    def test_a_search_in_what_is_not_filled_is_refused(self) -> None:
        two = Two(SEARCH, make=lambda view: Index(view.scope, []))
        two.loses(ONE)
        two.views.pass_by()
        with pytest.raises(NotFilled):
            Searcher(SEARCH, two.editions, STORES).search([{}], Token())
