"""Stored history is replayed through all that reads it; what goes wrong is told in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cqrs import plain
from cqrs.history.commits import Commit
from cqrs.history.events import EventTypes
from cqrs.plain import Value, replace
from cqrs.testing.views import recorded
from cqrs.views.rows import Fold, RowView
from cqrs.write.decider import Decider
from scripts.release import replay
from scripts.release.application import Application
from scripts.release.exporting import masked_line
from scripts.release.released import ReleaseError
from scripts.release.replay import commits_in, replayed, replayed_golden, stories
from tests.library.books import (
    BOOK,
    BOOK_FOLD,
    BOOKS,
    LIBRARY,
    LOANS,
    BookAdded,
    BookLent,
    BookWithdrawn,
)

APPLICATION = Application({"library": BOOK}, {}, {}, {"books": BOOKS, "loans": LOANS}, {}, {})
HISTORY = recorded(LIBRARY, "book-1", BookAdded(), BookLent(reader="ada"), BookWithdrawn())


def spoiled(commit: Commit, before: str, after: str) -> Commit:
    assert before in commit.body
    return Commit(commit.stream, commit.version, commit.body.replace(before, after))


def test_what_can_be_followed_is_not_told_of() -> None:
    assert [*replayed(APPLICATION, HISTORY)] == []


def test_what_can_not_be_read_is_told_once_with_its_place_and_its_kind() -> None:
    lent = spoiled(HISTORY[1], '"reader"', '"whom"')
    (told,) = replayed(APPLICATION, [HISTORY[0], lent])
    assert told.startswith("book-1@2 (BookLent of schema 1) can't be read: Unreadable: ")


def test_what_rules_can_not_follow_is_told() -> None:
    late = [Commit("book-1", n, one.body) for n, one in enumerate(HISTORY[1:], start=1)]
    (told,) = replayed(APPLICATION, late)
    assert told == (
        "book-1@1 (BookLent of schema 1) can't be followed by the rules of library: "
        "ValueError: BookLent before BookAdded: mend that"
    )


def test_a_state_that_no_snapshot_can_hold_is_told() -> None:
    unkept: Any = replace(BOOK, state=int)
    (told,) = replayed(APPLICATION._replace(deciders={"library": unkept}), HISTORY[:1])
    assert "can't be followed by the rules of library: Unreadable: the stored data is not" in told


def test_a_row_that_can_not_be_shown_is_told_with_the_event() -> None:
    def render(states: Any) -> Any:
        raise KeyError("title")

    broken = replace(BOOKS, render=render)
    (told,) = replayed(APPLICATION._replace(views={"books": broken}), HISTORY)
    assert told.startswith("books can't follow book-1@1 (BookAdded of schema 1): KeyError")


def test_a_history_that_was_exported_is_read_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("".join(plain.to_json(masked_line(one)) + "\n" for one in HISTORY))
    assert commits_in(file) == HISTORY


def test_a_story_is_the_shortest_history_that_ends_with_an_event() -> None:
    lent, withdrawn = BookLent(reader="ada"), BookWithdrawn()
    assert stories(BOOK_FOLD, [withdrawn, lent, BookAdded()]) == [
        [BookAdded(), withdrawn],
        [BookAdded(), lent],
        [BookAdded()],
    ]


# Golden history


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "Paid", "schema": 1}'])
def test_a_golden_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "shop" / "fixtures" / "history"
    folder.mkdir(parents=True)
    (folder / "tills.Paid.1.json").write_text(text)

    with pytest.raises(ReleaseError, match=r"tills.Paid.1.json is no stored event \(.*\): get it"):
        replay.golden(tmp_path)


TILLS = EventTypes("tills")


@TILLS.event(schema=2)
class Paid(Value):
    amount: int
    how: str


@TILLS.upcaster(Paid, schema=1)
def _paid_1(data: Any) -> Any:
    return {"amount": data["amount"], "how": {"c": "cash", "d": "debit"}[data["way"]]}


def total(state: int, event: Any) -> int:
    return state + int(event.amount)


TILL: Any = Decider(
    category="till",
    events=TILLS,
    initial=0,
    evolve=total,
    decide=lambda command, state: [],
    state=int,
    state_schema=1,
)
SUMS = RowView(
    name="sums",
    folds=[
        Fold(
            category="till",
            events=TILLS,
            state=int,
            initial=0,
            evolve=lambda state, one: total(state, one.event),
        )
    ],
    render=lambda states: {"sum": 1},
)
SHOP = Application({"tills": TILL}, {}, {}, {"sums": SUMS}, {}, {})
NOW: Any = {"events": {"tills.Paid@1": {"upcaster": "0"}, "tills.Paid@2": {}}}


def golden(way: str, values: list[str]) -> list[str]:
    """What is told, where these were the values of a field then."""
    stored = {"tills.Paid@1": {"type": "Paid", "schema": 1, "data": {"amount": 5, "way": way}}}
    shape = {"fields": {"amount": "whole number", "way": {"one of": values}}}
    return [*replayed_golden(SHOP, stored, {"events": {"tills.Paid@1": shape}}, NOW)]


def test_an_old_event_that_can_be_read_is_not_told_of() -> None:
    assert golden("c", ["c", "d"]) == []


def test_every_value_that_an_old_event_may_have_is_read() -> None:
    (told,) = golden("c", ["c", "d", "x"])
    assert told == (
        "tills.Paid@1 can't be read as it is stored: Unreadable: Paid of schema 1 can't be read: "
        'KeyError: mend its upcaster (data: {"amount":5,"way":"x"})'
    )


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        (
            SHOP._replace(deciders={"tills": replace(TILL, evolve=lambda state, event: 1 // 0)}),
            "the `evolve` of tills can't follow a stored Paid: ZeroDivisionError: ",
        ),
        (
            SHOP._replace(views={"sums": replace(SUMS, render=lambda states: {"at": {1}})}),
            "sums can't follow till-7@1 (Paid of schema 2): ",
        ),
    ],
)
def test_what_can_not_follow_a_stored_event_is_told(app: Application, sentence: str) -> None:
    stored = {"tills.Paid@1": {"type": "Paid", "schema": 1, "data": {"amount": 5, "way": "c"}}}
    (told,) = replayed_golden(app, stored, {"events": {}}, NOW)
    assert told.startswith(sentence)
