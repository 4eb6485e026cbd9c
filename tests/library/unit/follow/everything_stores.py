"""The stores that the model of everything uses: each call is one at which something may happen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from cqrs.adapters.memory import MemoryEventStore, MemoryGenerations, MemoryNotes, MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.walks import Note
from cqrs.history.commits import Commit
from cqrs.history.event_store import WHOLE, Heads, Section, Size
from cqrs.views.filling import Filling
from cqrs.views.generations import Known
from cqrs.views.rows import Row, Saved, SaveResult

__all__ = ["Calls", "Events", "Kept", "Notes", "Register", "Rows"]

T = TypeVar("T")
_incarnations = itertools.count(1)


class Calls(Protocol):
    """The world: it does what is called, or lets something happen instead, before or after."""

    store: MemoryEventStore
    register: MemoryGenerations

    def called(self, call: Callable[[], T], *, may_wait: bool = True) -> T: ...


class Events:
    def __init__(self, world: Calls) -> None:
        self._world, self._store = world, world.store

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        return self._world.called(lambda: self._store.read(stream, after, limit))

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        return self._world.called(lambda: self._store.heads(cursor, section))

    def size(self) -> Size:
        return self._store.size()


class Rows:
    """The rows of a generation, as followers and walks use them."""

    def __init__(self, world: Calls, rows: Kept) -> None:
        self._world, self._rows = world, rows

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        return self._world.called(lambda: self._rows.load(keys))

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        try:
            return self._world.called(lambda: self._rows.save(rows))
        except Unavailable as error:
            return [SaveResult(Saved.FAILED, str(error)) for _ in rows]

    def parked(self, limit: int) -> list[Row]:
        return self._rows.parked(limit)

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        return self._world.called(lambda: self._rows.going_on(limit, after))

    def state(self) -> Filling:
        return self._world.called(self._rows.state)

    def create(self) -> Filling:
        return self._world.called(self._rows.create)

    def delete(self, cursor: str | None = None) -> str | None:
        return self._world.called(lambda: self._rows.delete(cursor))


class Kept(MemoryRows):
    """Rows that can be lost."""

    def are_lost(self, *, made_again: bool) -> None:
        self._rows.clear()
        made = Filling("there", f"made-again-{next(_incarnations)}")
        self._filling = made if made_again else Filling("missing")

    def __len__(self) -> int:
        return len(self._rows)


class Register:
    def __init__(self, world: Calls, *, may_wait: bool) -> None:
        self._world, self._register, self._may_wait = world, world.register, may_wait

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        return self._world.called(lambda: self._register.load(names), may_wait=self._may_wait)

    def save(self, name: str, known: Known, revision: int) -> bool:
        return self._world.called(
            lambda: self._register.save(name, known, revision), may_wait=self._may_wait
        )


class Notes:
    def __init__(self, world: Calls) -> None:
        self._world, self._notes = world, MemoryNotes()

    def load(self, names: Sequence[str]) -> dict[str, Note]:
        return self._world.called(lambda: self._notes.load(names))

    def save(self, name: str, text: str, revision: int) -> bool:
        return self._world.called(lambda: self._notes.save(name, text, revision))

    def beginning(self, prefix: str) -> dict[str, Note]:
        return self._world.called(lambda: self._notes.beginning(prefix))
