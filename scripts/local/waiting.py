"""Waiting for as long as something moves, with a view of how far it is."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from scripts.local.errors import BusyError, LocalError
from scripts.local.lags import Lags

if TYPE_CHECKING:
    from rich.progress import Progress

PAUSE_SECONDS = 0.2
QUIET_SECONDS = 5.0  # nothing is counted before: most of it takes no longer
STUCK_SECONDS = 60.0
LINE_SECONDS = 10.0  # between lines, where none can be rewritten


class Patience:
    """Waits without an end of its own, as a backlog is no fault. It gives up when no view has
    applied a commit for a minute.
    """

    def __init__(
        self,
        count: Callable[[], Lags],
        show: "Show",
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`show` is told how far it is, and None when it is over."""
        self._count = count
        self._show = show
        self._clock = clock
        self._pause = pause

    def until(self, missing: Callable[[], str]) -> None:
        """Returns once `missing` says nothing. Raises LocalError, with what it says, when nothing
        moves any more.
        """
        self._until(lambda lags: missing(), QUIET_SECONDS)

    def until_caught_up(self) -> None:
        """Returns once every view has applied as many commits as there were at first. Those that
        come meanwhile are not waited for: there may be no end of them.
        """
        goal: Lags | None = None

        def missing(lags: Lags | None) -> str:
            nonlocal goal
            goal = goal or lags
            return "" if lags and goal and lags.has_all_of(goal) else "the views do not catch up"

        self._until(missing, 0)

    def _until(self, missing: Callable[[Lags | None], str], quiet_seconds: float) -> None:
        lags, shown = None, None
        look = moved = self._clock() + quiet_seconds
        applied = -1
        try:
            while what := missing(lags):
                if lags is not shown:
                    self._show(lags)
                    shown = lags
                began = self._clock()
                if began < look:
                    self._pause(PAUSE_SECONDS)
                    continue
                try:
                    lags = self._count()
                except BusyError:
                    moved = began  # what keeps it busy moves
                else:
                    if lags.applied > applied:
                        moved, applied = began, lags.applied
                    elif began - moved > STUCK_SECONDS:
                        raise LocalError(f"{what}: nothing moves any more ({lags})")
                # counting keeps busy what it waits for: a quarter of the time at most
                look = self._clock() + max(1.0, 3 * (self._clock() - began))
        finally:
            self._show(None)


class Left(Protocol):
    """What is still to be done; as text, a line."""

    @property
    def behind(self) -> int: ...


Show = Callable[[Left | None], None]


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a walk is. There are about so many `commits`."""

    purpose: str
    walked: int
    commits: int

    @classmethod
    def of(cls, walk: Mapping[str, Any]) -> "Walked":
        return cls(walk["purpose"], walk["walked"], walk["commits"])

    @property
    def behind(self) -> int:
        return max(self.commits - self.walked, 0)

    def __str__(self) -> str:
        return f"{self.purpose}: {self.walked:,} of about {self.commits:,} commits"


class Bar:
    """Shows what is left: on a terminal in a line that is rewritten, elsewhere now and then."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._said = 0.0

    def __call__(self, left: Left | None) -> None:
        if left is None:
            self._close()
        elif sys.stderr.isatty():
            self._draw(left)
        elif left.behind and time.monotonic() - self._said > LINE_SECONDS:
            print(f"\n  {left}", end="", file=sys.stderr, flush=True)
            self._said = time.monotonic()

    def _draw(self, left: Left) -> None:
        if self._progress is None:
            # not above: most commands wait for nothing
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (BarColumn(20), TextColumn("{task.description}", markup=False))
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            print(file=sys.stderr)
            self._progress.start()
            self._progress.add_task("", total=left.behind)
        (task,) = self._progress.tasks
        most = max(task.total or 0, left.behind)
        self._progress.update(
            task.id, description=str(left), total=most, completed=most - left.behind
        )

    def _close(self) -> None:
        if self._progress:
            self._progress.stop()
            self._progress = None
        elif self._said:
            print("\n  ", end="", file=sys.stderr, flush=True)
            self._said = 0.0
