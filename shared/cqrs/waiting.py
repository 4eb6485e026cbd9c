"""Waiting: for what others are still doing, and before something is tried again."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator

from cqrs.plain import Value

__all__ = ["Backoff", "Patience"]

FIRST_LOOK_SECONDS = 0.02
LONGEST_LOOK_SECONDS = 0.2


class Patience(Value, kw_only=False):
    """How long to wait for something; with 0 seconds it is looked at once."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def looks(self) -> Iterator[float]:
        """Yields when it is time to look: at once, and then after pauses that grow, until patience
        is over. Each time it says how many seconds were waited, 0 at first.
        """
        start, pause = self.clock(), FIRST_LOOK_SECONDS
        yield 0
        while self.clock() - start < self.seconds:
            self.pause(pause)
            yield self.clock() - start
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)


class Backoff(Value):
    """How often something is tried, and how long is waited before it is tried again: at random, or
    those who met once would meet again.

    Before the first try that waits it is `first_seconds` at most, and twice as long for each
    further one, up to `longest_seconds`. The first `at_once` tries don't wait.
    """

    tries: int
    first_seconds: float
    longest_seconds: float = math.inf
    at_once: int = 1

    def attempts(self, pause: Callable[[float], None]) -> Iterator[int]:
        """The numbers of the tries, from 0. It pauses before it gives one out."""
        for attempt in range(self.tries):
            if attempt >= self.at_once:
                longest = self.first_seconds * 2 ** (attempt - self.at_once)
                pause(random.uniform(0, min(self.longest_seconds, longest)))
            yield attempt
