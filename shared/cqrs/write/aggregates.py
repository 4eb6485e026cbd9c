"""Loads aggregates: the state that a stream's events lead to. Writes and reads snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Generic, TypeVar

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import EventStore
from cqrs.history.events import EventCodec
from cqrs.plain import Raw, Value
from cqrs.write.decider import Decider

__all__ = ["Aggregates", "Loaded"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

SNAPSHOT_INTERVAL = 8  # a load reads at most this many commits and one snapshot
REMEMBERED_COMMANDS = 100  # per stream: the idempotency window


class Loaded(Value, Generic[S], kw_only=False):
    """A stream's state. `recent` are the ids of its last commands, newest last; `tail` are the
    commits that were read for it, after the snapshot.
    """

    state: S
    version: int
    recent: tuple[str, ...] = ()
    tail: Sequence[Commit] = ()
    since_snapshot: int = 0


class Snapshot(Value):
    schema: int
    state: Raw
    commands: tuple[str, ...]


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
        history = self._store.load(stream, SNAPSHOT_INTERVAL + 1, self._open_snapshot)
        base = history.snapshot or self.nothing
        loaded = Loaded(base.state, history.version - len(history.commits), base.recent)
        for commit in history.commits:
            loaded = self.after(loaded, commit)
        return loaded

    def after(self, loaded: Loaded[S], commit: Commit) -> Loaded[S]:
        if commit.version != loaded.version + 1:
            raise Unreadable(f"{commit} does not follow version {loaded.version}")
        events = [recorded.event for recorded in commit.events(self._codec)]
        return Loaded(
            state=reduce(self._decider.evolve, events, loaded.state),
            version=commit.version,
            recent=(*loaded.recent, commit.envelope.command_id)[-REMEMBERED_COMMANDS:],
            tail=(*loaded.tail, commit),
            since_snapshot=loaded.since_snapshot + 1,
        )

    def snapshot(self, loaded: Loaded[S], events: Sequence[E], envelope: Envelope) -> str | None:
        """A snapshot after `events` if the last is SNAPSHOT_INTERVAL or more commits old."""
        if loaded.since_snapshot < SNAPSHOT_INTERVAL or self._codec.seals:
            # a snapshot would hold in clear text the data that is encrypted in the events
            return None
        recent = (*loaded.recent, envelope.command_id)[-REMEMBERED_COMMANDS:]
        state = reduce(self._decider.evolve, events, loaded.state)
        snapshot = Snapshot(
            schema=self._decider.state_schema, state=Raw(plain.write(state)), commands=recent
        )
        return plain.write(snapshot).decode()

    def _open_snapshot(self, text: str) -> Loaded[S] | None:
        """None for a snapshot that other code wrote. It is only a cache, so it can be ignored."""
        try:
            stored: Snapshot = plain.read(Snapshot, text)
            if stored.schema != self._decider.state_schema:
                return None
            state: S = plain.read(self._decider.state, stored.state)
        except Unreadable:
            return None
        return Loaded(state, 0, stored.commands)
