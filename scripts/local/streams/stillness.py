"""Knowing for sure that nothing is under way, through a chain of streams and functions."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager


class Stillness:
    """Still means: since anything was last delivered, every worker has found its shard empty.

    That is enough for chains. If no function has run since the moment D, nothing new was written
    by one; and a shard whose reading began after D and found nothing holds nothing from before D.
    Times are ticks of a counter: only their order matters.

    It is the workers' bell too: a delivery wakes all of them, since it may have fed their shards.
    """

    def __init__(self) -> None:
        self._ticks = itertools.count(1)
        self._changed = threading.Condition()
        self._rings = 0
        self._last_activity = 0
        self._busy: set[str] = set()
        self._found_empty: dict[str, int] = {}

    def tick(self) -> int:
        return next(self._ticks)

    @contextmanager
    def busy(self, worker: str) -> Iterator[None]:
        with self._changed:
            self._busy.add(worker)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(worker)
                self._last_activity = self.tick()
            self.ring()

    def found_empty(self, worker: str, since: int) -> None:
        """`since` is the tick at which the reading began."""
        with self._changed:
            self._found_empty[worker] = since
            self._changed.notify_all()

    def ring(self) -> None:
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    @property
    def rings(self) -> int:
        return self._rings

    def wait(self, seconds: float, heard: int) -> None:
        """Until somebody rings; not at all if somebody has since `heard`."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings != heard, seconds)

    def wait_until_still(self, workers: Callable[[], Set[str]], seconds: float) -> Set[str]:
        """The workers that were not still when the time was up; `workers` are those that read."""
        asked = self.tick()
        deadline = time.monotonic() + seconds
        self.ring()
        while restless := self.restless(workers(), asked):
            left = deadline - time.monotonic()
            if left <= 0:
                return restless
            with self._changed:
                self._changed.wait(min(left, 0.2))
        return frozenset()

    def restless(self, workers: Set[str], asked: int) -> Set[str]:
        """Those that are not still, or may not be, since somebody asked."""
        with self._changed:
            since = max(asked, self._last_activity)
            noisy = {name for name in workers if self._found_empty.get(name, 0) < since}
            return noisy | self._busy
