"""What must always hold for generations, whoever makes, fills, switches and drops them meanwhile.

Several functions follow, each with what it has heard of the register, which may be old; the walker
fills, compares and deletes step by step. The expected rows are computed outside, by folding the
store.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore, MemoryGenerations, MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.walks import Run
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader
from cqrs.plain import dump
from cqrs.views.generations import STALE_SECONDS, Known, NotPossible
from cqrs.views.rows import Generation, Row, RowStore
from tests.examples import examples
from tests.library.faults import Faults, FaultyReads, FaultyRows, happenings
from tests.library.generations import Hurried, Views
from tests.library.waiting import Clock
from tests.library.walking import StateMachine, audit
from tests.library.worlds import VIEW, Crash, commit, follower

ENTITIES = ("7", "8", "9")
STREAMS = tuple(f"{category}-{entity}" for entity in ENTITIES for category in ("order", "payment"))
WORKERS = 3

ACTIONS = ["commit"] * 4 + ["make", "rebuild", "look", "look", "a step", "a walk", "a walk"]
CHANGES = ["switch", "rollback", "drop", "rows are lost", "survey"]
OTHERS = ["register down", "register up", "a while", "a long while", "a long while"]


class Register(MemoryGenerations):
    down = False

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        if self.down:
            raise Unavailable("the register is down")
        return super().load(names)


class Patient(StateMachine):
    """Takes no step of a walk before its wait is over."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.begins: dict[str, float] = {}

    def start(self, run: Run, wait_seconds: int = 0) -> None:
        super().start(run, wait_seconds)
        self.begins[run.holder] = self.clock() + wait_seconds

    @property
    def ready(self) -> list[Run]:
        return [run for run in self.waiting if self.begins[run.holder] <= self.clock()]


class World:
    """Functions that follow a view, the walker, and people who change its generations."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.store = MemoryEventStore(page=2)
        self.register = Register()
        self.views = Views(
            VIEW,
            stores=dict.fromkeys(("order", "payment"), self.store),
            services={"world": self.store},
            make=MemoryRows.of,
            register=self.register,
        )
        self.machine = self.views.machine = Patient(self.views.clock)
        self.generations = self.views.generations
        self.workers = [self.views.anew(self._faulty) for _ in range(WORKERS)]
        self.again: list[Commit] = []
        self._begin()

    def _begin(self) -> None:
        """With a generation that everybody knows, and another that is to be filled. The only audit
        was before that: none makes good what the others miss.
        """
        for stream in STREAMS:
            self.store.append(commit(stream, 1, f"{stream}/1"), "")
        self.views.ask(start="audit")
        self.views.ask()
        self.walk()
        assert self.generations.known(VIEW).serving
        for worker in self.workers:
            list(worker)
        self.generations.make(VIEW)
        self.views.pass_by(7)
        self.views.ask()

    def _faulty(self, view: Any) -> Follower:
        reads: Any = FaultyReads(self.store, self.faults)

        def rival(rows: RowStore) -> Follower:
            return Follower(view, rows, self.views.stores)

        rows = FaultyRows(self.views.rows(view), self.faults, rival, check=lambda _: None)
        return Follower(view, rows, dict.fromkeys(("order", "payment"), reads))

    def follow(self, worker: int, commits: Sequence[Commit]) -> None:
        """As a function does: a batch of which a view has failed comes again."""
        hints = {one.stream: [one] for one in commits}
        failed = False
        try:
            followers = list(self.workers[worker])
        except Unavailable:
            self.again += commits
            return
        for one in followers:
            try:
                failed |= bool(one.catch_up(hints).failed)
            except Crash:
                failed = True
        if failed:
            self.again += commits

    def happens(self, action: str, stream: str, worker: int) -> None:
        generations = self.generations
        known = MemoryGenerations.load(self.register, [VIEW.name])[VIEW.name]
        with suppress(NotPossible, Unavailable):
            match action:
                case "commit":
                    version = len(self.store.read(stream)) + 1
                    one = commit(stream, version, f"{stream}/{version}")
                    self.store.append(one, "")
                    batch, self.again = [*self.again, one], []
                    for told in batch:
                        self.follow(worker, [told])
                case "make":
                    generations.make(VIEW)
                case "look":
                    self.views.ask()
                case "rebuild":
                    self.views.ask(rebuild=VIEW.name)
                case "a step":
                    self.step()
                case "a walk":
                    self.walk()
                case "switch":
                    for copy in known.live[-1:]:
                        generations.switch(VIEW, copy.generation)
                case "rollback":
                    generations.rollback(VIEW)
                case "drop":
                    for copy in known.live[-1 - worker :][:1]:
                        self.views.ask(drop=VIEW.name, generation=str(copy.generation))
                case "rows are lost":
                    for copy in known.live[-1 - worker :][:1]:
                        rows = self.views.rows(VIEW.at(copy.generation))
                        while rows.delete() is not None:
                            pass
                case "survey":
                    generations.survey(VIEW)
                case "register down" | "register up":
                    self.register.down = action == "register down"
                case "a while":
                    self.views.pass_by(7)
                case "a long while":
                    self.views.pass_by(STALE_SECONDS)

    def walk(self) -> None:
        while self.step():
            pass

    def step(self) -> bool:
        """A step of the walk that is first in the line, and what comes at its end. Whether there
        was something to do.
        """
        for run in self.machine.ready[:1]:
            ticket = dump(run.ticket)
            step = {"ticket": ticket, "leg": dump(run.legs[0]), "left": 20}
            told = self.views.walker({"step": step}, Hurried())
            if not told["more"]:
                self.machine.waiting.remove(run)
                self.views.walker({"end": {"ticket": ticket, "legs": [told]}}, Hurried())
            return True
        return False

    def settle(self) -> list[Generation]:
        """All is well again, what failed has come again. The generations that are filled."""
        self.faults.plan.clear()
        self.register.down = False
        self.views.pass_by()
        batch, self.again = self.again, []
        for one in batch:
            self.follow(0, [one])
        assert not self.again
        self.generations.survey(VIEW)
        known = self.generations.known(VIEW)
        assert known.active is None or known.copy_of(known.active)
        return [copy.generation for copy in known.live if copy.filled]

    def rows(self, generation: Generation) -> MemoryRows:
        rows: MemoryRows = self.views.rows(VIEW.at(generation))
        return rows


def truth(store: EventReader, stream: str) -> list[str]:
    return [f"{stream}/{commit.version}" for commit in store.read(stream)]


def assert_whole(row: Row, store: EventReader) -> None:
    order, payment = (truth(store, f"{kind}-{row.key}") for kind in ("order", "payment"))
    expected = {"order": order, "payment": payment} if order or payment else None
    assert row.document == expected
    versions = {f"order-{row.key}": len(order), f"payment-{row.key}": len(payment)}
    assert {s: v for s, v in row.positions.items() if v} == {s: v for s, v in versions.items() if v}


steps = st.lists(
    st.tuples(
        st.sampled_from([*ACTIONS, *CHANGES, *OTHERS]),
        st.sampled_from(STREAMS),
        st.integers(0, WORKERS - 1),
    ),
    max_size=60,
)


@examples(300)
@given(steps)
def test_what_is_filled_has_everything_that_a_follower_was_told_and_needs_no_audit(
    plan: list[tuple[str, str, int]],
) -> None:
    world = World(Faults([]))
    for action, stream, worker in plan:
        world.happens(action, stream, worker)

    for generation in world.settle():
        for entity in ENTITIES:
            assert_whole(world.rows(generation).get(entity), world.store)


@examples(300)
@given(steps, happenings)
def test_under_faults_all_that_is_filled_equals_the_fold_after_one_audit(
    plan: list[tuple[str, str, int]], faults: list[str]
) -> None:
    world = World(Faults(faults))
    for action, stream, worker in plan:
        world.happens(action, stream, worker)

    for generation in world.settle():
        rows = world.rows(generation)
        audit(world.store, [follower(rows, world.store)])
        for entity in ENTITIES:
            assert_whole(rows.get(entity), world.store)


def test_the_whole_way_of_a_view_is_gone_by_such_steps() -> None:
    """So that the properties above are not about nothing."""
    world = World(Faults([]))

    def happen(*actions: str) -> None:
        for action in actions:
            world.happens(action, STREAMS[0], 0)
            world.happens("commit", STREAMS[0], 1)

    happen("a step")
    assert [str(one) for one in world.settle()] == ["1"]
    happen("a walk")
    assert [str(one) for one in world.settle()] == ["1", "1.1"]
    happen("drop", "rebuild", "a step")
    assert [str(one) for one in world.settle()] == ["1"]
    happen("a step", "a walk")
    assert [str(one) for one in world.settle()] == ["1", "1.2"]
    happen("switch", "rollback")
    assert str(world.generations.known(VIEW).active) == "1"
    happen("rows are lost", "look", "a walk", "switch")
    world.happens("drop", "", 1)
    assert [str(one) for one in world.settle()] == ["1.2"]
    happen("a long while", "a long while", "look", "a walk")
    assert world.generations.known(VIEW).leftovers == ()
    assert world.rows(Generation(1)).state().condition == "missing"
