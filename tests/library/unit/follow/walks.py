"""Orders that a view has yet to follow, and who walks over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cqrs.adapters.memory import MemoryNotes, MemoryRows
from cqrs.follow.followers import Follower
from cqrs.follow.walker import Walker
from cqrs.follow.walks import Notes, Progress, Run, Work
from cqrs.history.event_store import EventReader
from cqrs.history.events import Instant
from cqrs.history.instants import later
from tests.library.walking import AUDIT, a_walker, never
from tests.library.worlds import (
    follower,
    history,
    shown,
    stored,
)

BEGAN = Instant("2026-01-01T12:00:00.000000Z")
ORDERS = [f"order-{n}" for n in range(9)]


@dataclass
class World:
    """Nine orders in pages of two, which a view has yet to follow."""

    store: EventReader = field(
        default_factory=lambda: stored(*(history(name, "a") for name in ORDERS))
    )
    rows: MemoryRows = field(default_factory=MemoryRows)
    notes: Notes = field(default_factory=MemoryNotes)
    now: Instant = BEGAN
    followers: list[Follower] = field(default_factory=list)
    how: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.followers = self.followers or [follower(self.rows, self.store)]

    @property
    def walker(self) -> Walker:
        """Each is another process."""
        return a_walker(self.store, self.followers, self.notes, clock=lambda: self.now, **self.how)

    def forward(self, seconds: float) -> None:
        self.now = later(self.now, seconds)

    def start(self, work: Work = AUDIT) -> Run:
        run, is_mine = self.walker.start(work)
        assert is_mine
        return run

    def step(self, run: Run, out_of_time: Any = never) -> Progress:
        return self.walker.step(run.ticket, run.legs[0], out_of_time)

    def has(self) -> list[str]:
        return [name for name in ORDERS if shown(self.rows, name.removeprefix("order-"))]


def after(looks: int) -> Any:
    """Time for so many groups of streams and pages."""
    left = iter([False] * looks)
    return lambda: next(left, True)
