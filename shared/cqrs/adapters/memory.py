"""A twin of every port, in memory, safe for threads: for tests, and to read what a port means."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Self
from zlib import crc32

from cqrs.adapters.dynamodb_event_store import (
    MAX_COMMIT_BYTES,
    beside,
    room_of_commit,
    size_of_commit,
)
from cqrs.adapters.items import (
    MAX_ITEM_BYTES,
    MAX_ROW_BYTES,
    Item,
    Items,
    NeverSaved,
    check_size,
    size_of,
)
from cqrs.adapters.tally_items import TallyItems
from cqrs.errors import Unreadable
from cqrs.follow.walks import Note
from cqrs.history.commits import Commit
from cqrs.history.event_store import (
    WHOLE,
    AppendConflict,
    GuardTaken,
    Heads,
    Section,
    Size,
    Stored,
)
from cqrs.history.events import Instant
from cqrs.history.guards import Claim, Guard, Release
from cqrs.history.publisher import Record
from cqrs.plain import replace
from cqrs.views.fields import misfits
from cqrs.views.filling import Filling
from cqrs.views.generations import Known
from cqrs.views.rows import Followed, Row, Saved, SaveResult
from cqrs.views.searches import SearchView
from cqrs.views.tallies import Cell, summed

__all__ = [
    "MemoryEventStore",
    "MemoryGenerations",
    "MemoryNotes",
    "MemoryPublisher",
    "MemoryRows",
    "MemorySearchRows",
    "MemoryTallies",
    "rows_for",
]

DELETED_AT_ONCE = 100
_INCARNATIONS = itertools.count(1)
NO_STATES = {"S": "{}"}  # as an index has them


class MemoryEventStore:
    def __init__(self, *, max_bytes: int = MAX_COMMIT_BYTES, page: int = 100) -> None:
        self._streams: dict[str, list[Stored]] = {}
        self._guards: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._page = page

    def load(self, stream: str, limit: int | None = None) -> Sequence[Stored]:
        with self._lock:
            last = self._streams.get(stream, [])[-limit if limit else None :]
        return last[::-1]

    def room(self, commit: Commit, command_id: str) -> int:
        return room_of_commit(commit, command_id)

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        size = size_of_commit(commit, command_id, self._max_bytes)
        texts = beside(size, earlier=earlier, snapshot=snapshot)
        with self._lock:
            stored = self._streams.setdefault(commit.stream, [])
            if commit.version <= len(stored):
                raise AppendConflict(stored[commit.version - 1].commit)
            self._take(guards, commit)
            stored.append(Stored(commit, command_id, **texts))

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

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        with self._lock:
            return self._guards.get(claim.key)

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        with self._lock:
            stored = self._streams.get(stream, ())[after : None if limit is None else after + limit]
        return [one.commit for one in stored]

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        with self._lock:
            names = sorted(
                name
                for name, stored in self._streams.items()
                if (cursor is None or name > cursor) and _is_in(section, name, stored)
            )
            page = {name: len(self._streams[name]) for name in names[: self._page]}
        last = names[self._page - 1] if len(names) > self._page else None
        return Heads(page, last, sum(page.values()))

    def size(self) -> Size:
        with self._lock:
            commits = [one.commit for stored in self._streams.values() for one in stored]
        return Size(commits=len(commits), bytes=sum(size_of_commit(c, "") for c in commits))


def _is_in(section: Section, stream: str, stored: Sequence[Stored]) -> bool:
    if crc32(stream.encode()) % section.segments != section.segment:
        return False
    return section.since is None or any(
        _is_since(one.commit, section.since) for one in reversed(stored)
    )


def _is_since(commit: Commit, since: Instant) -> bool:
    try:
        return commit.envelope.time >= since
    except Unreadable:
        return True


class MemoryRows:
    """Row store and row reader, of the items that a table of DynamoDB would have. Its lists never
    lag.
    """

    shape: ClassVar[type[Items]] = Items

    def __init__(
        self,
        scope: str = "memory#1",
        lists: Iterable[str] | None = None,
        *,
        max_bytes: int = MAX_ROW_BYTES,
    ) -> None:
        self._items = self.shape(scope, lists, max_bytes)
        self._rows: dict[str, Item] = {}
        self._filling = Filling("missing")
        self._lock = threading.Lock()

    @classmethod
    def of(cls, view: Followed) -> Self:
        return cls(view.scope, view.lists)

    def get(self, key: str) -> Row:
        with self._lock:
            return self._row(key)

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        with self._lock:
            return {key: self._row(key) for key in keys}

    @classmethod
    def load_all(cls, asked: Sequence[tuple[Self, Sequence[str]]]) -> list[dict[str, Row]]:
        return [rows.load(keys) for rows, keys in asked]

    def _row(self, key: str) -> Row:
        return self._items.row(self._rows[key]) if key in self._rows else Row(key=key)

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        return [self._save(row) for row in rows]

    def _save(self, row: Row) -> SaveResult:
        try:
            item = self._items.item(row)
            with self._lock:
                there = self._rows.get(row.key)
                if int(there["revision"]["N"] if there else 0) != row.revision:
                    return SaveResult(Saved.RACED)
                self._keep(row, item)
        except NeverSaved as error:
            return SaveResult(Saved.REFUSED, str(error))
        return SaveResult(Saved.SAVED)

    def _keep(self, row: Row, item: Item) -> None:
        self._rows[row.key] = item

    def page(
        self, name: str, partition: str, after: tuple[str, str] | None, limit: int
    ) -> list[Row]:
        with self._lock:
            items = list(self._rows.values())
        rows = [self._items.row({**item, "states": NO_STATES}) for item in items if name in item]
        here = [row for row in rows if row.places[name].partition == partition]
        ordered = sorted(here, key=lambda row: (row.places[name].sort, row.key), reverse=True)
        return [
            row for row in ordered if after is None or (row.places[name].sort, row.key) < after
        ][:limit]

    def parked(self, limit: int) -> list[Row]:
        waiting, going_on = self._marked(self._items.scope), self._marked(self._items.going_on)
        return [*waiting, *going_on][:limit]

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        rows = sorted(self._marked(self._items.going_on), key=lambda row: row.key)
        return [row for row in rows if after is None or row.key > after][:limit]

    def _marked(self, where: str) -> list[Row]:
        with self._lock:
            items = list(self._rows.values())
        return [self._items.row(item) for item in items if item.get("parked_in") == {"S": where}]

    def state(self) -> Filling:
        return self._filling

    def create(self) -> Filling:
        if self._filling.condition == "missing":
            self._filling = Filling("there", f"table-{next(_INCARNATIONS)}")
        return self._filling

    def delete(self, cursor: str | None = None) -> str | None:
        with self._lock:
            for key in sorted(self._rows)[:DELETED_AT_ONCE]:
                del self._rows[key]
            if self._rows:
                return min(self._rows)
            self._filling = Filling("missing")
        return None


class MemoryTallies(MemoryRows):
    """Rows and cells of a tally."""

    shape = TallyItems
    _items: TallyItems

    def __init__(self, scope: str = "memory#1", lists: Iterable[str] | None = None) -> None:
        super().__init__(scope, lists)
        self._cells: dict[Cell, dict[str, int]] = {}

    def cells(
        self, partition: str, first: str, last: str, after: str | None, limit: int
    ) -> dict[Cell, Mapping[str, int]]:
        with self._lock:
            cells = sorted(cell for cell in self._cells if cell.partition == partition)
            here = [c for c in cells if first <= c.sort and (not last or c.sort <= last)]
            following = [cell for cell in here if after is None or cell.sort > after]
            return {cell: dict(self._cells[cell]) for cell in following[:limit]}

    def _keep(self, row: Row, item: Item) -> None:
        changes = self._items.changes(row)
        cells = summed(self._cells, changes)
        for cell in changes.keys() & cells.keys():
            check_size(f"{cell}", size_of(self._items.sums(cell, cells[cell])), MAX_ITEM_BYTES)
        self._cells = cells
        super()._keep(row, item)

    def delete(self, cursor: str | None = None) -> str | None:
        cursor = super().delete(cursor)
        if cursor is None:
            self._cells = {}
        return cursor


class MemorySearchRows(MemoryRows):
    """The rows of a search view. It refuses what an index with the view's fields does."""

    def __init__(self, view: SearchView) -> None:
        super().__init__(view.scope, view.lists)
        self._fields = view.fields

    def _keep(self, row: Row, item: Item) -> None:
        if wrong := misfits(row.document or {}, self._fields):
            raise NeverSaved("; ".join(wrong))
        super()._keep(row, item)


class MemoryGenerations:
    """The register of generations."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        with self._lock:
            return {name: self._known.get(name, Known()) for name in names}

    def save(self, name: str, known: Known, revision: int) -> bool:
        with self._lock:
            if self._known.get(name, Known()).revision != revision:
                return False
            self._known[name] = replace(known, revision=revision + 1)
        return True


def rows_for(view: Followed) -> MemoryRows:
    """A store for the rows of a view, as strict as that of its kind."""
    if isinstance(view, SearchView):
        return MemorySearchRows(view)
    return (MemoryTallies if view.kind == "tally" else MemoryRows).of(view)


class MemoryNotes:
    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}
        self._lock = threading.Lock()

    def load(self, names: Sequence[str]) -> dict[str, Note]:
        with self._lock:
            return {name: self._notes[name] for name in names if name in self._notes}

    def save(self, name: str, text: str, revision: int) -> bool:
        with self._lock:
            if (self._notes[name].revision if name in self._notes else 0) != revision:
                return False
            self._notes[name] = Note(text, revision + 1)
        return True

    def beginning(self, prefix: str) -> dict[str, Note]:
        with self._lock:
            return {name: note for name, note in self._notes.items() if name.startswith(prefix)}


class MemoryKinds:
    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.calls = 0
        self.error: Exception | None = None

    def add(self, kinds: Collection[str]) -> None:
        self.calls += 1
        if self.error:
            raise self.error
        self.kinds |= set(kinds)


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
