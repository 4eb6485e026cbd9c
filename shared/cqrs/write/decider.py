"""A decider: the rules of one kind of aggregate, as a value and pure functions.

initial                       the state of a stream without events
evolve(state, event)          the state after one more event
decide(command, state)        the events that the command leads to; none if there is nothing to do;
                              raises Refused if a rule forbids it

and, if it belongs to somebody,

owner(id, state)              whose it is; None if it is nobody's

and, for rules that reach beyond the stream (see `history.guards`),

guards(state, event)          what `event` claims and releases; `state` is the one before it

and, for things of which there may be too many for a state,

recall                        decisions about one of them, from the events that claimed it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from cqrs.history.events import EventTypes
from cqrs.history.guards import Claim, Guard, no_guards
from cqrs.plain import Value, replace

__all__ = ["Decider", "Recall"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Recall(Value, Generic[C, S, E]):
    """Decides on one of many things that the state does not list, but that events claim: the
    reservations of a product. So the state stays as small as it is, however many there are.

    `claims(command, state)`: those that tell of it, in the order in which they are made; none if
    the state says enough.
    `decide(command, state, events)`: as a decider's. `events` are those of the commits that hold
    these claims, up to the first that is free.
    """

    claims: Callable[[C, S], Sequence[Claim]]
    decide: Callable[[C, S, Sequence[E]], Sequence[E]]


class Decider(Value, Generic[C, S, E]):
    """The rules of the streams named `<category>-<id>`.

    Time, ids and randomness come in with the command. `state` is the type (or union) of the states
    and `state_schema` its version: raise it when `evolve` or the type changes, so that older
    snapshots are ignored.

    `guarded`: the commands whose effect adds up (receive stock). They stay idempotent for ever, not
    only among the stream's last commands; each costs one guard.
    """

    category: str
    events: EventTypes
    initial: S
    evolve: Callable[[S, E], S]
    decide: Callable[[C, S], Sequence[E]]
    state: Any
    state_schema: int
    guards: Callable[[S, E], Sequence[Guard]] = no_guards
    guarded: Sequence[type] = ()
    owner: Callable[[str, S], str | None] | None = None
    recall: Recall[C, S, E] | None = None

    @property
    def has_guards(self) -> bool:
        return self.guards is not no_guards or bool(self.guarded)

    def stream(self, entity: str) -> str:
        return f"{self.category}-{entity}"

    def recalling(self, events_of: Callable[[Claim], Sequence[E]]) -> Decider[C, S, E]:
        """The same rules; what a command is about is recalled by `events_of`, which returns the
        events of the commit that holds a claim, none for one that is free.
        """
        recall = self.recall
        if recall is None:
            return self

        def decide(command: C, state: S) -> Sequence[E]:
            events: list[E] = []
            for claim in recall.claims(command, state):
                found = events_of(claim)
                if not found:
                    break
                events += found
            return recall.decide(command, state, events)

        return replace(self, decide=decide)
