"""Loads aggregates: the state that a stream's events lead to. Writes and reads snapshots.

A snapshot is stored beside a commit where it costs nothing: in what is left of the write unit. Only
if none of the last eight commits had room does one cost more.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Generic, TypeVar

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore, Stored
from cqrs.history.events import EventCodec
from cqrs.plain import Raw, Value
from cqrs.write.decider import Decider
from cqrs.write.recent import LOADED, REMEMBERED, WORTH_IT, Recent

__all__ = ["Aggregates", "Beside", "Loaded"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Loaded(Value, Generic[S], kw_only=False):
    """A stream's state. `recent` tells its last commands; `commits` are the last ones that were
    read, in order; `since_snapshot` is how many there are after the newest snapshot.

    `alone`: as far as is known nobody else writes to it. `size`: about that of the state as JSON.
    """

    state: S
    version: int
    recent: Recent = Recent()
    commits: Sequence[Commit] = ()
    since_snapshot: int = 0
    alone: bool = True
    size: int = 0


class Beside(Value):
    """What is stored beside a commit."""

    snapshot: str | None = None
    earlier: str | None = None


class Snapshot(Value, forbid_unknown_fields=False):
    schema: int
    state: Raw


class Aggregates(Generic[C, S, E]):
    """The aggregates of one decider. Loading is one call, for a stream of any length."""

    def __init__(
        self, store: EventStore, decider: Decider[C, S, E], codec: EventCodec | None = None
    ) -> None:
        self._store = store
        self._decider = decider
        self._codec = codec or EventCodec(decider.events)
        self.nothing: Loaded[S] = Loaded(decider.initial, 0)
        self.owner = decider.owner

    def stream(self, entity: str) -> str:
        return self._decider.stream(entity)

    def load(self, stream: str) -> Loaded[S]:
        """The current state; `initial` at version 0 if there are no commits. Raises Unavailable,
        Unreadable.
        """
        # The first is enough, unless other code wrote what is beside the commits.
        for limit in (LOADED, REMEMBERED):
            if not self._codec.seals and (loaded := self._told_by(self._store.load(stream, limit))):
                return loaded
        everything = self._store.load(stream)
        if not (loaded := self._told_by(everything)):
            raise Unreadable(f"{stream} begins with {everything[-1].commit}")
        return loaded

    def _told_by(self, stored: Sequence[Stored]) -> Loaded[S] | None:
        """What the last commits of a stream tell, newest first; None if that is not all."""
        if not stored:
            return self.nothing
        recent, (base, tail) = Recent.of(stored), self._newest_snapshot(stored)
        if recent is None or (base is None and stored[-1].commit.version > 1):
            return None
        base = base or self.nothing
        state, version = base.state, base.version
        for one in tail[::-1]:
            state, version = self._evolved(state, version, one.commit), version + 1
        return Loaded(
            state,
            version,
            recent,
            [one.commit for one in stored[::-1]],
            since_snapshot=len(tail),
            size=base.size + sum(len(one.commit.body) for one in tail),
        )

    def _newest_snapshot(
        self, stored: Sequence[Stored]
    ) -> tuple[Loaded[S] | None, Sequence[Stored]]:
        """The newest that can be used, and what came after it."""
        for n, one in enumerate(stored):
            if one.snapshot and (found := self._opened(one.snapshot, one.commit.version)):
                return found, stored[:n]
        return None, stored

    def after(self, loaded: Loaded[S], commit: Commit) -> Loaded[S]:
        """With one more commit, that somebody else has appended. Raises Unreadable."""
        return Loaded(
            self._evolved(loaded.state, loaded.version, commit),
            commit.version,
            loaded.recent.then(commit.envelope.command_id),
            (*loaded.commits, commit),
            since_snapshot=loaded.since_snapshot + 1,
            alone=False,
            size=loaded.size + len(commit.body),
        )

    def _evolved(self, state: S, version: int, commit: Commit) -> S:
        if commit.version != version + 1:
            raise Unreadable(f"{commit} does not follow version {version}")
        return reduce(self._decider.evolve, commit.bare_events(self._codec), state)

    def next(
        self, loaded: Loaded[S], commit: Commit, state: S, command_id: str
    ) -> tuple[Loaded[S], Beside]:
        """What is known once `commit` is appended, which leads to `state`; and what is to be stored
        beside it.
        """
        room = self._store.room(commit, command_id)
        earlier = loaded.recent.beside_next(room - len("earlier"))
        if earlier:
            room -= len("earlier") + len(earlier)
        snapshot = self._snapshot(loaded, state, room - len("snapshot"), paid=room < 0)
        known = Loaded(
            state,
            commit.version,
            loaded.recent.then(command_id, earlier),
            since_snapshot=0 if snapshot else loaded.since_snapshot + 1,
            alone=loaded.alone,
            size=len(snapshot) if snapshot else loaded.size + len(commit.body),
        )
        return known, Beside(snapshot=snapshot, earlier=earlier)

    def _snapshot(self, loaded: Loaded[S], state: S, room: int, paid: bool) -> str | None:
        """`paid`: this commit costs more anyway."""
        if loaded.since_snapshot < WORTH_IT or self._codec.seals:
            # a snapshot would hold in clear text the data that is encrypted in the events
            return None
        snapshot = Snapshot(schema=self._decider.state_schema, state=Raw(plain.write(state)))
        text = plain.write(snapshot)
        must = loaded.since_snapshot >= LOADED - 1 and loaded.version >= LOADED
        return text.decode() if must or paid or len(text) <= room else None

    def _opened(self, text: str, version: int) -> Loaded[S] | None:
        """None for a snapshot that other code wrote. It is only a cache, so it can be ignored."""
        try:
            stored: Snapshot = plain.read(Snapshot, text)
            if stored.schema != self._decider.state_schema:
                return None
            state: S = plain.read(self._decider.state, stored.state)
        except Unreadable:
            return None
        return Loaded(state, version, size=len(text))
