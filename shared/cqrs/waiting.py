"""Waiting for what others are still doing: so long, and looking again after growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Patience"]

FIRST_LOOK_SECONDS = 0.02
LONGEST_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Patience:
    """How long to wait for something; with 0 seconds it is looked at once."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def looks(self) -> Iterator[float]:
        """Comes when it is time to look: at once, and then after pauses, until patience is over.
        Each time it is how long was waited, 0 at first.
        """
        start, pause = self.clock(), FIRST_LOOK_SECONDS
        yield 0
        while self.clock() - start < self.seconds:
            self.pause(pause)
            yield self.clock() - start
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)
