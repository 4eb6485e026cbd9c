"""What kinds of walks look at, what they leave out, and what they leave for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryNotes, MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.generations import Compared
from cqrs.follow.walker import KEPT, MARGIN_SECONDS, MOST_SEGMENTS, Walker
from cqrs.follow.walks import Leg, Run, Work
from cqrs.history.commits import Commit
from cqrs.history.event_store import WHOLE, EventReader, Heads, Section
from cqrs.history.events import EventTypes, Instant
from cqrs.history.instants import later
from cqrs.plain import replace
from cqrs.views.rows import Row, SaveResult
from tests.library.unit.follow.walks import BEGAN, ORDERS, World, after
from tests.library.walking import AUDIT, REDRIVE, to_the_end
from tests.library.worlds import (
    ORDER,
    PAYMENT,
    VIEW,
    CountedRows,
    Crash,
    Noted,
    Reads,
    commit,
    crash,
    follower,
    history,
    shown,
    stored,
)


@pytest.fixture
def world() -> World:
    return World()


class Down(MemoryRows):
    """Rows that can't be reached while `error`. `asked` counts how often somebody tried."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error, self.asked = error, 0

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        self.asked += 1
        if self.error:
            raise self.error
        return super().load(keys)


class Forbidden(Down):
    """Rows that may be read, and not written."""

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        return MemoryRows.load(self, keys)

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        if self.error:
            raise self.error
        return super().save(rows)


def both(other: MemoryRows) -> World:
    """There is another view, that comes first."""
    world = World()
    stores = {"order": world.store, "payment": world.store}
    world.followers.insert(0, Follower(replace(VIEW, name="other"), other, stores))
    return world


class TestViewsInTrouble:
    @pytest.mark.parametrize("error", [Unavailable("it is down"), PermissionError("no")])
    @pytest.mark.parametrize("rows", [Down, Forbidden])
    @pytest.mark.parametrize("work", [AUDIT, REDRIVE, Work(kind="fill")], ids=lambda w: w.kind)
    def test_one_keeps_no_other_from_coming_on_and_is_said(
        self, work: Work, rows: type[Down], error: Exception
    ) -> None:
        world = both(rows(error))
        wrong: list[str] = []
        world.how = {"went_wrong": lambda view, error: wrong.append(view)}
        ended, progress = to_the_end(world.walker, work)
        assert world.has() == ORDERS
        assert wrong == ["other"]
        assert ended.gave_up == progress.failed
        assert ended.gave_up.keys() == {"other#1"}
        assert ended.gave_up["other#1"].startswith(type(error).__name__)

    def test_an_audit_asks_it_once_in_a_step(self) -> None:
        world = both(other := Down(Unavailable("it is down")))
        to_the_end(world.walker)
        assert other.asked == 1

    def test_a_walk_that_nothing_repeats_waits_for_it_a_while(self) -> None:
        other = Down(Unavailable("it is down"))
        world = both(other)
        paused: list[float] = []

        def pause(seconds: float) -> None:
            paused.append(seconds)
            if len(paused) == 3:
                other.error = None

        world.how = {"pause": pause}
        ended, _ = to_the_end(world.walker, REDRIVE)
        assert ended.gave_up == {}
        assert other.get("8").document

    def test_an_audit_that_left_out_a_view_is_not_whole_and_the_next_looks_as_far_back(
        self,
    ) -> None:
        world = both(other := Down(None))
        whole, _ = to_the_end(world.walker)
        world.forward(10 * MARGIN_SECONDS)
        world.store.append(at(world.now, "order-3", 2, "b"), "")  # type: ignore[attr-defined]
        other.error = Unavailable("it is down")
        ended, _ = to_the_end(world.walker)
        assert ended.whole == whole.began
        assert world.start().since == later(whole.began, -MARGIN_SECONDS)

    @pytest.mark.parametrize("error", [Unavailable("it is down"), PermissionError("no")])
    def test_a_walk_for_it_alone_raises_and_can_be_taken_again(self, error: Exception) -> None:
        rows = Down(None)
        world = World(rows=rows)
        run = world.start(Work(kind="redrive", targets=("notes",)))
        world.step(run, after(1))
        rows.error = error
        with pytest.raises(type(error)):
            world.step(run)
        rows.error = None
        assert world.step(run).done
        assert (world.has(), world.walker.end(run.ticket).gave_up) == (ORDERS, {})

    def test_a_store_that_is_down_is_gone_on_with_where_it_was(self) -> None:
        world = World()
        store = Stumbling(world.store, at=3)
        world.store = store
        run = world.start()
        with pytest.raises(Unavailable):
            world.step(run)
        assert world.has() == ORDERS[:4]
        assert world.step(run).streams == 9
        assert store.pages == 3 + 3


class Stumbling(Reads):
    """A store whose walk fails once, at its n-th page."""

    def __init__(self, store: EventReader, at: int) -> None:
        super().__init__(store)
        self.at, self.pages = at, 0

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        self.pages += 1
        if self.pages == self.at:
            raise Unavailable("the store is down")
        return super().heads(cursor, section)


def at(instant: Instant, stream: str, version: int, text: str) -> Commit:
    one = commit(stream, version, text)
    return replace(one, body=one.body.replace(one.envelope.time, instant))


class TestAudits:
    def test_it_finds_nothing_where_everything_is_up_to_date(self, world: World) -> None:
        to_the_end(world.walker)
        _, again = to_the_end(world.walker)
        assert (again.found, world.rows.get("7").revision) == ({}, 1)

    def test_it_leaves_parked_streams_alone(self) -> None:
        world = World(stored(history("order-7", "poison")))
        for _ in range(2):
            _, progress = to_the_end(world.walker)
        assert progress.found == {}
        assert world.rows.get("7").parked

    def test_after_a_whole_one_only_streams_with_commits_since_are_looked_at(self) -> None:
        store = MemoryEventStore(page=2)
        for name in ORDERS:
            store.append(at(BEGAN, name, 1, "a"), "")
        rows = CountedRows()
        world = World(store, rows)
        world.forward(2 * MARGIN_SECONDS)
        first, _ = to_the_end(world.walker)
        assert first.since is None
        rows.loads.clear()

        world.forward(MARGIN_SECONDS)
        store.append(at(world.now, "order-3", 2, "b"), "")
        # by a clock that is slow: as much as clocks may differ
        store.append(at(later(first.began, 1 - MARGIN_SECONDS), "order-5", 2, "b"), "")
        second, progress = to_the_end(world.walker)

        assert second.since == later(first.began, -MARGIN_SECONDS)
        assert progress.found == {"notes#1": 2}
        assert {key for keys in rows.loads for key in keys} == {"3", "5"}
        assert shown(rows, "5") == {"order": ["a", "b"], "payment": []}

    def test_other_walks_look_at_everything(self, world: World) -> None:
        for work in (REDRIVE, Work(kind="fill")):
            to_the_end(world.walker, work)
            world.forward(9 * MARGIN_SECONDS)
            assert world.start(work).since is None


class TestCodeThatComesBack:
    """It has a view more, of which audits know nothing while it is rolled back."""

    @pytest.fixture
    def newer(self) -> World:
        return both(MemoryRows())

    @pytest.fixture
    def older(self, newer: World) -> World:
        return World(newer.store, newer.rows, newer.notes)

    @staticmethod
    def audit(world: World, other: World) -> Run:
        world.now = later(other.now, 3 * MARGIN_SECONDS)
        other.now = world.now
        return to_the_end(world.walker)[0]

    @pytest.mark.parametrize("audits", [0, 2])
    def test_it_looks_at_what_was_missed(self, older: World, newer: World, audits: int) -> None:
        self.audit(older, newer)
        newer.walker.notice()
        for _ in range(audits):
            self.audit(newer, older)
        gone = newer.now
        for _ in range(2):
            self.audit(older, newer)
        assert self.audit(newer, older).since == later(gone, -MARGIN_SECONDS)
        last = newer.now
        assert self.audit(newer, older).since == later(last, -MARGIN_SECONDS)

    def test_an_audit_that_older_code_began_is_none_of_its_own(
        self, older: World, newer: World
    ) -> None:
        whole = self.audit(newer, older).began
        older.forward(3 * MARGIN_SECONDS)
        run = older.start()
        older.step(run)
        assert newer.walker.end(run.ticket).whole == run.began
        assert self.audit(newer, older).since == later(whole, -MARGIN_SECONDS)


class TestRedrives:
    def test_after_a_view_has_changed_every_row_is_folded_anew(self) -> None:
        world = World()
        to_the_end(world.walker)
        renamed = replace(VIEW, render=lambda parts: {"texts": list(parts[ORDER].texts)}, lists={})
        stores = {"order": world.store, "payment": world.store}
        world.followers = [Follower(renamed, world.rows, stores)]
        _, audited = to_the_end(world.walker)
        assert audited.found == {}
        _, redriven = to_the_end(world.walker, REDRIVE)
        assert redriven.found == {"notes#1": 9}
        assert shown(world.rows, "7") == {"texts": ["a"]}

    @pytest.mark.parametrize("target", ["notes", "notes#1"])
    def test_one_view_is_folded_anew_alone(self, target: str) -> None:
        world = both(other := Down(None))
        to_the_end(world.walker, Work(kind="redrive", targets=(target,)))
        assert (world.has(), other.asked) == (ORDERS, 0)


class TestLegs:
    def test_a_store_has_as_many_legs_as_it_is_large_and_together_they_find_everything(
        self,
    ) -> None:
        names = [f"order-{n}" for n in range(200)]
        store = stored(*(history(name, "a") for name in names))
        rows = CountedRows()
        world = World(store, rows, how={"segment_bytes": store.size().bytes // 7})
        run = world.start()
        assert [leg.segment for leg in run.legs] == list(range(8))
        _, progress = to_the_end(World(store, rows, how=world.how).walker)
        assert (progress.streams, progress.found) == (200, {"notes#1": 200})
        assert (progress.commits, run.commits) == (200, 200)
        assert all(shown(rows, name.removeprefix("order-")) for name in names)

    def test_there_is_a_most_of_them(self, world: World) -> None:
        world.how = {"segment_bytes": 1}
        assert len(world.start().legs) == MOST_SEGMENTS

    def test_only_stores_that_the_views_follow_are_walked(self, world: World) -> None:
        stores: Mapping[str, EventReader] = {"world": world.store, "accounts": MemoryEventStore()}
        walker = Walker(stores, lambda: world.followers, MemoryNotes())
        assert walker.start(AUDIT)[0].legs == (Leg(of="world"),)

    def test_a_large_store_takes_no_other_its_turn(self) -> None:
        """Each store has legs of its own, however long those of another take, or fail."""
        large, small = stored(*(history(f"order-{n}", "a") for n in range(100))), MemoryEventStore()
        small.append(history("payment-7", "a")[0], "")
        rows = MemoryRows()
        other = EventTypes("payments")
        other.event()(Noted)
        folds = [ORDER, replace(PAYMENT, events=other)]
        paid = lambda states: {"paid": len(states[folds[1]].texts)}  # noqa: E731
        view = replace(VIEW, folds=folds, render=paid)
        follows = Follower(view, rows, {"order": large, "payment": small})
        stores = {"world": large, "payments": small}
        walker = Walker(stores, lambda: [follows], MemoryNotes())
        run, _ = walker.start(AUDIT)
        assert [leg.of for leg in run.legs] == ["world", "payments"]
        assert not walker.step(run.ticket, run.legs[0], after(0)).done
        assert walker.step(run.ticket, run.legs[1], after(0)).done
        assert shown(rows, "7") == {"paid": 1}
        assert walker.end(run.ticket).ended is None


class TestWalksAfterEachOther:
    @pytest.mark.parametrize("work", [REDRIVE, Work(kind="fill")], ids=lambda work: work.kind)
    def test_a_walk_does_not_begin_where_one_before_it_was(self, world: World, work: Work) -> None:
        """So rows that were lost, or emptied, are filled from the beginning."""
        run = world.start(work)
        world.step(run, after(2))
        world.walker.stop(work.purpose)
        world.rows = MemoryRows()
        world.followers = [follower(world.rows, world.store)]
        to_the_end(world.walker, work)
        assert world.has() == ORDERS

    def test_who_is_still_at_the_one_before_does_the_next_no_harm(self, world: World) -> None:
        """Though it notes how far it is, when the other has begun."""
        before = world.start(REDRIVE)
        begun: list[Run] = []

        def meanwhile() -> bool:
            if not begun:
                world.walker.stop("redrive")
                begun.append(world.start(REDRIVE))
            return False

        world.step(before, meanwhile)
        world.rows = MemoryRows()
        world.followers = [follower(world.rows, world.store)]
        assert world.step(begun[0]).streams == 9
        assert world.has() == ORDERS

    def test_of_two_who_fill_at_once_one_does(self, world: World) -> None:
        fill = Work(kind="fill", targets=("notes#1",))
        run = world.start(fill)
        world.step(run, after(1))
        assert world.walker.start(fill)[1] is False


class TestLongStreams:
    """They have more commits than a visit takes."""

    @pytest.fixture
    def world(self) -> World:
        store, rows = (
            stored(history("order-1", *"abcdefghi"), history("order-2", "a")),
            MemoryRows(),
        )
        return World(store, rows, followers=[follower(rows, store, chunk=1, budget=2)])

    def test_one_is_followed_to_its_end(self, world: World) -> None:
        _, done = to_the_end(world.walker)
        assert world.rows.get("1").positions == {"order-1": 9}
        assert (done.found, done.streams) == ({"notes#1": 2}, 2)

    @pytest.mark.parametrize("kind", ["audit", "rebuild"])
    def test_a_step_that_has_no_time_left_in_it_leaves_the_rest_to_the_next(
        self, world: World, kind: Any
    ) -> None:
        run = world.start(Work(kind=kind, targets=() if kind == "audit" else ("notes#1",)))
        for position in (2, 4, 6, 8):
            assert not world.step(run, after(0)).done
            assert world.rows.get("1").positions == {"order-1": position}
        world.step(run)
        assert world.rows.get("1").positions == {"order-1": 9}
        assert world.has() == ["order-1", "order-2"]


class TestRebuilds:
    WORK = Work(kind="rebuild", targets=("notes#1",))

    def test_every_stream_is_compared_once_when_it_was_followed_though_steps_are_killed(
        self, world: World
    ) -> None:
        calls = 0

        def compare(follower: Follower, streams: Sequence[str]) -> Compared:
            nonlocal calls
            calls += 1
            assert set(streams) <= set(world.has())
            if calls == 3:
                raise Crash
            return Compared(equal=len(streams))

        world.how = {"compare": compare}
        run = world.start(self.WORK)
        with pytest.raises(Crash):
            world.step(run)
        assert world.step(run).equal == 9

    def test_the_first_differences_are_noted_and_all_are_counted(self, world: World) -> None:
        def compare(follower: Follower, streams: Sequence[str]) -> Compared:
            differ = [(one, {"a": 1}, {"a": 2}) for one in streams for _ in range(2)]
            return Compared(differ=differ, skipped=1)

        world.how = {"compare": compare}
        leg = world.step(world.start(self.WORK))
        assert (leg.differing, len(leg.differences), leg.skipped) == (18, KEPT, 5)
        assert leg.differences[0] == "order-0: a 1 -> 2"

    @pytest.mark.parametrize("kind", ["audit", "fill", "redrive"])
    def test_no_other_walk_compares(self, world: World, kind: Any) -> None:
        world.how = {"compare": crash}
        to_the_end(world.walker, Work(kind=kind))

    def test_a_generation_that_is_gone_is_given_up(self, world: World) -> None:
        gone = Work(kind="rebuild", targets=("notes#2",))
        run = world.start(replace(self.WORK, targets=("notes#1", "notes#2")))
        world.step(run)
        assert world.walker.end(run.ticket).gave_up == {"notes#2": "this generation was dropped"}
        assert world.has() == ORDERS
        assert world.start(gone).legs == ()  # no store feeds what is not there


class TestDrops:
    WORK = Work(kind="drop", targets=("notes#1",))

    def test_rows_are_deleted_part_by_part_from_where_the_last_step_was(self, world: World) -> None:
        asked: list[tuple[str, str | None]] = []

        def delete(scope: str, cursor: str | None) -> str | None:
            asked.append((scope, cursor))
            if len(asked) == 3:
                raise Crash
            return str(len(asked)) if len(asked) < 5 else None

        world.how = {"delete": delete}
        run = world.start(self.WORK)
        assert run.legs == (Leg(of="notes#1"),)
        assert not world.step(run, after(0)).done
        with pytest.raises(Crash):
            world.step(run)
        assert world.step(run).done
        assert world.step(run).done
        assert asked == [("notes#1", cursor) for cursor in (None, "1", "2", "2", "4")]
        assert world.walker.end(run.ticket).ended
