"""A till with a limit: what commands are tested with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cqrs.errors import Refused
from cqrs.history.commits import Envelope
from cqrs.history.events import EventCodec, EventTypes, Instant
from cqrs.history.idempotency import command_id_of, fingerprint_of
from cqrs.plain import Value
from cqrs.write.commands import CommandHandler, Outcome
from cqrs.write.decider import Decider
from tests.library.stores import Counting

TYPES = EventTypes("till")
LIMIT = 1_000


@TYPES.event()
class Added(Value):
    """`base` is the sum that the decision was made on."""

    amount: int
    base: int


class Add(Value):
    amount: int


class OverLimit(Refused):
    code = "over_limit"


class Till(Value):
    total: int = 0


def decide(command: Add, till: Till) -> Sequence[Added]:
    if till.total + command.amount > LIMIT:
        raise OverLimit("too much")
    return [Added(amount=command.amount, base=till.total)] if command.amount else []


def evolve(till: Till, event: Added) -> Till:
    return Till(total=till.total + event.amount)


TILL: Decider[Add, Till, Added] = Decider(
    category="till",
    events=TYPES,
    initial=Till(),
    evolve=evolve,
    decide=decide,
    state=Till,
    state_schema=1,
)


def envelope(key: str = "k", actor: str = "ada", payload: object = None) -> Envelope:
    return Envelope(
        command_id=command_id_of(actor, key),
        command_type="Add",
        fingerprint=fingerprint_of("Add", "1", payload),
        actor=actor,
        correlation_id="r",
        causation_id="r",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )


def handler(store: Any) -> CommandHandler[Add, Till, Added]:
    return CommandHandler(store, TILL, pause=lambda _: None)


def add(store: Any, amount: int, key: str, **how: Any) -> Outcome[Added]:
    command_envelope = envelope(key, payload=amount, actor=how.pop("actor", "ada"))
    return handler(store).handle(how.pop("till", "1"), Add(amount=amount), command_envelope, **how)


def amounts(store: Counting) -> list[int]:
    codec = EventCodec(TYPES)
    return [r.event.amount for c in store.store.read("till-1") for r in c.events(codec)]
