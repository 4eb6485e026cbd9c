"""Tests of deciders: given events, when a command, then events, a refusal or nothing.

given(ORDER).when(place).then(placed)
given(ORDER, placed, cancelled).when(change).then_refused(OrderIsCancelled)
given(ORDER, placed, cancelled).when(cancel).then_nothing()
given(CUSTOMER).when(register).then_guards(Claim(kind="email", value="ada@b.org", taken=Taken()))
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, Generic, TypeVar

from cqrs.errors import CqrsError
from cqrs.history.guards import Claim, Guard
from cqrs.plain import Value
from cqrs.write.decider import Decider

__all__ = ["given"]

C = TypeVar("C")
E = TypeVar("E")


class _When(Value, Generic[C, E], kw_only=False):
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

    def then_guards(self, *guards: Guard) -> None:
        """Compares what the decided events claim and release; of `taken` only the class."""
        found = tuple(self._guards())
        assert [*map(_compared, found)] == [*map(_compared, guards)], (
            f"guards {found}, expected {guards}"
        )

    def _guards(self) -> Iterator[Guard]:
        state = self.state
        for event in self.decider.decide(self.command, state):
            yield from self.decider.guards(state, event)
            state = self.decider.evolve(state, event)


def _compared(guard: Guard) -> tuple[object, ...]:
    taken = type(guard.taken) if isinstance(guard, Claim) else None
    return type(guard), guard.kind, guard.value, taken


class _Given(Value, Generic[C, E], kw_only=False):
    decider: Decider[C, Any, E]
    events: tuple[E, ...]

    def when(self, command: C) -> _When[C, E]:
        state = reduce(self.decider.evolve, self.events, self.decider.initial)
        return _When(self.decider.recalling(self._events_of), state, command)

    def _events_of(self, claim: Claim) -> list[E]:
        """As if each event were a commit of its own."""
        state = self.decider.initial
        held: list[E] = []
        for event in self.events:
            for guard in self.decider.guards(state, event):
                if guard.key == claim.key:
                    held = [event] if isinstance(guard, Claim) else []
            state = self.decider.evolve(state, event)
        return held


def given(decider: Decider[C, Any, E], *events: E) -> _Given[C, E]:
    return _Given(decider, events)
