"""Waiting ends with what is waited for, or when nothing moves any more; never by the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from scripts.local.errors import BusyError, LocalError
from scripts.local.lags import Lags
from scripts.local.waiting import LINE_SECONDS, QUIET_SECONDS, STUCK_SECONDS, Bar, Patience
from tests.tools.unit.local.test_lags import lag, lags


@dataclass
class World:
    """A backlog of one view that goes down by so many commits a second, if at all."""

    behind: float = 0.0
    speed: float = 0.0
    arriving: float = 0.0
    counting_seconds: float = 0.0
    busy_until: float = 0.0
    now: float = 100.0
    commits: float = 10_000.0
    shown: list[str | None] = field(default_factory=list)
    counted_at: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.commits += self.arriving * seconds
        self.behind += (self.arriving - self.speed) * seconds
        self.behind = max(0.0, self.behind)

    def count(self) -> Lags:
        self.counted_at.append(self.now)
        if self.now < self.busy_until:
            raise BusyError
        found = lags(orders=lag(int(self.commits), int(self.behind)))
        self.pause(self.counting_seconds)
        return found

    @property
    def patience(self) -> Patience:
        def show(found: Lags | None) -> None:
            self.shown.append(found and str(found))

        return Patience(self.count, show, clock=lambda: self.now, pause=self.pause)

    def after(self, seconds: float) -> Callable[[], str]:
        """Something that is there after so many seconds."""
        there = self.now + seconds
        return lambda: "" if self.now >= there else "it is not there"


def test_what_is_there_is_not_waited_for() -> None:
    world = World()
    world.patience.until(lambda: "")
    assert (world.now, world.shown) == (100.0, [None])


def test_what_is_there_soon_is_waited_for_without_counting() -> None:
    world = World()
    world.patience.until(world.after(QUIET_SECONDS - 1))
    assert (world.counted_at, world.shown) == ([], [None])


def test_a_backlog_of_an_hour_is_waited_for_and_shown() -> None:
    world = World(behind=3_600, speed=1)
    world.patience.until(world.after(3_600))
    assert world.shown[0] == "3,595 commits behind: 3,595 orders"
    assert world.shown[-1] is None


def test_when_nothing_moves_any_more_it_is_told_what_is_missing_and_how_far_it_is() -> None:
    world = World(behind=7)
    with pytest.raises(LocalError, match=r"it is not there: nothing moves any more \(7 commits"):
        world.patience.until(world.after(10_000))
    assert STUCK_SECONDS < world.now - 100.0 < STUCK_SECONDS + 2 * QUIET_SECONDS
    assert world.shown[-1] is None


def test_a_backlog_that_grows_is_waited_for_as_long_as_commits_are_applied() -> None:
    world = World(behind=100, speed=1, arriving=10)
    world.patience.until(world.after(600))
    assert world.behind > 5_000


def test_counting_takes_a_quarter_of_the_time_at_most() -> None:
    world = World(behind=3_600, speed=1, counting_seconds=20)
    world.patience.until(world.after(1_000))
    assert len(world.counted_at) <= 1_000 / 80 + 1


def test_a_operator_that_is_too_busy_to_count_is_no_sign_that_nothing_moves() -> None:
    world = World(behind=7, busy_until=100.0 + 3_600)
    world.patience.until(world.after(3_600))
    assert world.shown == [None]


def test_views_have_caught_up_with_what_there_was_when_they_were_asked() -> None:
    world = World(behind=300, speed=10, arriving=5)
    world.patience.until_caught_up()
    assert world.now - 100.0 == pytest.approx(30, abs=3)
    assert world.behind > 100


def test_views_that_are_up_to_date_are_asked_once() -> None:
    world = World()
    world.patience.until_caught_up()
    assert (world.counted_at, world.shown) == ([100.0], [None])


def test_views_that_stand_still_do_not_catch_up() -> None:
    with pytest.raises(LocalError, match="the views do not catch up"):
        World(behind=1).patience.until_caught_up()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr("scripts.local.waiting.time.monotonic", lambda: now[0])
    return now


def test_where_lines_cannot_be_rewritten_there_is_one_now_and_then(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    bar = Bar()
    for behind in range(30, 0, -1):
        bar(lags(orders=lag(30, behind)))
        clock[0] += LINE_SECONDS / 10 + 0.01
    bar(None)

    said = capsys.readouterr()
    assert said.out == ""
    assert [line.strip() for line in said.err.splitlines()] == [
        "",
        "30 commits behind: 30 orders",
        "20 commits behind: 20 orders",
        "10 commits behind: 10 orders",
        "",
    ]


def test_on_a_terminal_a_line_is_rewritten_and_wiped_away_in_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.local.waiting.sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    bar = Bar()
    bar(lags(orders=lag(30, 20)))
    bar(lags(orders=lag(30, 5)))
    bar(None)

    said = capsys.readouterr().err
    assert "5 commits behind: 5 orders" in said
    assert said.endswith("\x1b[2K")
    assert said.count("\n") == 2, "the line of the step, and the one that is rewritten"
