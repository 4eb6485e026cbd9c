"""Waiting: how often it is looked, and for how long."""

from __future__ import annotations

from itertools import islice

from cqrs.waiting import Patience


class Clock:
    """Passes only while somebody pauses, or looks."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def test_the_first_look_is_at_once_and_nothing_was_waited_for() -> None:
    clock = Clock()
    assert next(Patience(1, clock, clock.pause).looks()) == 0
    assert clock.pauses == []


def test_without_patience_it_is_looked_once() -> None:
    clock = Clock()
    assert list(Patience(0, clock, clock.pause).looks()) == [0]
    assert clock.pauses == []


def test_the_pauses_grow_but_not_for_ever() -> None:
    clock = Clock()
    list(islice(Patience(60, clock, clock.pause).looks(), 8))
    assert clock.pauses == [0.02, 0.04, 0.08, 0.16, 0.2, 0.2, 0.2]


def test_each_look_is_told_how_long_was_waited_and_looking_counts() -> None:
    clock = Clock()
    waits: list[float] = []
    for waited in islice(Patience(60, clock, clock.pause).looks(), 3):
        waits.append(round(waited, 2))
        clock.now += 1
    assert waits == [0, 1.02, 2.06]


def test_it_ends_with_the_look_that_patience_was_just_enough_to_begin() -> None:
    clock = Clock()
    looks = [round(waited, 2) for waited in Patience(0.05, clock, clock.pause).looks()]
    assert looks == [0, 0.02, 0.06]


def test_patience_that_is_used_up_to_the_moment_is_over() -> None:
    clock = Clock()
    clock.now = 0
    assert list(Patience(0.02, clock, clock.pause).looks()) == [0, 0.02]


def test_it_can_be_waited_with_the_same_patience_again() -> None:
    clock = Clock()
    patience = Patience(0.05, clock, clock.pause)
    assert len(list(patience.looks())) == len(list(patience.looks())) == 3
