"""Waiting: how often something is looked at or tried, and for how long."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.waiting import Backoff, Pace, Patience
from tests.library.waiting import Clock


def test_the_first_look_is_at_once_and_nothing_was_waited_for() -> None:
    clock = Clock(100)
    assert next(Patience(1, clock, clock.pause).looks()) == 0
    assert clock.pauses == []


def test_without_patience_it_is_looked_once() -> None:
    clock = Clock(100)
    assert list(Patience(0, clock, clock.pause).looks()) == [0]
    assert clock.pauses == []


def test_the_pauses_grow_but_not_for_ever() -> None:
    clock = Clock(100)
    list(islice(Patience(60, clock, clock.pause).looks(), 8))
    assert clock.pauses == [0.02, 0.04, 0.08, 0.16, 0.2, 0.2, 0.2]


def test_each_look_is_told_how_long_was_waited_and_looking_counts() -> None:
    clock = Clock(100)
    waits: list[float] = []
    for waited in islice(Patience(60, clock, clock.pause).looks(), 3):
        waits.append(round(waited, 2))
        clock.now += 1
    assert waits == [0, 1.02, 2.06]


def test_it_ends_with_the_look_that_patience_was_just_enough_to_begin() -> None:
    clock = Clock(100)
    looks = [round(waited, 2) for waited in Patience(0.05, clock, clock.pause).looks()]
    assert looks == [0, 0.02, 0.06]


def test_patience_that_is_used_up_to_the_moment_is_over() -> None:
    clock = Clock(100)
    clock.now = 0
    assert list(Patience(0.02, clock, clock.pause).looks()) == [0, 0.02]


def test_it_can_be_waited_with_the_same_patience_again() -> None:
    clock = Clock(100)
    patience = Patience(0.05, clock, clock.pause)
    assert len(list(patience.looks())) == len(list(patience.looks())) == 3


def test_of_several_things_one_after_the_other_each_is_looked_at_and_the_time_is_one() -> None:
    clock = Clock(100)
    patience = Patience(0.05, clock, clock.pause).from_now()
    looks = [[round(waited, 2) for waited in patience.looks()] for _ in range(2)]
    assert looks == [[0, 0.02, 0.06], [0]]


def longest(backoff: Backoff, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between its tries, when chance is as unkind as it can be."""
    pauses: list[float] = []
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    assert list(backoff.attempts(pauses.append)) == list(range(backoff.tries))
    return pauses


def test_the_first_try_waits_for_nothing_and_further_ones_longer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backoff = Backoff(tries=5, first_seconds=0.04)
    assert longest(backoff, monkeypatch) == [0.04, 0.08, 0.16, 0.32]


def test_the_first_tries_may_be_at_once_and_the_last_ones_not_for_ever_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backoff = Backoff(tries=6, at_once=2, first_seconds=0.04, longest_seconds=0.1)
    assert longest(backoff, monkeypatch) == [0.04, 0.08, 0.1, 0.1]


def test_pauses_may_grow_as_slowly_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = Backoff(tries=4, first_seconds=0.04, growth=1.5)
    assert longest(backoff, monkeypatch) == pytest.approx([0.04, 0.06, 0.09])


def test_a_try_that_succeeds_is_followed_by_no_pause() -> None:
    pauses: list[float] = []
    for attempt in Backoff(tries=5, first_seconds=0.04).attempts(pauses.append):
        if attempt == 2:
            break
    assert len(pauses) == 2


def test_those_who_met_once_do_not_wait_equally_long() -> None:
    pauses: list[float] = []
    for _ in range(20):
        list(Backoff(tries=2, first_seconds=0.04).attempts(pauses.append))
    assert len(set(pauses)) > 1
    assert all(0 <= pause <= 0.04 for pause in pauses)


spendings = st.lists(st.tuples(st.floats(0, 5), st.floats(0, 500)), min_size=1, max_size=30)


@given(st.floats(1, 1_000), spendings)
def test_no_more_is_spent_than_a_pace_allows(
    per_second: float, spent: list[tuple[float, float]]
) -> None:
    """What the work itself takes counts; but no time is saved up from before."""
    clock = Clock(100)
    pace = Pace(per_second, clock, clock.pause)
    times = []
    for busy, units in spent:
        began = clock.now
        clock.now += busy
        pace.spend(units)
        times.append((began, clock.now, units))
    for n, (began, _, _) in enumerate(times):
        total = 0.0
        for _, ended, units in times[n:]:
            total += units
            assert total <= per_second * (ended - began) * (1 + 1e-9) + 1e-6


def test_who_spends_less_than_that_is_not_held_up() -> None:
    clock = Clock(100)
    pace = Pace(10, clock, clock.pause)
    pace.spend(5)
    assert clock.pauses == [0.5]
    clock.now += 0.4
    pace.spend(6)
    assert clock.pauses == [0.5, pytest.approx(0.2)]
    clock.now += 2
    pace.spend(1)
    assert clock.pauses[2:] == [0]
