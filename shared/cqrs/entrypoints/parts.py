"""Parts of a function's work that must not keep each other from being done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from cqrs.discretion import said
from cqrs.observability import count, logger

__all__ = ["each", "part"]

Told = dict[str, Any]


def part(name: str, work: Callable[[], Told]) -> Told:
    """What `work` tells, or the error that it raises, which is logged and counted."""
    try:
        return work()
    except Exception as error:  # whatever it is, the other parts must have their turn
        logger().exception("a part failed", part=name)
        count({"PartErrors": 1}, part=name.partition("#")[0])  # a generation is its view's
        return {"error": said(error)}


def each(names: Iterable[str], work: Callable[[str], Told]) -> dict[str, Told]:
    return {name: part(name, partial(work, name)) for name in names}
