"""What a operator has counted is told in a line."""

from typing import Any

import pytest

from scripts.local.errors import LocalError
from scripts.local.lags import Lags


def lag(commits: int, behind: int = 0, parked: int = 0) -> dict[str, int]:
    return {"commits": commits, "behind": behind, "streams": min(behind, 1), "parked": parked}


def lags(down: dict[str, str] | None = None, **views: dict[str, int]) -> Lags:
    """Of views in their first generation."""
    behind = {f"{view}#1": counts for view, counts in views.items()}
    return Lags.of({"behind": behind, "down": down or {}, "finished": True})


def test_those_that_are_most_behind_come_first_and_those_that_are_not_do_not_come() -> None:
    told = str(lags(orders=lag(9_000, 5), sales=lag(9_000, 1_200), cards=lag(3)))
    assert told == "1,205 commits behind: 1,200 sales, 5 orders"


def test_what_is_down_is_told_too() -> None:
    told = str(lags(orders=lag(9, 5), down={"search#1": "Unavailable"}))
    assert told == "5 commits behind: 5 orders; search is down"


def test_a_generation_is_named_from_the_second_on() -> None:
    behind = {"orders#1": lag(9), "orders#2": lag(9, 4), "orders#11": lag(9)}
    found = Lags.of({"behind": behind, "down": {}, "finished": True})
    assert list(found.views) == ["orders", "orders#2", "orders#11"]


def test_counts_are_summed_up() -> None:
    found = lags(orders=lag(9, 5), sales=lag(7, 1, parked=2))
    assert (found.behind, found.applied, found.parked) == (6, 10, 2)


@pytest.mark.parametrize(
    ("now", "reached"),
    [
        (lags(orders=lag(9, 1), sales=lag(7)), False),
        (lags(orders=lag(9), sales=lag(7)), True),
        (lags(orders=lag(12, 3), sales=lag(70, 60)), True),  # others have come meanwhile
        (lags(orders=lag(9)), False),  # a view that is gone
    ],
)
def test_a_goal_is_reached_when_each_view_has_applied_what_there_was(
    now: Lags, reached: bool
) -> None:
    assert now.has_all_of(lags(orders=lag(9, 5), sales=lag(7, 7))) is reached


@pytest.mark.parametrize("answer", [{"error": "not understood"}, {"behind": {"orders#1": {}}}])
def test_a_operator_of_other_code_is_told(answer: Any) -> None:
    with pytest.raises(LocalError, match="run `make up`"):
        Lags.of(answer)
