"""Views whose generations are kept in memory, and a clock that passes only when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cqrs.adapters.memory import MemoryGenerations, MemoryNotes, rows_for
from cqrs.entrypoints.walker import WalkerFunction
from cqrs.follow.followers import Follower
from cqrs.follow.generations import LEFT_ALONE_SECONDS, Generations, misses
from cqrs.follow.rosters import Roster
from cqrs.history.event_store import EventReader
from cqrs.history.events import Instant
from cqrs.history.instants import later
from cqrs.views.generations import CACHE_SECONDS, Cached, Editions, Known
from cqrs.views.rows import View
from tests.library.waiting import Clock
from tests.library.walking import StateMachine

NOON = Instant("2026-01-01T12:00:00.000000Z")


class Unhurried:
    """A context in which there is always time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class Hurried(Unhurried):
    """There is time for one group of streams."""

    def get_remaining_time_in_millis(self) -> int:
        return 0


class Views:
    """`stores` are by category, `services` by service; `rows` are those that there are already, by
    view and generation; `make` makes others. `seconds`: how long what the register has said is
    used.
    """

    def __init__(
        self,
        *views: View,
        stores: Mapping[str, EventReader],
        services: Mapping[str, EventReader] | None = None,
        rows: Mapping[str, Any] | None = None,
        make: Callable[[Any], Any] = rows_for,
        seconds: float = CACHE_SECONDS,
        register: MemoryGenerations | None = None,
    ) -> None:
        self.views, self.stores, self.services = views, stores, services or {}
        self.kept = dict(rows or {})
        self._make, self._seconds = make, seconds
        self.register = register or MemoryGenerations()
        self.clock = Clock()
        self.notes, self.machine = MemoryNotes(), StateMachine()
        self.cached = Cached(self.register, self._names, self.clock, seconds)
        self.roster = self.anew()
        self.generations = Generations(
            views,
            self.rows,
            self.register,
            misses=lambda view: misses(self.follower(view), self.services),
            clock=self.now,
            pause=self.clock.pause,
        )

    @property
    def _names(self) -> set[str]:
        return {view.name for view in self.views}

    def anew(
        self, follower: Callable[[View], Follower] | None = None, seconds: float | None = None
    ) -> Roster:
        """What a function that has just begun follows. It fails while the register is down."""
        known_for = self._seconds if seconds is None else seconds
        cached = Cached(self.register, self._names, self.clock, known_for, stale_seconds=0)
        return Roster(self.views, follower or self.follower, cached)

    def now(self) -> Instant:
        return later(NOON, self.clock())

    def rows(self, view: View) -> Any:
        if view.scope not in self.kept:
            self.kept[view.scope] = self._make(view)
        return self.kept[view.scope]

    def follower(self, view: View) -> Follower:
        return Follower(view, self.rows(view), self.stores)

    def editions(self, view: View) -> Editions[Any]:
        return Editions.of(view, self.rows, self.cached)

    def known(self, view: View) -> Known:
        return self.generations.known(view)

    def scopes(self) -> list[str]:
        """What is followed now."""
        return [follower.view.scope for follower in self.roster]

    def pass_by(self, seconds: float = LEFT_ALONE_SECONDS) -> None:
        """Until everybody has heard of what was done."""
        self.clock.now += seconds

    # Walks over `services`

    @property
    def walker(self) -> WalkerFunction:
        roster = self.anew(seconds=0)
        machine, generations = self.machine, self.generations
        return WalkerFunction(
            self.services, lambda: list(roster), self.notes, machine, generations, clock=self.now
        )

    def ask(self, **event: Any) -> dict[str, Any]:
        """What the walker says; to nothing, what it says every minute."""
        return self.walker(event, Unhurried())

    def tend(self) -> bool:
        """A minute later, takes all walks as far as they go. Whether all views can be seen."""
        self.pass_by(60)
        self.ask()
        self.machine.go(self.walker, Unhurried)
        return all(self.known(view).serving for view in self.views)
