"""Reads that are made at the same time, by threads that are kept for the next request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

__all__ = ["at_once"]

AT_ONCE = 8
T = TypeVar("T")
R = TypeVar("R")


def at_once(read: Callable[[T], R], of: Sequence[T]) -> list[R]:
    """What `read` returns of each, in order. It may not come here itself: all threads could wait
    for one.
    """
    if len(of) < 2:
        return [read(one) for one in of]
    return list(_readers().map(read, of))


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, "reader")
