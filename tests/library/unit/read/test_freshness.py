"""How new an answer is: what is said of one that others went into, and what others said."""

from __future__ import annotations

import itertools

import pytest

from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token

EVENTUAL, CURRENT = Consistency("eventual"), Consistency("current")
WAITED, FOLDED = Consistency("waited", ms=20), Consistency("folded", commits=3)


@pytest.mark.parametrize("one", [EVENTUAL, CURRENT, WAITED, FOLDED])
def test_what_is_said_can_be_read(one: Consistency) -> None:
    assert Consistency.parse(str(one)) == one


@pytest.mark.parametrize("text", ["", "fresh", "folded; ", "waited; ms=", "waited; ms=-1", "{}"])
def test_what_cannot_be_read_counts_as_the_weakest(text: str) -> None:
    assert Consistency.parse(text) == EVENTUAL


def test_what_took_more_is_said_whichever_came_first() -> None:
    for less, more in itertools.combinations([EVENTUAL, CURRENT, WAITED, FOLDED], 2):
        assert less.and_then(more) == more.and_then(less) == more


def test_what_took_the_same_is_added_up() -> None:
    assert str(WAITED.and_then(WAITED)) == "waited; ms=40"
    assert str(FOLDED.and_then(FOLDED)) == "folded; commits=6"


def test_what_was_done_says_how_new_an_answer_is() -> None:
    wanted = {"7": {"order-7": 1}}
    assert Consistency.after({}) == EVENTUAL
    assert Consistency.after(wanted) == CURRENT
    assert Consistency.after(wanted, waited=0.02) == WAITED
    assert Consistency.after(wanted, waited=0.02, commits=3) == FOLDED


def test_of_two_answers_the_token_has_the_first_first_and_the_newest_of_both() -> None:
    one = Freshness(CURRENT, Token({"order-7": 1, "order-8": 4}))
    other = Freshness(WAITED, Token({"name-a": 2, "order-7": 3}))
    both = one.and_then(other)
    assert str(both.token) == "order-7@3, order-8@4, name-a@2"
    assert both.consistency == WAITED


def test_an_answer_that_asked_for_nothing_changes_nothing() -> None:
    one = Freshness(FOLDED, Token({"order-7": 1}))
    assert one.and_then(Freshness()) == Freshness().and_then(one) == one
