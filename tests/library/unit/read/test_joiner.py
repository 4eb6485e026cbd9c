"""Joins: a row with the lookups it names, none of them older than its token."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Barrier
from typing import Any, Self

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import InvalidToken, Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.read.consistency import Page
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.joiner import Joiner
from cqrs.read.tokens import Token
from cqrs.views.joins import Join
from cqrs.views.rows import Document, Fold, ParkedAt, Part, Row, RowView, States
from tests.library.worlds import (
    TYPES,
    CountedRows,
    Noted,
    Notes,
    Reads,
    commit,
    history,
    note,
    stored,
)

NAME: Fold[Notes, Noted] = Fold(
    category="name", events=TYPES, state=Notes, initial=Notes(), evolve=note
)
STREET: Fold[Notes, Noted] = Fold(
    category="street", events=TYPES, state=Notes, initial=Notes(), evolve=note
)


def lookups_of(fold: Fold[Notes, Noted]) -> RowView:
    def render(states: States) -> Document | None:
        texts = states[fold].texts
        return {"text": texts[-1]} if texts else None

    return RowView(name=f"{fold.category}s", folds=[fold], render=render)


NAMES, STREETS = lookups_of(NAME), lookups_of(STREET)


def join(view: RowView) -> Join:
    """Puts in `names` and `streets`: what the lookups say that are named in `has`."""

    def keys(document: Any) -> list[str]:
        return list(document["has"])

    def put(document: Any, lookups: Any) -> Document:
        return {**document, view.name: [lookups.get(key) for key in document["has"]]}

    return Join(view=view, keys=keys, put=put)


class World:
    """Names in the store, and their lookups as far as the view has come."""

    def __init__(self, *histories: Sequence[Any]) -> None:
        self.store = stored(*histories)
        self.reads = Reads(self.store)
        self.rows = CountedRows()
        self.joiner = Joiner([(join(NAMES), self.rows)], {"name": self.reads})

    def follow(self, *keys: str) -> None:
        hints: dict[str, Any] = {f"name-{key}": () for key in keys}
        Follower(NAMES, self.rows, {"name": self.store}).catch_up(hints)
        self.rows.loads.clear()

    def ask(self, *rows: Row, token: str = "", how: Consistency | None = None) -> Page:
        freshness = Freshness(how or Consistency("eventual"), Token.parse(token))
        return self.joiner.join(Page(list(rows), freshness))

    def names(self, *rows: Row, token: str = "") -> list[Any]:
        return [row.document and row.document["names"] for row in self.ask(*rows, token=token).rows]


def row(key: str, *has: str) -> Row:
    return Row(key=key, parts={f"order-{key}": Part(version=1)}, document={"has": list(has)})


def test_a_row_is_shown_with_the_lookups_that_it_names() -> None:
    world = World(history("name-a", "Ada"), history("name-b", "Bob"))
    world.follow("a", "b")
    assert world.names(row("7", "b", "a")) == [[{"text": "Bob"}, {"text": "Ada"}]]


def test_a_lookup_that_is_not_there_is_not_put_in() -> None:
    world = World(history("name-a", "Ada"))
    world.follow("a")
    assert world.names(row("7", "a", "nobody")) == [[{"text": "Ada"}, None]]


def test_all_lookups_of_a_page_are_one_load() -> None:
    world = World(history("name-a", "Ada"), history("name-b", "Bob"))
    world.follow("a", "b")
    assert world.names(row("7", "a", "b"), row("8", "b"), row("9", "a", "a")) == [
        [{"text": "Ada"}, {"text": "Bob"}],
        [{"text": "Bob"}],
        [{"text": "Ada"}, {"text": "Ada"}],
    ]
    assert (world.rows.loads, world.reads.count) == ([["a", "b"]], 0)


def test_a_lookup_behind_the_token_is_completed_and_not_written() -> None:
    world = World(history("name-a", "Ada"))
    world.follow("a")
    world.store.append(commit("name-a", 2, "Ada Lovelace"), "")

    assert world.names(row("7", "a")) == [[{"text": "Ada"}]]
    answer = world.ask(row("7", "a"), token="name-a@2")

    assert answer.rows[0].document == {"has": ["a"], "names": [{"text": "Ada Lovelace"}]}
    assert str(answer.freshness.consistency) == "folded; commits=1"
    assert world.rows.get("a").document == {"text": "Ada"}


def test_a_lookup_that_the_view_has_not_seen_at_all_is_there_with_its_token() -> None:
    world = World(history("name-a", "Ada", "Ada Lovelace"))
    assert world.names(row("7", "a"), token="name-a@1") == [[{"text": "Ada Lovelace"}]]


def test_a_token_of_a_lookup_that_nothing_names_is_not_looked_at_but_handed_on() -> None:
    world = World(history("name-a", "Ada"))
    world.follow("a")
    answer = world.ask(row("7", "a"), token="name-b@9")
    assert (str(answer.freshness.consistency), world.reads.count) == ("eventual", 0)
    assert answer.freshness.token.positions == {"name-b": 9, "name-a": 1}


def test_a_version_that_a_lookups_stream_does_not_have_is_refused() -> None:
    world = World(history("name-a", "Ada"))
    with pytest.raises(InvalidToken, match="'name-a' has no version 2; its newest is 1"):
        world.ask(row("7", "a"), token="name-a@2")


def test_lookups_that_are_out_of_reach_are_told_as_something_that_passes() -> None:
    world = World(history("name-a", "Ada"))
    world.reads.down = Unavailable("down")
    with pytest.raises(Unavailable):
        world.ask(row("7", "a"), token="name-a@1")


@pytest.mark.parametrize(
    ("rows", "token", "combined"),
    [
        (Consistency("eventual"), "", "eventual"),
        (Consistency("eventual"), "name-a@1", "current"),
        (Consistency("current"), "", "current"),
        (Consistency("waited", ms=20), "name-a@1", "waited; ms=20"),
        (Consistency("waited", ms=20), "name-a@2", "folded; commits=1"),
        (Consistency("folded", commits=2), "", "folded; commits=2"),
        (Consistency("folded", commits=2), "name-a@2", "folded; commits=3"),
    ],
)
def test_an_answer_says_what_it_took_for_rows_and_lookups_together(
    rows: Consistency, token: str, combined: str
) -> None:
    world = World(history("name-a", "Ada"))
    world.follow("a")
    world.store.append(commit("name-a", 2, "Ada Lovelace"), "")
    assert str(world.ask(row("7", "a"), token=token, how=rows).freshness.consistency) == combined


def test_the_token_has_the_rows_first_and_lookups_as_long_as_there_is_room() -> None:
    world = World(history("name-a", "Ada"), history("name-b", "Bob"))
    world.follow("a", "b")
    seen = ", ".join(f"order-{n}@1" for n in range(149))
    answer = world.ask(row("7", "a", "b"), token=seen)
    assert str(answer.freshness.token) == f"{seen}, name-a@1"


def test_a_lookup_that_cannot_go_on_is_a_problem_in_its_place_and_no_more() -> None:
    world = World(history("name-a", "Ada", "poison"), history("name-b", "Bob"))
    world.follow("a", "b")
    problem = {"code": "view_parked", "stream": "name-a", "version": 2}
    for token in ("", "name-a@1", "name-a@2"):
        assert world.names(row("7", "a", "b"), token=token) == [
            [{"problem": problem}, {"text": "Bob"}]
        ]


def test_a_poison_commit_met_while_completing_a_lookup_is_the_same_problem() -> None:
    world = World(history("name-a", "Ada", "poison"))
    problem = {"code": "view_parked", "stream": "name-a", "version": 2}
    assert world.names(row("7", "a"), token="name-a@2") == [[{"problem": problem}]]


def test_a_row_that_shows_nothing_or_cannot_go_on_stays_as_it_is() -> None:
    world = World()
    parked = Part(version=1, parked=ParkedAt(version=2, error="poison"))
    nothing = Row(key="8")
    stuck = Row(key="9", parts={"order-9": parked}, document={"has": ["a"]})
    assert world.ask(nothing, stuck).rows == [nothing, stuck]
    assert world.rows.loads == [[]]


def test_several_joins_are_one_load_and_completed_at_the_same_time() -> None:
    both = Barrier(2, timeout=10)
    together: list[list[Sequence[str]]] = []

    class Together(MemoryRows):
        @classmethod
        def load_all(cls, asked: Sequence[tuple[Self, Sequence[str]]]) -> list[dict[str, Row]]:
            together.append([keys for _, keys in asked])
            return super().load_all(asked)

    class Meeting(Reads):
        def read(self, *args: Any, **how: Any) -> Sequence[Commit]:
            both.wait()
            return super().read(*args, **how)

    store = Meeting(stored(history("name-a", "Ada"), history("street-a", "1 Street")))
    joins = [(join(NAMES), Together()), (join(STREETS), Together())]
    joiner = Joiner(joins, {"name": store, "street": store})
    token = Token({"order-7": 1, "street-a": 1, "name-a": 1})

    answer = joiner.join(Page([row("7", "a")], Freshness(token=token)))

    assert answer.rows[0].document == {
        "has": ["a"],
        "names": [{"text": "Ada"}],
        "streets": [{"text": "1 Street"}],
    }
    assert str(answer.freshness.consistency) == "folded; commits=2"
    assert together == [[["a"], ["a"]]]


def test_a_page_stays_a_page() -> None:
    found = Page([row("7")], Freshness(), more=("sort", "7"))
    joiner = Joiner([(join(NAMES), MemoryRows())], {"name": MemoryEventStore()})
    assert joiner.join(found).more == ("sort", "7")
