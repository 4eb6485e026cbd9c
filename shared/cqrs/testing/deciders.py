"""Given events, when a command, then events, a refusal, or nothing.

given(ORDER).when(place).then(placed)
given(ORDER, placed, cancelled).when(change).then_refused(OrderIsCancelled)
given(ORDER, placed, cancelled).when(cancel).then_nothing()
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from cqrs.decider import Decider
from cqrs.errors import CqrsError

__all__ = ["given"]

C = TypeVar("C")
E = TypeVar("E")


@dataclass(frozen=True)
class _When(Generic[C, E]):
    decider: Decider[C, Any, E]
    state: Any
    command: C

    def then(self, *events: E) -> None:
        decided = tuple(self.decider.decide(self.command, self.state))
        assert decided == events, f"decided {decided}, expected {events}"

    def then_nothing(self) -> None:
        self.then()

    def then_refused(self, error: type[CqrsError]) -> None:
        try:
            decided = self.decider.decide(self.command, self.state)
        except CqrsError as refusal:
            assert type(refusal) is error, f"refused with {refusal!r}"
            return
        raise AssertionError(f"not refused: {decided}")


@dataclass(frozen=True)
class _Given(Generic[C, E]):
    decider: Decider[C, Any, E]
    events: tuple[E, ...]

    def when(self, command: C) -> _When[C, E]:
        state = reduce(self.decider.evolve, self.events, self.decider.initial)
        return _When(self.decider, state, command)


def given(decider: Decider[C, Any, E], *events: E) -> _Given[C, E]:
    return _Given(decider, events)
