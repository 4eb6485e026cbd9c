"""Handles a command: load, decide, append; once, however often it is sent."""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from cqrs import plain
from cqrs.commits import Commit, Envelope
from cqrs.decider import Decider
from cqrs.errors import Conflict, KeyReused, PreconditionFailed, Unreadable
from cqrs.event_store import AppendConflict, EventStore
from cqrs.events import CLEAR, Cipher, EventCodec

__all__ = ["CommandHandler", "Outcome", "command_id_of", "entity_id_of", "fingerprint_of"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

SNAPSHOT_INTERVAL = 8  # a load reads at most this many commits and one snapshot
REMEMBERED_COMMANDS = 100  # per stream: the idempotency window
ATTEMPTS = 4

_ID_LENGTH = 16


def command_id_of(actor: str, key: str) -> str:
    """The id of the command that `actor` sends with a key: the same key of another is another."""
    return _digest(actor, key)[:_ID_LENGTH]


def entity_id_of(actor: str, operation: str, key: str) -> str:
    """The id of the aggregate that a command creates. The payload has no part in it: the same key
    with another payload must meet the first one's stream, to be refused there.
    """
    return _digest(operation, actor, key)[:20]


def fingerprint_of(operation: str, target: str, payload: object) -> str:
    """What a command asks for, as a short text: the same however the payload was written."""
    return _digest(operation, target, plain.to_json(_sorted(payload)))[:_ID_LENGTH]


def _digest(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def _sorted(payload: object) -> object:
    if isinstance(payload, dict):
        return {key: _sorted(payload[key]) for key in sorted(payload)}
    if isinstance(payload, list):
        return [_sorted(entry) for entry in payload]
    return payload


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

    AWS calls: 1 for a command that opens a stream, 2 for any other, 1 more per lost race.
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
        loaded = _Loaded(self._decider.initial, 0) if opens else self._load(stream)
        for attempt in range(ATTEMPTS):
            # 1. An earlier try of this command may have succeeded.
            if earlier := self._earlier(stream, loaded, envelope):
                return earlier
            if expected is not None and expected != loaded.version:
                raise PreconditionFailed(stream, expected, loaded.version)
            # 2. Decide on what was loaded, and only append to that.
            events = tuple(self._decider.decide(command, loaded.state))
            if not events:
                return Outcome(stream, loaded.version, ())
            commit = Commit.of(stream, loaded.version + 1, events, envelope, self._codec)
            try:
                snapshot = self._snapshot(loaded, events, envelope)
                self._store.append(commit, envelope.command_id, snapshot)
                return Outcome(stream, commit.version, events)
            # 3. Another writer was faster. The first time its commit is all that is missing.
            except AppendConflict as conflict:
                winner = conflict.winner
            if winner.envelope.command_id == envelope.command_id:
                return self._repeat(winner, envelope)
            if opens or attempt:
                self._pause(random.uniform(0, 0.02 * 2**attempt))
                loaded = self._load(stream)
            else:
                loaded = self._after(loaded, winner)
        raise Conflict(stream, ATTEMPTS)

    def _load(self, stream: str) -> _Loaded[S]:
        history = self._store.load(stream, SNAPSHOT_INTERVAL + 1, self._open_snapshot)
        base = history.snapshot or _Loaded(self._decider.initial, 0)
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
        if loaded.since_snapshot < SNAPSHOT_INTERVAL:
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
