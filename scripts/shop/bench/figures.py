"""Times two ways in turn, and what is told of it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import TypeVar

__all__ = ["Figure", "Times", "in_turn"]

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Times:
    """CPU seconds of each round."""

    floor: list[float]
    ours: list[float]

    @property
    def ratio(self) -> float:
        """Ours by the floor's, each at its best: what else the machine did can only add."""
        return min(self.ours) / min(self.floor)

    @property
    def median_ratio(self) -> float:
        return median(self.ours) / median(self.floor)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A row of the table: `ours` by `floor`. If `more_is_better` it is a speed, else a time."""

    measure: str
    floor: str
    ratio: float
    median_ratio: float
    goal: float | None
    more_is_better: bool = False
    remark: str = ""

    @property
    def reached(self) -> bool:
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.more_is_better else self.ratio <= self.goal

    @classmethod
    def time(
        cls, measure: str, floor: str, times: Times, goal: float | None, remark: str = ""
    ) -> Figure:
        return cls(
            measure=measure,
            floor=floor,
            ratio=times.ratio,
            median_ratio=times.median_ratio,
            goal=goal,
            remark=remark,
        )

    @classmethod
    def speed(cls, measure: str, floor: str, times: Times, goal: float, remark: str = "") -> Figure:
        return cls(
            measure=measure,
            floor=floor,
            ratio=1 / times.ratio,
            median_ratio=1 / times.median_ratio,
            goal=goal,
            more_is_better=True,
            remark=remark,
        )

    @classmethod
    def medians(
        cls, measure: str, floor: str, times: Times, goal: float | None = None, remark: str = ""
    ) -> Figure:
        """For what waits for several processes: its best is luck."""
        ratio = times.median_ratio
        return cls(
            measure=measure,
            floor=floor,
            ratio=ratio,
            median_ratio=ratio,
            goal=goal,
            remark=remark,
        )


def in_turn(
    floor: Callable[[], R],
    ours: Callable[[], R],
    *,
    rounds: int,
    timed: Callable[[Callable[[], R]], float] | None = None,
) -> Times:
    """Runs both once unmeasured, then in turn, so that what disturbs one disturbs the other.
    `timed` says what a run took, without it its CPU seconds.
    """
    timed = timed or cpu_seconds
    floor()
    ours()
    times = Times(floor=[], ours=[])
    for _ in range(rounds):
        times.floor.append(timed(floor))
        times.ours.append(timed(ours))
    return times


def cpu_seconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = process_time()
    work()
    return process_time() - began
