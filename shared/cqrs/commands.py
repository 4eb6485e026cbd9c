"""Handles a command: load, decide, append; once, however often it is sent."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from cqrs import plain
from cqrs.commits import Commit, Envelope
from cqrs.decider import Decider
from cqrs.errors import Conflict, KeyReused, NotFound, PreconditionFailed, Refused, Unreadable
from cqrs.event_store import AppendConflict, EventStore
from cqrs.events import CLEAR, Cipher, EventCodec

__all__ = ["CommandHandler", "Outcome"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

SNAPSHOT_INTERVAL = 8  # a load reads at most this many commits and one snapshot
REMEMBERED_COMMANDS = 100  # per stream: the idempotency window
ATTEMPTS = 4


@dataclass(frozen=True)
class Outcome(Generic[E]):
    """What a command led to: the events of the commit `version`; none if there was nothing to do.

    `repeated` if an earlier try of the same command did it.
    """

    stream: str
    version: int
    events: tuple[E, ...]
    repeated: bool = False


@dataclass(frozen=True)
class _Loaded(Generic[S]):
    """A stream as a decision sees it. `recent` are the ids of its last commands, newest last."""

    state: S
    version: int
    recent: tuple[str, ...] = ()
    tail: Sequence[Commit] = ()
    since_snapshot: int = 0


class CommandHandler(Generic[C, S, E]):
    """Handles the commands of one decider.

    AWS calls: 1 for a command that opens a stream, 2 for any other. A lost race costs 1 more, or 2
    from the second on; so does a repeat from before the last snapshot; opening what exists costs 2.
    """

    def __init__(
        self,
        store: EventStore,
        decider: Decider[C, S, E],
        *,
        cipher: Cipher = CLEAR,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._decider = decider
        self._codec = EventCodec(decider.events, cipher)
        self._pause = pause
        self._nothing: _Loaded[S] = _Loaded(decider.initial, 0)

    def handle(
        self,
        entity: str,
        command: C,
        envelope: Envelope,
        *,
        opens: bool = False,
        expected: int | None = None,
    ) -> Outcome[E]:
        """Decides `command` and appends its events.

        `opens`: the stream should not exist yet, so it is not read first. `expected`: refuse unless
        the stream is at this version. Raises Refused (by a rule), KeyReused, PreconditionFailed,
        Conflict, TooLarge, Unavailable.
        """
        stream = self._decider.stream(entity)
        if opens:
            with suppress(Refused, NotFound, AppendConflict):
                if outcome := self._append(stream, self._nothing, command, envelope):
                    return outcome
            # it exists, or there is a reason to say no, or nothing to do: look before saying so
        loaded = self._load(stream)
        for attempt in range(ATTEMPTS):
            # 1. An earlier try of this command may have succeeded.
            if earlier := self._earlier(stream, loaded, envelope):
                return earlier
            if expected is not None and expected != loaded.version:
                if not loaded.version:
                    self._decider.decide(command, loaded.state)  # says that there is none
                raise PreconditionFailed(stream, expected, loaded.version)
            # 2. Decide on what was loaded, and only append to that.
            try:
                outcome = self._append(stream, loaded, command, envelope)
                return outcome or Outcome(stream, loaded.version, ())
            # 3. Another writer was faster. The first time its commit is all that is missing.
            except AppendConflict as conflict:
                if attempt == 0:
                    loaded = self._after(loaded, conflict.winner)
                else:
                    self._pause(random.uniform(0, 0.02 * 2**attempt))
                    loaded = self._load(stream)
        raise Conflict(stream, ATTEMPTS)

    def _append(
        self, stream: str, loaded: _Loaded[S], command: C, envelope: Envelope
    ) -> Outcome[E] | None:
        """Decides and appends; None if there was nothing to do. Raises AppendConflict."""
        events = tuple(self._decider.decide(command, loaded.state))
        if not events:
            return None
        commit = Commit.of(stream, loaded.version + 1, events, envelope, self._codec)
        snapshot = self._snapshot(loaded, events, envelope)
        try:
            self._store.append(commit, envelope.command_id, snapshot)
        except AppendConflict as conflict:
            if conflict.winner.envelope.command_id == envelope.command_id:
                return self._repeat(conflict.winner, envelope)
            raise
        return Outcome(stream, commit.version, events)

    def _load(self, stream: str) -> _Loaded[S]:
        history = self._store.load(stream, SNAPSHOT_INTERVAL + 1, self._open_snapshot)
        base = history.snapshot or self._nothing
        loaded = _Loaded(base.state, history.version - len(history.commits), base.recent)
        for commit in history.commits:
            loaded = self._after(loaded, commit)
        return loaded

    def _after(self, loaded: _Loaded[S], commit: Commit) -> _Loaded[S]:
        if commit.version != loaded.version + 1:
            raise Unreadable(f"{commit} does not follow version {loaded.version}")
        events = [recorded.event for recorded in commit.events(self._codec)]
        return _Loaded(
            state=reduce(self._decider.evolve, events, loaded.state),
            version=commit.version,
            recent=(*loaded.recent, commit.envelope.command_id)[-REMEMBERED_COMMANDS:],
            tail=(*loaded.tail, commit),
            since_snapshot=loaded.since_snapshot + 1,
        )

    def _earlier(self, stream: str, loaded: _Loaded[S], envelope: Envelope) -> Outcome[E] | None:
        if envelope.command_id not in loaded.recent:
            return None
        # every commit has exactly one command, so the place in the list says the version
        back = loaded.recent[::-1].index(envelope.command_id)
        if back < len(loaded.tail):
            return self._repeat(loaded.tail[-1 - back], envelope)
        version = loaded.version - back
        return self._repeat(self._store.read(stream, version - 1, limit=1)[0], envelope)

    def _repeat(self, commit: Commit, envelope: Envelope) -> Outcome[E]:
        if commit.envelope.fingerprint != envelope.fingerprint:
            raise KeyReused(commit.stream)
        events = tuple(recorded.event for recorded in commit.events(self._codec))
        return Outcome(commit.stream, commit.version, events, repeated=True)

    def _snapshot(self, loaded: _Loaded[S], events: Sequence[E], envelope: Envelope) -> str | None:
        """The state after `events`, when loading this stream starts to take many commits."""
        if loaded.since_snapshot < SNAPSHOT_INTERVAL or self._codec.seals:
            # a state has no seals: what is sealed in the events must not lie open beside them
            return None
        recent = (*loaded.recent, envelope.command_id)[-REMEMBERED_COMMANDS:]
        state = reduce(self._decider.evolve, events, loaded.state)
        return plain.to_json(
            {
                "schema": self._decider.state_schema,
                "state": plain.dump(state, tagged=plain.is_tagged(self._decider.state)),
                "commands": recent,
            }
        )

    def _open_snapshot(self, text: str) -> _Loaded[S] | None:
        """None for a snapshot that this code did not write: it is a cache, so it is ignored."""
        try:
            stored: dict[str, Any] = plain.from_json(text)
            if stored["schema"] != self._decider.state_schema:
                return None
            state: S = plain.load(self._decider.state, stored["state"])
            recent = tuple(str(command_id) for command_id in stored["commands"])
        except (Unreadable, ValueError, LookupError, TypeError):
            return None
        return _Loaded(state, 0, recent)
