"""Waiting for a condition, and backoff before a retry."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator

from cqrs.plain import Value, replace

__all__ = ["Backoff", "Pace", "Patience"]

FIRST_LOOK_SECONDS = 0.02
LONGEST_LOOK_SECONDS = 0.2


class Patience(Value, kw_only=False):
    """The time to wait for a condition; 0 seconds means one look. Several conditions, one after the
    other, can share it: then it counts from `since`.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    since: float | None = None

    def from_now(self) -> Patience:
        return replace(self, since=self.clock())

    def looks(self) -> Iterator[float]:
        """Yields when it is time to look: at once, then after growing pauses until `seconds` are
        over. What it yields are the seconds waited so far, 0 at first.
        """
        start, pause = self.clock(), FIRST_LOOK_SECONDS
        end = (start if self.since is None else self.since) + self.seconds
        yield 0
        while self.clock() < end:
            self.pause(pause)
            yield self.clock() - start
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)


class Backoff(Value):
    """The number of tries, and the pauses between them. Pauses are random, so that competitors
    don't collide again.

    The first `at_once` tries don't wait. The next waits up to `first_seconds`, and each further one
    up to `growth` times as long as the one before, at most `longest_seconds`.
    """

    tries: int
    first_seconds: float
    longest_seconds: float = math.inf
    at_once: int = 1
    growth: float = 2

    def attempts(self, pause: Callable[[float], None]) -> Iterator[int]:
        """Yields the numbers of the tries, from 0, each after its pause."""
        for attempt in range(self.tries):
            if attempt >= self.at_once:
                longest = self.first_seconds * self.growth ** (attempt - self.at_once)
                pause(random.uniform(0, min(self.longest_seconds, longest)))
            yield attempt


class Pace:
    """Keeps what is spent below so many units a second, by pausing after each spending for what its
    work has not taken already.
    """

    def __init__(
        self,
        units_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_per_unit = 1 / units_per_second
        self._clock = clock
        self._pause = pause
        self._paid_until = self._since = clock()
        self._lock = threading.Lock()

    def spend(self, units: float) -> None:
        with self._lock:
            moment = self._clock()
            self._paid_until = max(self._paid_until, self._since) + units * self._seconds_per_unit
            debt = max(0.0, self._paid_until - moment)
            self._since = moment + debt
        self._pause(debt)
