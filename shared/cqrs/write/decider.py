"""A decider: the rules of one kind of aggregate, as three pure things.

initial                       what is known of a stream without history
evolve(state, event)          what is known after one more event
decide(command, state)        the events that a command leads to; none if there is nothing to do;
                              raises Refused if a rule says no

and, where a rule reaches beyond the stream,

guards(state, event)          what `event`, which happens at `state`, claims and releases (`guards`)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from cqrs.history.events import EventTypes
from cqrs.history.guards import Guard, no_guards
from cqrs.plain import Value

__all__ = ["Decider"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Decider(Value, Generic[C, S, E]):
    """The rules of the streams named `<category>-<id>`.

    Time, ids and randomness come in with the command. `state` is the type (or union) of the states
    and `state_schema` its version: raise it when `evolve` or the type changes, and older snapshots
    are ignored.

    `guarded` are the commands that must have no second effect however much later they are sent
    again, and however much has happened to the stream since: on busy streams, those whose effect
    would add up. Each costs a guard.
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

    @property
    def has_guards(self) -> bool:
        return self.guards is not no_guards or bool(self.guarded)

    def stream(self, entity: str) -> str:
        return f"{self.category}-{entity}"
