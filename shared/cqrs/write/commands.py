"""Handles commands: load, decide, append. A command takes effect once, however often it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import reduce
from typing import Generic, TypeVar

from cqrs.errors import Conflict, KeyReused, NotFound, PreconditionFailed, Refused, Unreadable
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import AppendConflict, EventStore, GuardTaken
from cqrs.history.events import CLEAR, Cipher, EventCodec
from cqrs.history.guards import MAX_GUARDS, Claim, Guard
from cqrs.plain import Value, replace
from cqrs.waiting import Backoff
from cqrs.write.aggregates import Aggregates, Loaded
from cqrs.write.decider import Decider
from cqrs.write.recent import REMEMBERED
from cqrs.write.remembered import Remembered
from cqrs.write.turns import Turns

__all__ = ["CommandHandler", "Outcome"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

Owns = Callable[[str | None], bool]
Owned = Callable[[S], bool]
NOT_YOURS = "There is nothing of yours by this id."

# for streams that many write to at once: the tries of one command spread over some two seconds
RACE = Backoff(tries=16, at_once=2, first_seconds=0.04, longest_seconds=0.5, growth=1.2)

REMEMBERED_BYTES = 1024 * 1024  # of states as JSON, which take some ten times as much memory


class Outcome(Value, Generic[E], kw_only=False):
    """The events that a command led to, in the commit `version`. No events if there was nothing to
    do: then `version` is the stream's.

    `repeated`: an earlier try of the same command appended them.
    """

    stream: str
    version: int
    events: tuple[E, ...]
    repeated: bool = False


class CommandHandler(Generic[C, S, E]):
    """Handles the commands of one decider.

    AWS calls: 1 for a command that opens a stream, or to a stream that is remembered as it is; 2
    for any other. In addition:
    a stream that is not as remembered  1, once: it is read until nobody else has written
    a lost race             1; 2 from the second on
    a repeat                1 if the first try is older than the last snapshot
    opening what exists     1
    a guard that is held    1 if the same stream holds it; 2 for a command that opens a stream
    a guarded command       1 before it is refused, or has nothing to do, if its stream has more
                            commits than are remembered; 2 for a repeat
    what is recalled        1 for each claim, and 1 if it is held

    An append with guards is a transaction: one call, at twice the write units of each item.
    """

    def __init__(
        self,
        store: EventStore,
        decider: Decider[C, S, E],
        *,
        cipher: Cipher = CLEAR,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        remembered_bytes: int = REMEMBERED_BYTES,
    ) -> None:
        self._store = store
        self._decider = decider.recalling(self._events_of)
        self._codec = EventCodec(decider.events, cipher)
        self._pause = pause
        self._turns = Turns(pause, clock)
        self._aggregates = Aggregates(store, decider, self._codec)
        # not what is encrypted in the store: its key may be gone
        self._remembered: Remembered[S] = Remembered(0 if self._codec.seals else remembered_bytes)

    @property
    def service(self) -> str:
        """The one in whose store it writes."""
        return self._decider.events.context

    @property
    def has_owners(self) -> bool:
        return self._decider.owner is not None

    def handle(
        self,
        entity: str,
        command: C,
        envelope: Envelope,
        *,
        opens: bool = False,
        expected: int | None = None,
        owns: Owns = lambda owner: True,
    ) -> Outcome[E]:
        """Decides `command` and appends its events.

        `opens`: the stream should not exist yet, so it is not read first. `expected`: the version
        that the stream must be at. `owns`: whether what is this owner's is the caller's to change;
        what is not is decided on as if nothing were there. Raises Refused (by a rule), NotFound,
        KeyReused, PreconditionFailed, Conflict, TooLarge, Unavailable.
        """
        stream = self._aggregates.stream(entity)

        def owned(state: S) -> bool:
            return self._decider.owner is None or owns(self._decider.owner(entity, state))

        if not opens:
            self._turns.wait(stream)
        remembered = None if opens else self._remembered.get(stream)
        guess = self._aggregates.nothing if opens else remembered
        if guess and self._may_rest_on(stream, guess, envelope, expected, owned):
            with suppress(Refused, NotFound, AppendConflict):
                if outcome := self._append(stream, guess, command, envelope, owned):
                    return outcome
            # it is not so, or was refused, or nothing is to do: only a load can tell for sure
        for attempt in RACE.attempts(self._pause):
            # 1. Load. After the first lost race, only the winner's commit is missing: no load.
            if attempt != 1:
                loaded = self._aggregates.load(stream)
                self._turns.saw(stream, loaded.version)
                if remembered and remembered.version != loaded.version:
                    loaded = replace(loaded, alone=False)
            # 2. An earlier try of this command may have succeeded.
            if earlier := self._earlier(stream, loaded, envelope):
                return earlier
            # 3. What is another's is as if nothing were there.
            if loaded.version and not owned(loaded.state):
                self._decider.decide(command, self._decider.initial)  # says more, if it is NotFound
                raise NotFound(NOT_YOURS)
            try:
                if expected is not None and expected != loaded.version:
                    if not loaded.version:
                        self._decider.decide(command, loaded.state)  # raises NotFound: says more
                    raise PreconditionFailed(stream, expected, loaded.version)
                # 4. Decide on the loaded state, and append directly after its version.
                if outcome := self._append(stream, loaded, command, envelope, owned):
                    return outcome
                # 5. Before a refusal, or an answer without events: an older try may have succeeded.
                nothing: Outcome[E] = Outcome(stream, loaded.version, ())
                return self._long_ago(stream, loaded, command, envelope) or nothing
            except (Refused, PreconditionFailed):
                if earlier := self._long_ago(stream, loaded, command, envelope):
                    return earlier
                raise
            except AppendConflict as conflict:
                loaded = self._aggregates.after(loaded, conflict.winner)
        raise Conflict(stream, RACE.tries)

    def _may_rest_on(
        self,
        stream: str,
        guess: Loaded[S],
        envelope: Envelope,
        expected: int | None,
        owned: Owned[S],
    ) -> bool:
        """Whether to try to append to what may be old. Anything else needs a load."""
        if not guess.version:
            return True
        is_new = not guess.recent.has(envelope.command_id)
        is_as_expected = expected in (None, guess.version)
        is_fair = guess.alone and self._turns.others_had_time(stream)
        return is_new and is_as_expected and is_fair and owned(guess.state)

    def _append(
        self,
        stream: str,
        loaded: Loaded[S],
        command: C,
        envelope: Envelope,
        owned: Owned[S],
    ) -> Outcome[E] | None:
        """Decides and appends; None if there was nothing to do. Raises AppendConflict."""
        events = tuple(self._decider.decide(command, loaded.state))
        if not events:
            return None
        state = reduce(self._decider.evolve, events, loaded.state)
        if not owned(state):  # nobody gives to others, or takes from them
            raise NotFound(NOT_YOURS)
        commit = Commit.of(stream, loaded.version + 1, events, envelope, self._codec)
        guards = self._guards(stream, loaded, command, events, envelope)
        known, beside = self._aggregates.next(loaded, commit, state, envelope.command_id)
        try:
            self._store.append(commit, envelope.command_id, beside.snapshot, guards, beside.earlier)
        except AppendConflict as conflict:
            if conflict.winner.envelope.command_id == envelope.command_id:
                return self._repeat(conflict.winner, envelope)
            raise
        except GuardTaken as held:
            return self._held(held, stream, loaded, envelope)
        self._turns.took(stream, commit.version)
        self._remembered.put(stream, known)
        return Outcome(stream, commit.version, events)

    def _guards(
        self, stream: str, loaded: Loaded[S], command: C, events: Sequence[E], envelope: Envelope
    ) -> list[Guard]:
        guards: list[Guard] = []
        if not self._decider.has_guards:
            return guards
        if self._is_guarded(command):
            guards.append(_claim_of(stream, envelope))
        state = loaded.state
        for event in events:
            guards += self._decider.guards(state, event)
            state = self._decider.evolve(state, event)
        if len({guard.key for guard in guards}) < len(guards):
            raise ValueError(f"{stream}: a commit can name a guard only once, not {guards}")
        if len(guards) > MAX_GUARDS:
            raise ValueError(f"{stream}: a commit can name {MAX_GUARDS} guards, not {len(guards)}")
        return guards

    def _held(
        self, held: GuardTaken, stream: str, loaded: Loaded[S], envelope: Envelope
    ) -> Outcome[E] | None:
        """A claim is held: returns the outcome if an earlier try of this command holds it, None if
        there is nothing to do. Raises what the claim says, or AppendConflict.
        """
        if held.stream == stream:
            holder = self._holding(stream, held.version)
            if holder.envelope.command_id == envelope.command_id:
                return self._repeat(holder, envelope)
            if held.version > loaded.version:  # the decision was based on an old state
                raise AppendConflict(self._store.read(stream, loaded.version, limit=1)[0])
        if held.claim.taken:
            raise held.claim.taken
        return None

    def _earlier(self, stream: str, loaded: Loaded[S], envelope: Envelope) -> Outcome[E] | None:
        for back in loaded.recent.found(envelope.command_id):
            if back < len(loaded.commits):
                commit = loaded.commits[-1 - back]
            else:
                commit = self._store.read(stream, loaded.version - back - 1, limit=1)[0]
            if commit.envelope.command_id == envelope.command_id:
                return self._repeat(commit, envelope)
        return None

    def _long_ago(
        self, stream: str, loaded: Loaded[S], command: C, envelope: Envelope
    ) -> Outcome[E] | None:
        """The outcome of an earlier try that only its guard remembers."""
        if not self._is_guarded(command) or loaded.version <= REMEMBERED:
            return None
        holder = self._store.holder(_claim_of(stream, envelope))
        return self._repeat(self._holding(*holder), envelope) if holder else None

    def _is_guarded(self, command: C) -> bool:
        return isinstance(command, tuple(self._decider.guarded))

    def _events_of(self, claim: Claim) -> Sequence[E]:
        """The events of the commit that holds `claim`; none if it is free."""
        holder = self._store.holder(claim)
        if holder is None:
            return ()
        return self._holding(*holder).bare_events(self._codec)

    def _holding(self, stream: str, version: int) -> Commit:
        """The commit that a guard names."""
        found = self._store.read(stream, version - 1, limit=1)
        if not found:
            holder = f"{stream}@{version}, which holds a guard,"
            raise Unreadable(f"{holder} does not exist: were the guards restored too?")
        return found[0]

    def _repeat(self, commit: Commit, envelope: Envelope) -> Outcome[E]:
        if commit.envelope.fingerprint != envelope.fingerprint:
            raise KeyReused(commit.stream)
        events = tuple(commit.bare_events(self._codec))
        return Outcome(commit.stream, commit.version, events, repeated=True)


def _claim_of(stream: str, envelope: Envelope) -> Claim:
    """The claim of a guarded command, so that it has one effect."""
    return Claim(kind="command", value=f"{stream}/{envelope.command_id}", taken=None)
