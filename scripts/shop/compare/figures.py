"""Formats numbers for people."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

__all__ = ["median", "percentile", "spread", "table"]


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The smallest of `numbers` that this percentage of them do not exceed."""
    ordered = sorted(numbers)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def median(numbers: Sequence[float]) -> float:
    return percentile(numbers, 50)


def spread(ms: Sequence[float]) -> str:
    """The median and the 95th percentile."""
    return f"{_short(median(ms))} / {_short(percentile(ms, 95))} ms"


def _short(ms: float) -> str:
    return f"{ms:.1f}" if ms < 9.95 else f"{ms:.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
