"""What a command is about is recalled by its claims: for each try, up to the first that is free."""

from __future__ import annotations

from collections.abc import Sequence

from cqrs.history.commits import Commit
from cqrs.history.guards import Claim
from cqrs.plain import replace
from cqrs.testing.deciders import given
from cqrs.write.decider import Recall
from tests.library.clubs import (
    MEMBER,
    CountVisits,
    Member,
    NameGivenUp,
    NameTaken,
    PrizeWon,
    TakeName,
    VisitCounted,
    WinPrize,
    decide,
    send,
)
from tests.library.stores import Counting

CUP = Claim(kind="prize", value="cup", taken=None)
ADA = Claim(kind="name", value="ada", taken=None)


def claims(command: object, member: Member) -> Sequence[Claim]:
    return [CUP, ADA] if isinstance(command, CountVisits) and not member.visits else []


def visits_or_memories(
    command: object, member: Member, events: Sequence[object]
) -> Sequence[object]:
    """Counts as many visits as events were recalled."""
    if isinstance(command, CountVisits):
        return [VisitCounted(visits=len(events))]
    return decide(command, member)


RECALLING = replace(MEMBER, recall=Recall(claims=claims, decide=visits_or_memories))
VISIT = CountVisits(visits=1)


def visits(store: Counting, key: str = "visit") -> int:
    (event,) = send(store, "1", VISIT, key, decider=RECALLING).events
    assert isinstance(event, VisitCounted)
    return event.visits


def test_what_nobody_claimed_is_not_recalled_nor_what_would_come_after_it(store: Counting) -> None:
    send(store, "1", TakeName(name="ada"), "a")
    store.calls.clear()

    assert visits(store) == 0
    assert store.calls == {"load": 1, "holder": 1, "append": 1}


def test_the_events_that_hold_the_claims_are_recalled_in_their_order(store: Counting) -> None:
    send(store, "1", TakeName(name="ada"), "a")
    send(store, "1", WinPrize(prize="cup"), "b")
    store.calls.clear()

    assert visits(store) == 2
    assert store.calls == {"load": 1, "holder": 2, "read": 2, "append": 1}


def test_a_command_that_is_about_nothing_of_the_kind_recalls_nothing(store: Counting) -> None:
    send(store, "1", TakeName(name="ada"), "a", decider=RECALLING)
    assert store.calls["holder"] == 0


def test_nothing_is_recalled_if_the_state_says_enough(store: Counting) -> None:
    send(store, "1", WinPrize(prize="cup"), "a")
    assert [visits(store, key) for key in "bc"] == [1, 0]


def test_who_lost_a_race_recalls_anew(store: Counting) -> None:
    send(store, "1", TakeName(name="bob"), "a")

    def is_faster(_: Commit) -> None:
        store.before_append = lambda _: None
        send(store.store, "1", WinPrize(prize="cup"), "rival")

    store.before_append = is_faster

    assert visits(store) == 1


def test_a_test_of_the_decider_recalls_from_the_events_that_are_given() -> None:
    taken, won = NameTaken(name="ada"), PrizeWon(prize="cup")
    given(RECALLING, taken).when(VISIT).then(VisitCounted(visits=0))
    given(RECALLING, taken, won).when(VISIT).then(VisitCounted(visits=2))
    given(RECALLING, taken, NameGivenUp(name="ada"), won).when(VISIT).then(VisitCounted(visits=1))
