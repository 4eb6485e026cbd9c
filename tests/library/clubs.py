"""A club whose members hold names and prizes: what claims and guarded commands are tested with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cqrs import plain
from cqrs.errors import Refused
from cqrs.history.commits import Envelope
from cqrs.history.events import EventCodec, EventTypes, Instant
from cqrs.history.guards import Claim, Guard, Release
from cqrs.history.idempotency import command_id_of, fingerprint_of
from cqrs.plain import Value, replace
from cqrs.write.commands import CommandHandler, Outcome
from cqrs.write.decider import Decider
from tests.library.stores import Counting

TYPES = EventTypes("club")
FAR_MORE_THAN_IS_REMEMBERED = 150


@TYPES.event()
class NameTaken(Value):
    name: str


@TYPES.event()
class NameGivenUp(Value):
    name: str


@TYPES.event()
class PrizeWon(Value):
    prize: str


@TYPES.event()
class VisitCounted(Value):
    visits: int


class TakeName(Value):
    """Gives up the name that was taken before."""

    name: str


class GiveUpName(Value):
    pass


class WinPrize(Value):
    """Its effect is in no state: only the guard knows that a prize is gone."""

    prize: str


class CountVisits(Value):
    visits: int


class Member(Value):
    name: str | None = None
    visits: int = 0


class NameIsTaken(Refused):
    code = "name_is_taken"


class PrizeIsGone(Refused):
    code = "prize_is_gone"


def decide(command: Any, member: Member) -> Sequence[object]:
    match command:
        case TakeName(name=name):
            if name == member.name:
                return []
            return [*decide(GiveUpName(), member), NameTaken(name=name)]
        case GiveUpName():
            return [NameGivenUp(name=member.name)] if member.name else []
        case WinPrize(prize=prize):
            return [PrizeWon(prize=prize)]
        case CountVisits(visits=visits):
            return [VisitCounted(visits=visits)]
    raise AssertionError(command)


def evolve(member: Member, event: object) -> Member:
    match event:
        case NameTaken(name=name):
            return replace(member, name=name)
        case NameGivenUp():
            return replace(member, name=None)
        case VisitCounted(visits=visits):
            return replace(member, visits=member.visits + visits)
    return member


def guards(member: Member, event: object) -> Sequence[Guard]:
    match event:
        case NameTaken(name=name):
            return [Claim(kind="name", value=name, taken=NameIsTaken("taken"))]
        case NameGivenUp():
            assert member.name, "guards are asked at the state that the event happens at"
            return [Release(kind="name", value=member.name)]
        case PrizeWon(prize=prize):
            return [Claim(kind="prize", value=prize, taken=PrizeIsGone("gone"))]
    return []


MEMBER: Decider[Any, Member, Any] = Decider(
    category="member",
    events=TYPES,
    initial=Member(),
    evolve=evolve,
    decide=decide,
    state=Member,
    state_schema=1,
    guards=guards,
)


GUARDED = replace(MEMBER, guarded=(CountVisits,))


def quiet(member: Member, event: object) -> Sequence[Guard]:
    """The same guards, but what is taken leaves nothing to do."""
    return [replace(g, taken=None) if isinstance(g, Claim) else g for g in guards(member, event)]


QUIET = replace(MEMBER, guards=quiet)


def send(
    store: Any,
    member: str,
    command: object,
    key: str,
    *,
    decider: Decider[Any, Member, Any] = MEMBER,
    **how: Any,
) -> Outcome[Any]:
    envelope = Envelope(
        command_id=command_id_of("ada", key),
        command_type=type(command).__name__,
        fingerprint=fingerprint_of(type(command).__name__, member, plain.dump(command)),
        actor="ada",
        correlation_id="r",
        causation_id="r",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )
    handler = CommandHandler(store, decider, pause=lambda _: None)
    return handler.handle(member, command, envelope, **how)


def happened(store: Counting, member: str) -> list[object]:
    codec = EventCodec(TYPES)
    return [r.event for c in store.store.read(f"member-{member}") for r in c.events(codec)]


def much_happens(store: Counting, member: str = "1", *, decider: Any = MEMBER) -> None:
    """More commits than commands are remembered, of commands without guards."""
    for n in range(FAR_MORE_THAN_IS_REMEMBERED):
        other = TakeName(name=f"{member}-{n}")
        send(store.store, member, other, f"much-{n}", decider=decider)
    store.calls.clear()
