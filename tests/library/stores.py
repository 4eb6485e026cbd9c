"""An event store that counts its calls, and around whose appends things happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from cqrs.adapters.memory import MemoryEventStore
from cqrs.history.commits import Commit
from cqrs.history.event_store import WHOLE, Heads, Section, Size, Stored
from cqrs.history.guards import Claim, Guard


class Counting:
    """A memory store that counts its calls, and lets something happen around an append."""

    def __init__(self) -> None:
        self.store = MemoryEventStore()
        self.calls: Counter[str] = Counter()
        self.before_append: Callable[[Commit], None] = lambda _: None
        self.after_append: Callable[[Commit], None] = lambda _: None
        self.stale_by: Callable[[], int] = lambda: 0
        self.loaded: list[int] = []
        self.snapshots: list[str] = []

    def load(self, stream: str, limit: int | None = None) -> Sequence[Stored]:
        self.calls["load"] += 1
        stored = self.store.load(stream)[self.stale_by() :][:limit]
        self.loaded.append(len(stored))
        return stored

    def room(self, commit: Commit, command_id: str) -> int:
        return self.store.room(commit, command_id)

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        self.calls["append"] += 1
        self.snapshots += [snapshot] if snapshot else []
        self.before_append(commit)
        self.store.append(commit, command_id, snapshot, guards, earlier)
        self.after_append(commit)

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        self.calls["read"] += 1
        return self.store.read(stream, after, limit)

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        return self.store.heads(cursor, section)

    def size(self) -> Size:
        return self.store.size()

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        self.calls["holder"] += 1
        return self.store.holder(claim)
