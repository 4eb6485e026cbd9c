"""How far something long has come: a bar in a terminal, elsewhere a line per step."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TextIO, TypeVar

__all__ = ["Progress"]

T = TypeVar("T")
R = TypeVar("R")

WIDTH = 30


class Progress:
    def __init__(self, out: TextIO, at_once: int) -> None:
        self._out = out
        self._at_once = at_once
        self._lock = threading.Lock()

    def each(self, what: str, do: Callable[[T], R], things: Sequence[T]) -> list[R]:
        """What `do` made of each, some of them at once. The first that fails ends it."""
        began, done = time.monotonic(), 0

        def one(thing: T) -> R:
            nonlocal done
            result = do(thing)
            with self._lock:
                done += 1
                self._show(what, done, len(things), time.monotonic() - began)
            return result

        pool = ThreadPoolExecutor(self._at_once)
        try:
            return list(pool.map(one, things))
        finally:
            pool.shutdown(cancel_futures=True)
            if done < len(things) and self._out.isatty():
                self._out.write("\n")

    def _show(self, what: str, done: int, total: int, seconds: float) -> None:
        count = f"{done}/{total}"
        if self._out.isatty():
            bar = ("#" * (WIDTH * done // total)).ljust(WIDTH, ".")
            end = "\n" if done == total else ""
            self._out.write(f"\r{what:<12} [{bar}] {count:>9} {seconds:6.1f} s{end}")
        elif done == total:
            self._out.write(f"{what:<12} {count:>9} {seconds:6.1f} s\n")
        self._out.flush()
