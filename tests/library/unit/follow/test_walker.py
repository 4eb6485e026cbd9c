"""Walks: who may take their steps, and how far each goes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryNotes, MemoryRows
from cqrs.follow.walker import MARGIN_SECONDS, Walker
from cqrs.follow.walks import LEASE_SECONDS, LostError, Run, Work, note_of
from cqrs.views.rows import Row, SaveResult
from tests.library.unit.follow.walks import ORDERS, World, after
from tests.library.walking import AUDIT, REDRIVE, never, to_the_end
from tests.library.worlds import (
    CountedRows,
    Crash,
    history,
    stored,
)


@pytest.fixture
def world() -> World:
    return World()


class TestLease:
    def test_who_starts_what_is_on_its_way_joins_it(self, world: World) -> None:
        first = world.start()
        world.forward(LEASE_SECONDS - 1)
        joined, is_mine = world.walker.start(AUDIT)
        assert (joined, is_mine) == (first, False)

    def test_walks_for_other_purposes_are_walks_of_their_own(self, world: World) -> None:
        for work in (AUDIT, REDRIVE, Work(kind="redrive", targets=("notes",))):
            world.start(work)
        assert [run.work.purpose for run in world.walker.walks()] == [
            "audit",
            "redrive",
            "redrive/notes",
        ]

    def test_one_that_nobody_goes_on_with_is_taken_over_where_it_is(self, world: World) -> None:
        lost = world.start()
        assert world.step(lost, after(1)).streams == 4
        world.forward(LEASE_SECONDS)

        run = world.start()

        assert (run.number, run.began, run.legs) == (lost.number, lost.began, lost.legs)
        assert run.holder != lost.holder
        assert world.step(run).streams == 9
        assert world.has() == ORDERS

    def test_every_step_keeps_the_lease(self, world: World) -> None:
        run = world.start()
        world.forward(LEASE_SECONDS - 1)
        world.step(run, after(0))
        world.forward(LEASE_SECONDS - 1)
        assert world.walker.start(AUDIT)[1] is False

    def test_of_those_who_start_at_once_one_may_take_it(self, world: World) -> None:
        with ThreadPoolExecutor(8) as pool:
            started = list(pool.map(lambda _: world.walker.start(AUDIT), range(16)))
        assert [is_mine for _, is_mine in started].count(True) == 1
        assert len({run.holder for run, _ in started}) == 1

    def test_who_has_lost_it_takes_no_step_and_does_not_end_it(self, world: World) -> None:
        lost = world.start()
        world.forward(LEASE_SECONDS)
        world.start()
        for use in (world.step, lambda run: world.walker.end(run.ticket)):
            with pytest.raises(LostError):
                use(lost)
        assert world.has() == []

    def test_who_loses_it_in_a_step_stops_at_the_next_note(self, world: World) -> None:
        lost = world.start()
        taken: list[Run] = []

        def paused_for_long() -> bool:
            if not taken:
                world.forward(LEASE_SECONDS)
                taken.append(world.start())
                world.step(taken[0], after(0))
            return False

        with pytest.raises(LostError):
            world.step(lost, paused_for_long)
        assert len(world.has()) < 9
        world.step(taken[0])
        assert world.has() == ORDERS

    def test_an_ended_walk_is_followed_by_another(self, world: World) -> None:
        ended, _ = to_the_end(world.walker)
        run = world.start()
        assert (run.number, run.whole) == (ended.number + 1, ended.began)
        with pytest.raises(LostError):
            world.step(ended)

    def test_a_walk_is_not_ended_before_all_its_legs_are_done(self, world: World) -> None:
        run = world.start()
        world.step(run, after(3))
        assert world.walker.end(run.ticket).ended is None
        world.step(run)
        assert world.walker.end(run.ticket).ended == world.now

    def test_a_walk_is_renewed_for_who_goes_on_with_it(self, world: World) -> None:
        before = world.start()
        world.step(before, after(2))
        run = world.walker.renew(before.ticket)
        assert (run.number, run.legs) == (before.number, before.legs)
        with pytest.raises(LostError):
            world.step(before)
        assert world.step(run).streams == 9

    def test_what_its_holder_lets_go_of_is_taken_over_at_once(self, world: World) -> None:
        run = world.start()
        world.walker.let_go(run.ticket)
        other = world.start()
        world.walker.let_go(run.ticket)  # it is not its own any more
        assert world.walker.start(AUDIT) == (other, False)

    def test_a_stopped_walk_is_none_that_was_whole(self, world: World) -> None:
        run = world.start()
        world.step(run)
        stopped = world.walker.stop("audit")
        assert stopped
        assert (stopped.ended, stopped.whole) == (world.now, None)
        with pytest.raises(LostError):
            world.step(run)
        assert world.walker.stop("audit") is None
        assert world.start().number == run.number + 1

    @pytest.mark.parametrize("how", ["end", "renew"])
    def test_a_walk_that_is_stopped_while_it_is_ended_or_renewed_stays_stopped(
        self, world: World, how: str
    ) -> None:
        class Meddled(MemoryNotes):
            """When its lease has been kept, it is stopped."""

            meddles = False

            def save(self, name: str, text: str, revision: int) -> bool:
                saved = super().save(name, text, revision)
                if self.meddles and name == note_of("audit"):
                    self.meddles = False
                    world.walker.stop("audit")
                return saved

        world.notes = notes = Meddled()
        run = world.start()
        world.step(run)
        notes.meddles = True
        with pytest.raises(LostError):
            getattr(world.walker, how)(run.ticket)
        (stopped,) = world.walker.walks()
        assert stopped.gave_up == {"": "stopped"}


class Killed(MemoryRows):
    """Rows whose saving kills the step if `when` says so."""

    def __init__(self, kills: set[str]) -> None:
        super().__init__()
        self.kills = kills
        self.killed = 0

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        if self.kills & {f"order-{key}" for key in keys}:
            self.killed += 1
            raise Crash
        return super().load(keys)


def survive(world: World, run: Run, steps: int = 200) -> int:
    """Takes steps until the leg is done. How many it took."""
    for n in range(1, steps):
        try:
            if world.step(run).done:
                return n
        except Crash:
            pass
    raise AssertionError("it does not come to its end")


class TestSteps:
    def test_a_step_goes_on_after_the_group_that_the_last_one_had_time_for(self) -> None:
        world = World(how={"group": 1})
        world.store = stored(*(history(name, "a") for name in ORDERS))
        run = world.start()
        for n in range(1, 9):
            progress = world.step(run, after(0))
            if len(world.has()) == 9:
                break
            assert world.has() == ORDERS[: progress.streams]
            assert progress.streams <= n
        while not world.step(run, after(0)).done:
            pass
        assert world.has() == ORDERS
        assert world.step(run).streams == 9

    def test_a_leg_that_is_done_is_not_walked_again(self, world: World) -> None:
        run = world.start()
        world.step(run)
        world.store = world.followers = None  # type: ignore[assignment]
        walker = Walker({}, list, world.notes, clock=lambda: world.now)
        assert walker.step(run.ticket, run.legs[0], never).done

    def test_who_is_killed_loses_a_group(self) -> None:
        """However many there are on a page: how far a step is, is noted after each."""
        store = MemoryEventStore(page=100)
        for name in ORDERS:
            store.append(history(name, "a")[0], "")
        rows = CountedRows()
        world = World(store, rows, how={"group": 2})
        run = world.start()

        def killed() -> bool:
            if len(world.has()) >= 6:
                raise Crash
            return False

        with pytest.raises(Crash):
            world.step(run, killed)
        rows.loads.clear()
        world.step(run)
        again = {key for keys in rows.loads for key in keys}
        assert again.isdisjoint({"0", "1", "2", "3"})
        assert world.has() == ORDERS

    @pytest.mark.parametrize("work", [AUDIT, REDRIVE], ids=["audit", "redrive"])
    @pytest.mark.parametrize("kills", [{"order-4"}, {"order-0", "order-8"}, {*ORDERS[2:5]}])
    @pytest.mark.parametrize("page", [2, 100])
    def test_a_stream_that_kills_every_step_is_set_aside_and_all_others_are_followed(
        self, work: Work, kills: set[str], page: int
    ) -> None:
        """So no page that kills is begun again for ever."""
        store = MemoryEventStore(page=page)
        for name in ORDERS:
            store.append(history(name, "a")[0], "")
        rows = Killed(kills)
        world = World(store, rows)
        run = world.start(work)

        steps = survive(world, run)

        assert steps <= 1 + 4 * len(kills)
        rows.kills = set()
        assert world.has() == [name for name in ORDERS if name not in kills]
        (leg,) = world.walker.progress(run)
        assert set(leg.aside) == {f"notes#1 {name}" for name in kills}

    def test_a_stream_that_is_set_aside_is_parked_so_that_nobody_takes_its_row_for_complete(
        self,
    ) -> None:
        class KilledWithIt(MemoryRows):
            def save(self, rows: Sequence[Row]) -> list[SaveResult]:
                if any(row.part("order-4").version for row in rows):
                    raise Crash
                return super().save(rows)

        rows = KilledWithIt()
        world = World(rows=rows)
        run = world.start()

        survive(world, run)

        assert world.has() == [name for name in ORDERS if name != "order-4"]
        (row,) = rows.parked(10)
        assert row.parked["order-4"].version == 1
        assert "killed" in row.parked["order-4"].error

    def test_an_audit_that_set_a_stream_aside_is_not_whole_and_the_next_looks_at_it(self) -> None:
        rows = Killed({"order-4"})
        world = World(rows=rows)
        run = world.start()
        survive(world, run)
        assert world.walker.end(run.ticket).whole is None

        rows.kills = set()
        world.forward(3 * MARGIN_SECONDS)
        ended, _ = to_the_end(world.walker)
        assert (world.has(), ended.whole) == (ORDERS, ended.began)

    def test_a_view_that_fails_kills_nothing_and_sets_nothing_aside(self) -> None:
        class Down(MemoryRows):
            left = 12

            def load(self, keys: Sequence[str]) -> dict[str, Row]:
                self.left -= 1
                if self.left > 0:
                    raise PermissionError
                return super().load(keys)

        world = World(rows=Down())
        run = world.start(Work(kind="redrive", targets=("notes",)))
        for _ in range(20):
            try:
                if world.step(run).done:
                    break
            except PermissionError:
                pass
        (leg,) = world.walker.progress(run)
        assert (leg.done, leg.aside, world.has()) == (True, (), ORDERS)
