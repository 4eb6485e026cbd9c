"""Views are filled beside whoever waits for it."""

from collections.abc import Mapping
from threading import Event
from typing import Any

import pytest

from scripts.local.errors import BusyError, LocalError
from scripts.local.filling import Filling


class Sweeper:
    """Answers in turn, each time when it is let."""

    def __init__(self, *answers: Mapping[str, Any] | LocalError) -> None:
        self.answers = list(answers)
        self.asked, self.may_answer = 0, Event()

    def fill(self) -> Mapping[str, Any]:
        self.asked += 1
        assert self.may_answer.wait(10)
        answer = self.answers.pop(0)
        if isinstance(answer, LocalError):
            raise answer
        return answer


def finished(filling: Filling) -> Filling:
    """Once its call has been answered."""
    assert filling._thread is not None
    filling._thread.join(10)
    return filling


NOT_READY, READY = {"orders": {"ready": False}}, {"orders": {"ready": True}}


def test_a_call_that_takes_long_holds_up_nobody_and_is_made_once() -> None:
    sweeper = Sweeper(READY)
    filling = Filling(sweeper.fill)
    for _ in range(3):
        assert filling.missing() == "the views can't be filled"
    sweeper.may_answer.set()
    assert finished(filling).missing() == ""
    assert sweeper.asked == 1


def test_it_goes_on_until_all_indexes_are_ready() -> None:
    sweeper = Sweeper(NOT_READY, {"orders": {"error": "Unavailable"}}, READY)
    sweeper.may_answer.set()
    filling = Filling(sweeper.fill)
    filling.missing()
    assert "False" in finished(filling).missing()
    assert "Unavailable" in finished(filling).missing()
    assert finished(filling).missing() == ""


def test_a_sweeper_that_is_too_busy_is_asked_again() -> None:
    sweeper = Sweeper(BusyError(), READY)
    sweeper.may_answer.set()
    filling = Filling(sweeper.fill)
    filling.missing()
    assert finished(filling).missing() != ""
    assert finished(filling).missing() == ""


def test_where_nothing_is_searched_there_is_nothing_to_fill() -> None:
    sweeper = Sweeper({})
    sweeper.may_answer.set()
    filling = Filling(sweeper.fill)
    filling.missing()
    assert finished(filling).missing() == ""


def test_a_sweeper_that_fails_is_told() -> None:
    sweeper = Sweeper(LocalError("the sweeper failed"))
    sweeper.may_answer.set()
    filling = Filling(sweeper.fill)
    filling.missing()
    with pytest.raises(LocalError, match="the sweeper failed"):
        finished(filling).missing()
