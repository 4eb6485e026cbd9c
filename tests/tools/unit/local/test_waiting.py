"""Whoever waits for the views waits as long as they get on, and sees how far they are."""

from collections.abc import Iterator, Sequence

import pytest

from scripts.local.errors import LocalError
from scripts.local.filling import Filling
from scripts.local.lags import Lag, Lags
from scripts.local.waiting import STUCK_SECONDS, Bar, Patience


def behind(number: int, commits: int = 10) -> Lags:
    lag = Lag(commits=commits, behind=number, streams=min(number, 1), parked=0)
    return Lags({"order_history": lag}, {}, finished=True)


class World:
    """Time that passes with each pause, and views that answer what is next in `lags`."""

    def __init__(self, lags: Sequence[Lags]) -> None:
        self.now = 0.0
        self.counted = 0
        self.shown: list[Lags | None] = []
        self._lags = list(lags)
        self.patience = Patience(self.count, self.shown.append, lambda: self.now, self.pass_by)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def count(self) -> Lags:
        self.counted += 1
        return self._lags.pop(0) if len(self._lags) > 1 else self._lags[0]


def test_what_is_there_at_once_is_not_waited_for_and_nothing_is_counted() -> None:
    world = World([behind(0)])
    world.patience.until(lambda: "")
    assert (world.now, world.counted, world.shown) == (0, 0, [None])


def test_a_backlog_is_waited_for_however_long_it_takes_as_long_as_it_shrinks() -> None:
    world = World([behind(n, commits=10_000) for n in range(10_000, -1, -1)])
    world.patience.until_caught_up()
    assert world.now > 10 * STUCK_SECONDS
    assert world.shown[-2:] == [behind(0, commits=10_000), None]


def test_commits_that_come_meanwhile_are_not_waited_for() -> None:
    world = World([behind(2, commits=10), behind(5, commits=15)])
    world.patience.until_caught_up()
    assert world.counted == 2


def test_when_nothing_moves_any_more_it_says_what_is_missing_and_how_far_it_is() -> None:
    world = World([behind(3)])
    with pytest.raises(LocalError, match=r"no order: nothing moves.*3 commits behind: 3 order_his"):
        world.patience.until(lambda: "no order")
    assert world.now > STUCK_SECONDS
    assert world.shown[-1] is None


def test_without_a_terminal_it_says_now_and_then_in_a_line_how_far_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bar = Bar()
    for n in (3, 2, 1):
        bar(behind(n))
    bar(None)
    assert capsys.readouterr().err.split("\n") == ["", "  3 commits behind: 3 order_history", "  "]


def answers(*told: object) -> Iterator[object]:
    yield from told


def test_views_are_filled_by_as_many_calls_as_it_takes() -> None:
    calls = answers({"a": {"ready": False}}, {"a": {"ready": True}, "b": {"ready": True}})
    filling = Filling(lambda: next(calls))  # type: ignore[arg-type,return-value]
    while filling.missing():
        pass
    assert next(calls, "no more") == "no more"


def test_a_call_that_fails_ends_the_wait() -> None:
    def fill() -> dict[str, object]:
        raise LocalError("the sweeper failed")

    filling = Filling(fill)

    def filled() -> None:
        while filling.missing():
            pass

    with pytest.raises(LocalError, match="the sweeper failed"):
        filled()
