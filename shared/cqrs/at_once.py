"""Work that is done at the same time, by threads that are kept: they are slow to start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

__all__ = ["AT_ONCE", "at_once"]

AT_ONCE = 8
T = TypeVar("T")
R = TypeVar("R")


def at_once(work: Callable[[T], R], of: Iterable[T]) -> list[R]:
    """What `work` returns of each, in order. It may not come here itself: all threads could wait
    for one.
    """
    each: Sequence[T] = list(of)
    if len(each) < 2:
        return [work(one) for one in each]
    return list(_threads().map(work, each))


@cache
def _threads() -> Executor:
    return ThreadPoolExecutor(AT_ONCE, "at-once")
