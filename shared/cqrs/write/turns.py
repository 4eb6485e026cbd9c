"""Turns on a stream that many write to at once: who has just written lets others go first."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from cqrs.plain import Value

__all__ = ["Turns"]

REMEMBERED_STREAMS = 100
QUIET = 40  # commits of others a second: up to here they seldom meet
HOT = 60  # and from here on the pause is the longest
LONGEST_SECONDS = 0.2
OTHERS_SECONDS = 0.02  # for a load and an append
SPREAD = 0.05  # of a pause, at random, so that two don't meet again and again


class _Written(Value):
    """A stream at its last commit of this process (or when it was first seen), and for how long
    it is left to others since then.
    """

    version: int
    at: float
    pause: float | None = None


class Turns:
    """How often others write to a stream shows in its versions: they are counted from one commit of
    this process to its next. If it is often, this process waits with the one after that.

    So all writers of a hot stream come round equally often, and few of their appends meet. Who
    writes to a stream alone, or now and then, never waits.
    """

    def __init__(
        self, pause: Callable[[float], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._streams: dict[str, _Written] = {}
        self._lock = threading.Lock()

    def wait(self, stream: str) -> None:
        """Waits until it is this process's turn, at most some LONGEST_SECONDS."""
        written = self._streams.get(stream)
        if written and written.pause:
            pause = written.pause * random.uniform(1 - SPREAD, 1 + SPREAD)
            left = written.at + pause - self._clock()
            if left > 0:
                self._pause(left)

    def others_had_time(self, stream: str) -> bool:
        """Whether this process's last commit to it is so long ago that others could load the stream
        and append. Who never lets them would win all races without knowing of any.
        """
        written = self._streams.get(stream)
        return written is None or self._clock() - written.at >= OTHERS_SECONDS

    def saw(self, stream: str, version: int) -> None:
        """The stream is at this version: from here on commits are counted if none was yet."""
        if stream not in self._streams:
            self._note(stream, _Written(version=version, at=self._clock()))

    def took(self, stream: str, version: int) -> None:
        """This process appended this version."""
        with self._lock:
            before = self._streams.pop(stream, None)
        moment = self._clock()
        pause = None
        if before:
            others = version - before.version - 1
            pause = _pause_after(others / max(moment - before.at, 0.001))
            if before.pause is not None:
                pause = (before.pause + pause) / 2
        self._note(stream, _Written(version=version, at=moment, pause=pause))

    def _note(self, stream: str, written: _Written) -> None:
        with self._lock:
            self._streams[stream] = written
            if len(self._streams) > REMEMBERED_STREAMS:
                self._streams.pop(next(iter(self._streams)))


def _pause_after(others_per_second: float) -> float:
    heat = (others_per_second - QUIET) / (HOT - QUIET)
    return LONGEST_SECONDS * min(1, max(0, heat))
