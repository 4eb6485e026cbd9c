"""What is printed of walks, while they are on their way and when they have ended."""

import pytest

from scripts.local.waiting import Walked
from scripts.local.walks import lines_of, show_walks

WALK = {
    "purpose": "audit",
    "began": "2026-01-31T12:00:00.000000Z",
    "ended": "2026-01-31T12:00:02.500000Z",
    "commits": 1_200,
    "walked": 1_234,
    "streams": 300,
    "found": {"sales#1": 2, "orders#1": 0},
    "aside": [],
    "gave_up": {},
}


def test_a_walk_that_has_ended_is_a_line() -> None:
    assert list(lines_of(WALK)) == [
        "audit: 2.5 s; streams: 300; commits: 1,234; were behind: 2 in sales#1"
    ]


def test_what_was_folded_anew_was_not_behind() -> None:
    (line,) = lines_of(WALK | {"purpose": "redrive/sales", "found": {}})
    assert line.endswith("folded anew: none")


def test_what_a_walk_leaves_for_others_is_told() -> None:
    _, aside, failed = lines_of(
        WALK | {"aside": ["sales#1 order-7"], "gave_up": {"search#1": "Unavailable: down"}}
    )
    assert aside == "Set aside, as they stopped the walker: sales#1 order-7"
    assert failed == "Not done: search#1: Unavailable: down"


def test_all_walks_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_walks([WALK, WALK | {"purpose": "fill", "ended": None}])
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:3] == ["audit", "2026-01-31T12:00:00", "2026-01-31T12:00:02"]
    assert "on its way" in second
    assert "1,234 of about 1,200" in second


def test_how_far_a_walk_is_is_told_and_more_than_was_counted_is_nothing_left() -> None:
    far = Walked.of(WALK | {"walked": 200})
    assert (far.behind, str(far)) == (1_000, "audit: 200 of about 1,200 commits")
    assert Walked.of(WALK).behind == 0
