"""The streams that a warm function wrote to last: a command to one of them need not read it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from cqrs.write.aggregates import Loaded

__all__ = ["Remembered"]

S = TypeVar("S")


class Remembered(Generic[S]):
    """What was known of each stream. Others may have written to it since, so it is good for one
    thing: to append at this version, which succeeds only if nobody has. Keeps what was asked for
    last, up to about `most_bytes` of states as JSON.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._streams: OrderedDict[str, Loaded[S]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, stream: str) -> Loaded[S] | None:
        with self._lock:
            if stream in self._streams:
                self._streams.move_to_end(stream)
            return self._streams.get(stream)

    def put(self, stream: str, loaded: Loaded[S]) -> None:
        with self._lock:
            self._forget(stream)
            self._streams[stream] = loaded
            self._bytes += loaded.size
            while self._bytes > self._most:
                self._forget(next(iter(self._streams)))

    def _forget(self, stream: str) -> None:
        if stream in self._streams:
            self._bytes -= self._streams.pop(stream).size
