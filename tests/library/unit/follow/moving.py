"""What moves: writers, followers, walks and generations.

Any call of a store may be killed, be down, or be late: then what comes next happens meanwhile. The
world that is made of this checks what it sees.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cqrs.adapters.memory import (
    MemoryEventStore,
    MemoryGenerations,
)
from cqrs.entrypoints.walker import WalkerFunction
from cqrs.errors import Conflict, Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.generations import LEFT_ALONE_SECONDS, Generations
from cqrs.follow.rosters import Roster
from cqrs.follow.walks import LostError, Run
from cqrs.history.commits import Commit
from cqrs.history.events import Instant
from cqrs.history.instants import later
from cqrs.plain import dump, replace
from cqrs.read.consistency import Reader
from cqrs.read.tokens import Token
from cqrs.views.generations import (
    CACHE_SECONDS,
    STALE_SECONDS,
    Cached,
    Editions,
    NotPossible,
)
from cqrs.views.rows import View
from tests.library.unit.follow.everything_stores import Events, Kept, Notes, Register, Rows
from tests.library.worlds import OLDER_VIEW, VIEW, Crash, commit, shouted

__all__ = ["ENTITIES", "ROUNDS", "STREAMS", "Action", "Fate", "Moving", "Sizes"]

T = TypeVar("T")

ENTITIES = ("7", "8", "9")
STREAMS = tuple(f"{category}-{entity}" for entity in ENTITIES for category in ("order", "payment"))
NOON = Instant("2026-01-01T12:00:00.000000Z")
LONGEST_SECONDS = 900  # an invocation takes no longer
OLD_SECONDS = STALE_SECONDS + CACHE_SECONDS  # a reader's pointer is no older
ROUNDS = 30  # minutes, after which everything must be at rest

Fate = tuple[str, int]
"""What happens at a call of a store, and at which: `killed before` or `after` it, `down` once or
`down for long`; `late` or `very late`, so that others act before it.
"""
Action = tuple[str, tuple[int, ...], Fate | None]

LATE = {"late": 1, "very late": 5}
"""So many actions late."""


class Sizes:
    """How much at a time: all small, so that everything takes several turns."""

    def __init__(self, page: int, group: int, chunk: int, budget: int, leg: int) -> None:
        """`leg`: the bytes of a store in a leg."""
        self.page, self.group, self.chunk = page, group, chunk
        self.budget, self.leg = budget, leg


@dataclass
class _Doing:
    """An action that is under way, and what will happen to it."""

    fate: str
    calls: int  # until then


@dataclass
class _Execution:
    """An execution of the state machine."""

    run: Run
    at: float  # it begins
    legs: list[dict[str, Any]] = field(default_factory=list)
    stopped: bool = False


class _Time:
    """The time that an invocation has left: for so many groups of streams."""

    def __init__(self, groups: int) -> None:
        self._groups = groups

    def get_remaining_time_in_millis(self) -> int:
        self._groups -= 1
        return 900_000 if self._groups >= 0 else 0


class _Reading:
    """A reader, and the token of what it has been shown."""

    def __init__(self, world: Moving) -> None:
        self.token = Token()
        cached = world.heard()
        rows = world.rows
        self.by_code = [
            Reader(view, Editions.of(view, rows, cached), dict.fromkeys(CATEGORIES, world.store))
            for view in (OLDER_VIEW, VIEW)
        ]


CATEGORIES = ("order", "payment")


class Moving:
    """`actions` happen one after the other, or one while another waits."""

    def __init__(self, sizes: Sizes, code: Sequence[int] = ()) -> None:
        """`code` of walker, recoverer, workers and readers: 0 is older, 1 is newer."""
        self.sizes = sizes
        self.now = 0.0
        self.store = MemoryEventStore(page=sizes.page)
        self.texts: dict[str, list[str]] = {stream: [] for stream in STREAMS}
        self.commits: list[Commit] = []
        self.poisoned: set[str] = set()
        self.shouted: set[str] = set()
        self.handled: list[tuple[float, str, int]] = []  # by live followers, and when
        self.lost_last = float("-inf")
        self.was_set_aside = False
        self.heads_when_made: dict[str, dict[str, int]] = {}  # by incarnation
        self.register = MemoryGenerations()
        self.done = dict.fromkeys(STREAMS, 0)  # the newest of these
        self.kept: dict[str, Kept] = {}
        self.executions: list[_Execution] = []
        self.plan: Iterator[Action] = iter(())
        self.doing: list[_Doing] = []
        self.ends = [float("inf")]  # of the invocations that are under way
        self.code = [*code, *[1] * 6][:6]
        self._events = Events(self)
        self._notes = Notes(self)
        registered = Register(self, may_wait=True)
        walking = [self._roster(view, seconds=0) for view in (OLDER_VIEW, VIEW)]
        self.generations = Generations(
            [VIEW],
            lambda view: Rows(self, self.rows(view)),
            registered,
            clock=self.clock,
            pause=self.pause,
        )
        self.walkers = [self._walker(roster) for roster in walking]
        self.recoverers = [self._roster(view) for view in (OLDER_VIEW, VIEW)]
        self.workers = [[self._roster(view) for view in (OLDER_VIEW, VIEW)] for _ in range(2)]
        self.readers = [_Reading(self) for _ in range(2)]

    def _walker(self, roster: Roster) -> WalkerFunction:
        function = WalkerFunction(
            {"world": self._events},
            lambda: list(roster),
            self._notes,
            self,
            self.generations,
            clock=self.clock,
        )
        walker = function._walker
        walker._pause, walker._group = self.pause, self.sizes.group
        walker._segment_bytes = self.sizes.leg
        return function

    def _roster(self, view: View, seconds: float = CACHE_SECONDS) -> Roster:
        stores = dict.fromkeys(CATEGORIES, self._events)

        def follower(view: View) -> Follower:
            rows = Rows(self, self.rows(view))
            chunk, budget = self.sizes.chunk, self.sizes.budget
            return Follower(view, rows, stores, clock=self.clock, chunk=chunk, budget=budget)

        return Roster([view], follower, self.heard(seconds, stale_seconds=0))

    def heard(self, seconds: float = CACHE_SECONDS, **how: float) -> Cached:
        register = Register(self, may_wait=False)  # it is locked meanwhile
        return Cached(register, {VIEW.name}, lambda: self.now, seconds, **how)

    def rows(self, view: View) -> Kept:
        if view.scope not in self.kept:
            self.kept[view.scope] = Kept.of(view)
        return self.kept[view.scope]

    def begin(self) -> None:
        """With a generation that queries see, and commits that no later audit looks at."""
        for stream in range(0, len(STREAMS), 2):
            self.append(stream, 0)
        for _ in range(2):
            self.look()  # starts to fill, then an audit
            self.walk()
        for _ in range(2):
            self.passes(10_000)
            self.audit()
            self.walk()

    # Time

    def clock(self) -> Instant:
        return later(NOON, self.now)

    def passes(self, seconds: float) -> None:
        self.now = min(self.now + seconds, *self.ends)

    def pause(self, seconds: float) -> None:
        """Somebody waits, and something else happens."""
        self.passes(seconds)
        self._meanwhile()

    def _meanwhile(self, times: int = 1) -> None:
        if len(self.doing) < 3:
            for action in itertools.islice(self.plan, times):
                self.happens(action)

    @contextmanager
    def _invocation(self) -> Iterator[None]:
        self.ends.append(self.now + LONGEST_SECONDS)
        try:
            yield
        finally:
            self.ends.pop()

    # Fates

    def called(self, call: Callable[[], T], *, may_wait: bool = True) -> T:
        """A call of a store, by what is done now."""
        now = self.doing[-1] if self.doing else _Doing("nothing", 0)
        fate = now.fate
        now.calls -= 1
        if now.calls < 0 and fate == "down for long":
            raise Unavailable("it is down")
        if now.calls != -1 or fate == "nothing":
            return call()
        if fate == "down":
            raise Unavailable("it is down")
        if fate == "killed before":
            raise Crash
        if may_wait and fate in LATE:
            self._meanwhile(LATE[fate])
        done = call()
        if fate == "killed after":
            raise Crash
        return done

    @contextmanager
    def _doing(self, fate: Fate | None) -> Iterator[None]:
        self.doing.append(_Doing(*(fate or ("nothing", 0))))
        try:
            with suppress(Crash):
                yield
        finally:
            self.doing.pop()

    def run(self, actions: Sequence[Action]) -> None:
        self.plan = iter(actions)
        for action in self.plan:
            self.happens(action)

    def happens(self, action: Action) -> None:
        what, how, fate = action
        self.passes(0.001)
        with self._doing(fate):
            getattr(self, what)(*how)

    # Writers

    def append(self, stream: int, kind: int) -> None:
        name = STREAMS[stream % len(STREAMS)]
        texts = self.texts[name]
        version = len(texts) + 1
        text = {18: "poison", 19: "unshowable"}.get(kind, f"{name}/{version}")
        one = commit(name, version, text)
        if kind in (15, 16, 17):
            one = shouted(one)
            self.shouted.add(name)
        if kind > 17:
            self.poisoned.add(name)
        one = replace(one, body=one.body.replace(one.envelope.time, self.clock()))
        self.store.append(one, "")
        texts.append(text)
        self.commits.append(one)

    def append_and_tell(self, stream: int, kind: int, worker: int) -> None:
        self.append(stream, kind)
        self.deliver(worker, 1)

    # Live followers

    def deliver(self, worker: int, *ago: int) -> None:
        """Commits arrive, in whatever order; what never does is found by an audit."""
        if not self.commits:
            return
        batch = [self.commits[-(1 + (n - 1) % len(self.commits))] for n in ago]
        hints: dict[str, list[Commit]] = {}
        for one in batch:
            hints.setdefault(one.stream, []).append(one)
        failed = False
        with self._invocation():
            try:
                followers = list(self.workers[worker % 2][self.code[2 + worker % 2]])
            except Unavailable:
                return
            for follower in followers:
                failed |= bool(follower.catch_up(hints).failed)
        if not failed:
            for one in batch:
                self.handled.append((self.now, one.stream, one.version))
                self.done[one.stream] = max(one.version, self.done[one.stream])
            self._check_what_is_filled()

    def recover(self, reports: int) -> None:
        with self._invocation(), suppress(Unavailable):
            for follower in self.recoverers[self.code[1]]:
                for _ in itertools.islice(follower.go_on(limit=2), reports or None):
                    pass

    # The walker, and the state machine that takes its steps

    def ask(self, event: dict[str, Any], groups: int = 9999) -> dict[str, Any]:
        """What the walker's function says; nothing if it fails."""
        began, before = self.now, self._known()
        try:
            with self._invocation():
                return self.walkers[self.code[0]](event, _Time(groups))
        except (Unavailable, Conflict, LostError, NotPossible):
            return {}  # whoever asked may ask again
        finally:
            if self.lost_last < began:
                self._check_what_was_filled(before)
            self._check_what_is_filled()

    def start(self, run: Run, wait_seconds: int = 0) -> None:
        def start() -> None:
            ticket = dump(run.ticket)
            legs = [{"ticket": ticket, "leg": dump(leg), "left": 20} for leg in run.legs]
            self.executions.append(_Execution(run, self.now + wait_seconds, legs))

        self.called(start)

    def stop(self, run: Run) -> None:
        for one in self.executions:
            one.stopped |= one.run.holder == run.holder
        self.executions = [one for one in self.executions if not one.stopped]

    def look(self) -> None:
        self.ask({})

    def audit(self) -> None:
        self.ask({"start": "audit"})

    def redrive(self) -> None:
        self.ask({"start": "redrive"})

    def step(self, which: int, leg: int, groups: int) -> None:
        """A step of a leg, or the end of an execution whose legs are done."""
        ready = [one for one in self.executions if one.at <= self.now]
        if not ready:
            return
        one = ready[which % len(ready)]
        left = [n for n, step in enumerate(one.legs) if step.get("more", True)]
        if not left:
            told = self.ask({"end": {"ticket": dump(one.run.ticket), "legs": one.legs}})
            if told and one in self.executions:
                self.executions.remove(one)
            return
        n = left[leg % len(left)]
        told = self.ask({"step": one.legs[n]}, groups or 9999)
        if "more" in told:
            one.legs[n] = told
            self.was_set_aside |= self._are_set_aside()

    def walk(self) -> None:
        """All that is on its way comes to its end."""
        for _ in range(20):
            self.step(0, 0, 0)
            if not self.executions:
                break

    def tidy(self) -> None:
        """What was dropped long ago is deleted."""
        self.passes(LEFT_ALONE_SECONDS)
        self.look()
        self.walk()

    def give_up(self, which: int) -> None:
        """An execution has tried often enough, or is lost."""
        if self.executions:
            one = self.executions[which % len(self.executions)]
            for step in one.legs:
                step.update(more=False, gave_up={"Error": "Unavailable"})

    def vanish(self, which: int) -> None:
        if self.executions:
            self.executions.pop(which % len(self.executions))

    def _are_set_aside(self) -> bool:
        return any(
            "it killed" in mark.error
            for rows in self.kept.values()
            for row in rows.parked(100)
            for mark in row.marks.values()
        )

    # Generations

    def rebuild(self) -> None:
        self.ask({"rebuild": VIEW.name})

    def switch(self, which: int) -> None:
        if live := self._known().live:
            label = str(live[which % len(live)].generation)
            self.ask({"switch": VIEW.name, "generation": label})

    def rollback(self) -> None:
        self.ask({"rollback": VIEW.name})

    def drop(self, which: int) -> None:
        if live := self._known().live:
            label = str(live[which % len(live)].generation)
            self.ask({"drop": VIEW.name, "generation": label})

    def lose(self, made_again: int) -> None:
        known = self._known()
        for copy in known.live:
            if copy.generation == known.active or known.active is None:
                rows = self.rows(VIEW.at(copy.generation))
                rows.are_lost(made_again=bool(made_again % 2))
                self.lost_last = self.now

    def deploy(self, who: int) -> None:
        self.code[who % len(self.code)] = 1
