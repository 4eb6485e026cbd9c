"""A hot stream: writers that send one command after the other to it, in time that is only counted.

Each writer is a process of its own, with its own command handler. A call to the store takes some
five milliseconds. The same seed leads to the same history.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from statistics import quantiles
from threading import Event, Thread
from typing import Any, TypeVar

from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Conflict
from cqrs.history.commits import Commit
from cqrs.history.event_store import Stored
from cqrs.history.guards import Guard
from cqrs.write.commands import CommandHandler
from domain.kernel import OrderId
from domain.orders import ORDER, OrderCommand
from scripts.shop.bench.figures import Figure
from scripts.shop.bench.orders import envelope, moved, placed

__all__ = ["Written", "figures", "written_by"]

R = TypeVar("R")

CALL_SECONDS = 0.005
RUN_SECONDS = 5.0
SEEDS = range(8)
WRITERS = 16

P99_SECONDS = 0.3
APPENDS = 1.5


class Time:
    """Time that passes when all wait. Of the threads in it one runs at a time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._waiting: list[tuple[float, int, Event]] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        turn = self._queue(seconds)
        self._go_on()
        turn.wait()

    def run(self, works: Sequence[Callable[[], None]]) -> None:
        threads = [Thread(target=self._run, args=(work, self._queue(0))) for work in works]
        for thread in threads:
            thread.start()
        self._go_on()
        for thread in threads:
            thread.join()

    def _run(self, work: Callable[[], None], turn: Event) -> None:
        turn.wait()
        try:
            work()
        finally:
            self._go_on()

    def _queue(self, seconds: float) -> Event:
        turn = Event()
        heappush(self._waiting, (self.now + seconds, next(self._order), turn))
        return turn

    def _go_on(self) -> None:
        if self._waiting:
            self.now, _, turn = heappop(self._waiting)
            turn.set()


@dataclass
class Written:
    """What the writers of a stream met with."""

    time: Time = field(default_factory=Time)
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    answered: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    paused: float = 0.0
    appends: int = 0

    @property
    def commits(self) -> int:
        return len(self.store.read(STREAM)) - 1

    def pause(self, seconds: float) -> None:
        self.paused += seconds
        self.time.pause(seconds)

    # The store, across a network

    def load(self, stream: str, limit: int | None = None) -> Sequence[Stored]:
        return self._called(lambda: self.store.load(stream, limit))

    def room(self, commit: Commit, command_id: str) -> int:
        return self.store.room(commit, command_id)

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        self.appends += 1
        self._called(lambda: self.store.append(commit, command_id, snapshot, guards, earlier))

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        return self._called(lambda: self.store.read(stream, after, limit))

    def _called(self, call: Callable[[], R]) -> R:
        """Its effect is half way between request and answer."""
        there = CALL_SECONDS * (0.75 + random.expovariate(4)) / 2
        self.time.pause(there)
        try:
            return call()
        finally:
            self.time.pause(there)


ENTITY = OrderId("hot")
STREAM = ORDER.stream(ENTITY)


def written_by(writers: int, seed: int, seconds: float = RUN_SECONDS) -> Written:
    """Lets so many write for so long."""
    written = Written()
    opening = CommandHandler(written.store, ORDER)
    opening.handle(ENTITY, placed(ENTITY), envelope("place"), opens=True)
    with _seeded(seed):
        works = [lambda name=f"{n}": _write(written, name, seconds) for n in range(writers)]
        written.time.run(works)
    return written


def _write(written: Written, name: str, seconds: float) -> None:
    store: Any = written
    handler: CommandHandler[OrderCommand, Any, Any] = CommandHandler(
        store, ORDER, pause=written.pause, clock=written.time.clock
    )
    for number in count():
        if written.time.now >= seconds:
            return
        key, began = f"{name}-{number}", written.time.now
        command = moved(ENTITY, key)
        try:
            handler.handle(ENTITY, command, envelope(key))
        except Conflict:
            written.conflicts.append(key)
        else:
            written.answered.append(key)
        written.seconds.append(written.time.now - began)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def figures() -> Iterator[Figure]:
    yield from _of(WRITERS, goals=(P99_SECONDS / CALL_SECONDS, APPENDS, 0, None))
    yield from _of(1, goals=(None, 1, 0, 0))
    for writers in (2, 4, 64):
        yield from _of(writers, goals=(None, None, None, None))


def _of(writers: int, goals: Sequence[float | None]) -> Iterator[Figure]:
    runs = [written_by(writers, seed) for seed in SEEDS]
    seconds = [second for run in runs for second in run.seconds]
    centiles = quantiles(seconds, n=100)
    commits = sum(run.commits for run in runs)
    per_run = commits / len(runs)
    conflicts = sum(len(run.conflicts) for run in runs)
    paused = sum(run.paused for run in runs) / len(seconds)
    told = [
        (
            "p99",
            "a call",
            centiles[98] / CALL_SECONDS,
            f"{_ms(centiles[98])}, p50 {_ms(centiles[49])}",
        ),
        (
            "appends",
            "a commit",
            sum(run.appends for run in runs) / commits,
            f"{per_run / RUN_SECONDS:.0f} commits a second",
        ),
        (
            "conflicts answered",
            "a command",
            conflicts / len(seconds),
            f"{conflicts / len(runs):.1f} in {RUN_SECONDS:.0f} s",
        ),
        ("pauses", "a call", paused / CALL_SECONDS, f"{_ms(paused)} a command"),
    ]
    who = f"{writers} writers on one stream" if writers > 1 else "one writer on a stream"
    for (what, floor, ratio, remark), goal in zip(told, goals, strict=True):
        yield Figure(
            measure=f"{who}: {what}",
            floor=floor,
            ratio=ratio,
            median_ratio=ratio,
            goal=goal,
            remark=remark,
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"
