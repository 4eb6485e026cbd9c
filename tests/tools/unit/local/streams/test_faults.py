"""Fault knobs: what they take, and that a seed makes them repeatable."""

import pytest

from scripts.local.errors import LocalError
from scripts.local.streams.faults import Dice, Faults
from tests.tools.unit.local.streams.world import numbers, records


def test_knobs_are_turned_one_by_one() -> None:
    faults = Faults().changed({"drop": "0.5"}).changed({"delay": 3})
    assert faults.set_knobs() == {"delay": 3, "drop": 0.5}


def test_clear_resets_all_and_others_may_follow() -> None:
    faults = Faults(drop=0.5, stop=1).changed({"clear": 1, "fail": 1})
    assert faults.set_knobs() == {"fail": 1}


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"lose": 1}, "there is no knob lose; the knobs are stop, delay"),
        ({"drop": "often"}, "drop takes a number, not 'often'"),
        ({"drop": 2}, "drop takes a number from 0 to 1, not 2"),
        ({"delay": -1}, "delay takes a number 0 or more, not -1"),
    ],
)
def test_what_a_knob_does_not_take_is_said(knobs: dict[str, object], said: str) -> None:
    with pytest.raises(LocalError, match=said):
        Faults().changed(knobs)


def test_a_seed_repeats_the_draws() -> None:
    faults = Faults(drop=0.5, reorder=0.5, seed=7)
    first, second = Dice(faults, "worker"), Dice(faults, "worker")
    assert [first.falls("drop") for _ in range(50)] == [second.falls("drop") for _ in range(50)]
    batch = records(*range(20))
    assert first.shuffled(batch) == second.shuffled(batch)


def test_turning_one_knob_leaves_the_draws_of_another_as_they_are() -> None:
    one, two = Dice(Faults(drop=0.5, seed=7), "w"), Dice(Faults(drop=0.5, fail=1, seed=7), "w")
    drawn = []
    for dice in (one, two):
        drawn.append([(dice.falls("fail"), dice.falls("drop"))[1] for _ in range(50)])
    assert drawn[0] == drawn[1]


def test_probabilities_of_one_and_nothing_are_certain() -> None:
    dice = Dice(Faults(drop=1), "w")
    assert all(dice.falls("drop") for _ in range(20))
    assert not any(dice.falls("fail") for _ in range(20))


def test_shuffling_keeps_all_records() -> None:
    assert sorted(numbers(Dice(Faults(), "w").shuffled(records(1, 2, 3)))) == [1, 2, 3]
