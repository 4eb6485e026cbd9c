"""A twin of every port, in memory, safe for threads: for tests, and to read what a port means."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from cqrs import plain
from cqrs.errors import TooLarge, Unreadable
from cqrs.history.commits import Commit
from cqrs.history.event_store import AppendConflict, GuardTaken, Heads, History
from cqrs.history.guards import Claim, Guard, Release
from cqrs.history.publisher import Record
from cqrs.plain import replace
from cqrs.views.rows import Row, Saved, SaveResult
from cqrs.views.tallies import MAX_CHANGES, Cell, TallyRow, changes_of, summed

__all__ = ["MemoryEventStore", "MemoryPublisher", "MemoryRows", "MemoryTallies"]

S = TypeVar("S")


class MemoryEventStore:
    def __init__(self, *, max_bytes: int = 400_000, page: int = 100) -> None:
        self._streams: dict[str, list[tuple[Commit, str | None]]] = {}
        self._guards: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._page = page

    def load(self, stream: str, limit: int, open_snapshot: Callable[[str], S | None]) -> History[S]:
        with self._lock:
            stored = list(self._streams.get(stream, ()))
        commits: list[Commit] = []
        for commit, text in reversed(stored):
            snapshot = open_snapshot(text) if text else None
            if snapshot is not None:
                return History(snapshot, commits[::-1], len(stored))
            commits.append(commit)
        return History(None, commits[::-1], len(stored))

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
    ) -> None:
        size = len(commit.body.encode())
        if size > self._max_bytes:
            raise TooLarge(f"The commit {commit}", size, self._max_bytes)
        if snapshot and size + len(snapshot.encode()) > self._max_bytes:
            snapshot = None
        with self._lock:
            stored = self._streams.setdefault(commit.stream, [])
            if commit.version <= len(stored):
                raise AppendConflict(stored[commit.version - 1][0])
            self._take(guards, commit)
            stored.append((commit, snapshot))

    def _take(self, guards: Sequence[Guard], commit: Commit) -> None:
        held = self._guards
        for guard in guards:
            if isinstance(guard, Claim) and guard.key in held:
                raise GuardTaken(guard, *held[guard.key])
            if (
                isinstance(guard, Release)
                and held.get(guard.key, (commit.stream, 0))[0] != commit.stream
            ):
                raise Unreadable(f"{commit} releases what {held[guard.key][0]} holds")
        for guard in guards:
            if isinstance(guard, Claim):
                held[guard.key] = (commit.stream, commit.version)
            else:
                held.pop(guard.key, None)

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        with self._lock:
            stored = self._streams.get(stream, ())[after:]
        commits = [commit for commit, _ in stored]
        return commits if limit is None else commits[:limit]

    def heads(self, cursor: str | None = None) -> Heads:
        with self._lock:
            names = sorted(name for name in self._streams if cursor is None or name > cursor)
            page = {name: len(self._streams[name]) for name in names[: self._page]}
        return Heads(page, names[self._page - 1] if len(names) > self._page else None)


class MemoryRows:
    """Row store and row reader. Its lists never lag. `max_bytes` are those of a row's JSON."""

    def __init__(self, *, max_bytes: int = 400_000) -> None:
        self._rows: dict[str, Row] = {}
        self._lock = threading.Lock()
        self._max_bytes = max_bytes

    def get(self, key: str) -> Row:
        with self._lock:
            return self._rows.get(key, Row(key=key))

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        with self._lock:
            return {key: self._rows.get(key, Row(key=key)) for key in keys}

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        return [self._save(row) for row in rows]

    def _save(self, row: Row) -> SaveResult:
        try:
            size = _size(row)
        except (TypeError, ValueError) as error:
            return SaveResult(Saved.REFUSED, f"the row is not JSON: {error}")
        if size > self._max_bytes:
            return SaveResult(Saved.REFUSED, f"the row has {size} bytes, over {self._max_bytes}")
        with self._lock:
            if self._rows.get(row.key, Row(key=row.key)).revision != row.revision:
                return SaveResult(Saved.RACED)
            self._keep(replace(row, revision=row.revision + 1))
            return SaveResult(Saved.SAVED)

    def _keep(self, row: Row) -> None:
        self._rows[row.key] = row

    def page(
        self, name: str, partition: str, after: tuple[str, str] | None, limit: int
    ) -> list[Row]:
        with self._lock:
            rows = [row for row in self._rows.values() if name in row.places]
        here = [row for row in rows if row.places[name].partition == partition]
        ordered = sorted(here, key=lambda row: (row.places[name].sort, row.key), reverse=True)
        return [
            replace(row, parts={s: replace(p, state=None) for s, p in row.parts.items()})
            for row in ordered
            if after is None or (row.places[name].sort, row.key) < after
        ][:limit]

    def parked(self, limit: int) -> list[Row]:
        with self._lock:
            return [row for row in self._rows.values() if row.parked][:limit]


class MemoryTallies(MemoryRows):
    """Rows and cells of a tally."""

    def __init__(self, *, max_bytes: int = 400_000) -> None:
        super().__init__(max_bytes=max_bytes)
        self._cells: dict[Cell, dict[str, int]] = {}

    def cells(
        self, partition: str, first: str, last: str, after: str | None, limit: int
    ) -> dict[Cell, Mapping[str, int]]:
        with self._lock:
            cells = sorted(cell for cell in self._cells if cell.partition == partition)
            here = [cell for cell in cells if first <= cell.sort <= last]
            following = [cell for cell in here if after is None or cell.sort > after]
            return {cell: dict(self._cells[cell]) for cell in following[:limit]}

    def _save(self, row: Row) -> SaveResult:
        if (number := len(changes_of(row))) > MAX_CHANGES:
            reason = f"the row changes {number} cells at once, over {MAX_CHANGES}"
            return SaveResult(Saved.REFUSED, reason)
        return super()._save(row)

    def _keep(self, row: Row) -> None:
        self._cells = summed(self._cells, changes_of(row))
        super()._keep(row.stored() if isinstance(row, TallyRow) else row)


def _size(row: Row) -> int:
    """Without the marks, for which there is always room. Raises TypeError, ValueError."""
    states = {stream: part.state for stream, part in row.parts.items()}
    marks = {stream: plain.dump(mark) for stream, mark in row.parked.items()}
    plain.to_json(marks).encode()
    return len(plain.to_json([row.positions, states, row.document]).encode())


class MemoryPublisher:
    """Keeps what was published, in order. `refuse` makes it fail like a stream without capacity."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.refuse: Callable[[Record], bool] = lambda _: False

    def publish(self, records: Sequence[Record]) -> Sequence[Record]:
        unsent: list[Record] = []
        for record in records:
            blocked = record.key in {other.key for other in unsent}
            (unsent if blocked or self.refuse(record) else self.records).append(record)
        return unsent
