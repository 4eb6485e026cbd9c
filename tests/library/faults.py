"""Faults: what may happen at any call of a follower."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower, Hints
from cqrs.history.commits import Commit
from cqrs.history.event_store import WHOLE, Heads, Section, Size
from cqrs.views.rows import Row, RowStore, SaveResult
from tests.library.worlds import Crash


class Faults:
    """Decides, call by call, what happens: nothing, an outage, a crash, another worker."""

    def __init__(self, plan: Sequence[str], others: Sequence[Hints] = ()) -> None:
        """`others` is what other workers are told, one after the other."""
        self.plan = list(plan)
        self.others = list(others)

    def next(self) -> str:
        return self.plan.pop(0) if self.plan else "nothing"


class FaultyRows:
    """Rows under faults, that `rival` follows too. `check` is told how the rows of each save were
    before it, and looks at what it left.
    """

    def __init__(
        self,
        rows: RowStore,
        faults: Faults,
        rival: Callable[[RowStore], Follower],
        check: Callable[[Mapping[str, Row]], None],
    ) -> None:
        self.rows, self.faults, self.check = rows, faults, check
        self.rival = rival(self)

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        match self.faults.next():
            case "down":
                raise Unavailable("rows are down")
            case "crash before" | "crash after":
                raise Crash
            case _:
                return self.rows.load(keys)

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        happens = self.faults.next()
        if happens == "crash before":
            raise Crash
        if happens == "another worker" and self.faults.others:
            self.rival.catch_up(self.faults.others.pop())
        before = self.rows.load([row.key for row in rows])
        results = self.rows.save(rows)
        self.check(before)
        if happens == "crash after":
            raise Crash
        return results

    def parked(self, limit: int) -> list[Row]:
        return self.rows.parked(limit)

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        return self.rows.going_on(limit, after)


class FaultyReads:
    def __init__(self, store: MemoryEventStore, faults: Faults) -> None:
        self.store, self.faults = store, faults

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        match self.faults.next():
            case "down":
                raise Unavailable("events are down")
            case "crash before" | "crash after":
                raise Crash
            case _:
                return self.store.read(stream, after, limit)

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        return self.store.heads(cursor, section)

    def size(self) -> Size:
        return self.store.size()


happenings = st.lists(
    st.sampled_from(
        ["nothing", "nothing", "crash before", "crash after", "down", "another worker"]
    ),
    max_size=40,
)


def batches(draw: st.DrawFn, commits: Sequence[Commit]) -> list[Hints]:
    """How commits arrive: shuffled, duplicated, some never at all."""
    copies = draw(st.lists(st.integers(0, 2), min_size=len(commits), max_size=len(commits)))
    arriving = [c for c, n in zip(commits, copies, strict=True) for _ in range(n)]
    arriving = draw(st.permutations(arriving))
    batches: list[Hints] = []
    while arriving:
        size = draw(st.integers(1, len(arriving)))
        batch, arriving = arriving[:size], arriving[size:]
        hints: dict[str, list[Commit]] = {}
        for commit in batch:
            hints.setdefault(commit.stream, []).append(commit)
        batches.append(hints)
    return batches


def catch_up_under_faults(follower: Follower, batches: Sequence[Hints]) -> None:
    for batch in batches:
        with suppress(Crash):  # the batch is lost for good: worse than Lambda, which sends it again
            follower.catch_up(batch)
