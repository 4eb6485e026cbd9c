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

    It is the workers' bell too. What is written to a stream wakes those that read it. While
    somebody waits for stillness, the end of the last delivery wakes all, to look once more.
    """

    def __init__(self) -> None:
        self._ticks = itertools.count(1)
        self._changed = threading.Condition()
        self._rings = 0
        self._rings_of: dict[str, int] = {}
        self._asking = 0
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
                is_last = not self._busy
            if self._asking and is_last:
                self.ring()

    def found_empty(self, worker: str, since: int) -> None:
        """`since` is the tick at which the reading began."""
        with self._changed:
            self._found_empty[worker] = since
            self._changed.notify_all()

    def ring(self, *streams: str) -> None:
        """For those that read these streams; without any, for all."""
        with self._changed:
            for stream in streams:
                self._rings_of[stream] = self._rings_of.get(stream, 0) + 1
            if not streams:
                self._rings += 1
            self._changed.notify_all()

    def rings(self, stream: str = "") -> int:
        return self._rings + self._rings_of.get(stream, 0)

    def wait(self, seconds: float, heard: int, stream: str = "") -> None:
        """Until somebody rings; not at all if somebody has since `heard`."""
        with self._changed:
            self._changed.wait_for(lambda: self.rings(stream) != heard, seconds)

    def wait_until_still(self, workers: Callable[[], Set[str]], seconds: float) -> Set[str]:
        """The workers that were not still when the time was up; `workers` are those that read."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._asking += 1
        try:
            asked = self.tick()
            self.ring()
            while restless := self.restless(workers(), asked):
                left = deadline - time.monotonic()
                if left <= 0:
                    return restless
                with self._changed:
                    self._changed.wait(min(left, 0.2))
            return frozenset()
        finally:
            with self._changed:
                self._asking -= 1

    def restless(self, workers: Set[str], asked: int) -> Set[str]:
        """Those that are not still, or may not be, since somebody asked."""
        with self._changed:
            since = max(asked, self._last_activity)
            noisy = {name for name in workers if self._found_empty.get(name, 0) < since}
            return noisy | self._busy
