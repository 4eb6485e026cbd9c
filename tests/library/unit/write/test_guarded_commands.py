"""Commands that never have a second effect, however late they come again; and what that costs."""

from __future__ import annotations

from typing import NoReturn

import pytest

from cqrs.errors import KeyReused, PreconditionFailed, Refused
from cqrs.plain import replace
from cqrs.write.commands import Outcome
from cqrs.write.recent import REMEMBERED
from tests.library.clubs import (
    GUARDED,
    MEMBER,
    QUIET,
    CountVisits,
    GiveUpName,
    NameIsTaken,
    PrizeIsGone,
    PrizeWon,
    TakeName,
    VisitCounted,
    WinPrize,
    happened,
    much_happens,
    send,
)
from tests.library.stores import Counting


class TestRepeats:
    def test_a_repeat_whose_claim_its_own_commit_holds_gets_that_commits_outcome(
        self, store: Counting
    ) -> None:
        first = send(store, "1", WinPrize(prize="cup"), "a")
        much_happens(store)
        much_happens(store, "2")

        again = send(store, "1", WinPrize(prize="cup"), "a")

        assert again == Outcome("member-1", 1, first.events, repeated=True)
        assert happened(store, "1").count(PrizeWon(prize="cup")) == 1

    def test_a_repeat_gets_its_outcome_also_where_what_is_taken_leaves_nothing_to_do(
        self, store: Counting
    ) -> None:
        send(store, "1", GiveUpName(), "open")
        first = send(store, "1", WinPrize(prize="cup"), "a", decider=QUIET)
        much_happens(store)

        again = send(store, "1", WinPrize(prize="cup"), "a", decider=QUIET)

        assert (again.version, again.events) == (first.version, first.events)

    def test_another_command_for_what_was_claimed_long_ago_is_refused(
        self, store: Counting
    ) -> None:
        send(store, "1", WinPrize(prize="cup"), "a")
        much_happens(store)

        with pytest.raises(PrizeIsGone):
            send(store, "1", WinPrize(prize="cup"), "b")

    def test_a_guarded_command_has_no_second_effect_however_late_it_comes_again(
        self, store: Counting
    ) -> None:
        send(store, "1", TakeName(name="ada"), "open", decider=GUARDED)
        first = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)
        much_happens(store, decider=GUARDED)

        again = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)

        assert again == Outcome("member-1", 2, first.events, repeated=True)
        assert happened(store, "1").count(VisitCounted(visits=3)) == 1

    def test_a_command_that_is_not_guarded_has_its_effect_again_when_it_is_forgotten(
        self, store: Counting
    ) -> None:
        """The limit that docs/guarantees.md states, and that `guarded` is for."""
        send(store, "1", CountVisits(visits=3), "a")
        much_happens(store)

        assert not send(store, "1", CountVisits(visits=3), "a").repeated
        assert happened(store, "1").count(VisitCounted(visits=3)) == 2

    def test_a_guarded_command_with_another_key_is_another_command(self, store: Counting) -> None:
        for key in ("a", "b"):
            send(store, "1", CountVisits(visits=3), key, decider=GUARDED)
        send(store, "2", CountVisits(visits=3), "a", decider=GUARDED)

        assert happened(store, "1") == [VisitCounted(visits=3)] * 2
        assert happened(store, "2") == [VisitCounted(visits=3)]

    def test_the_key_of_a_guarded_command_with_another_payload_is_refused_however_late(
        self, store: Counting
    ) -> None:
        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)
        much_happens(store, decider=GUARDED)

        with pytest.raises(KeyReused):
            send(store, "1", CountVisits(visits=4), "a", decider=GUARDED)

        assert VisitCounted(visits=4) not in happened(store, "1")

    def test_a_guarded_command_that_opens_a_stream_has_one_effect_too(
        self, store: Counting
    ) -> None:
        first = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED, opens=True)
        assert store.calls == {"append": 1}
        much_happens(store, decider=GUARDED)

        again = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED, opens=True)

        assert again == Outcome("member-1", 1, first.events, repeated=True)


NAMES = replace(MEMBER, guarded=(TakeName,))
"""Members whose names are taken by guarded commands, which may have nothing to do."""


class Closed(Refused):
    code = "closed"


def refuse(command: object, member: object) -> NoReturn:
    raise Closed("closed for good")


class TestRepeatsThatAreNotDecidedAgain:
    """Whatever would be said of them by now, they get the answer of the first try."""

    def test_one_that_has_nothing_to_do_by_now(self, store: Counting) -> None:
        first = send(store, "1", TakeName(name="ada"), "a", decider=NAMES)
        much_happens(store)
        send(store, "1", TakeName(name="ada"), "b", decider=NAMES)

        again = send(store, "1", TakeName(name="ada"), "a", decider=NAMES)

        assert again == Outcome("member-1", 1, first.events, repeated=True)

    def test_one_that_names_the_version_it_was_first_sent_for(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "open")
        first = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED, expected=1)
        much_happens(store)

        again = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED, expected=1)

        assert again == Outcome("member-1", 2, first.events, repeated=True)

    def test_one_that_a_rule_refuses_by_now(self, store: Counting) -> None:
        first = send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)
        much_happens(store)
        closed = replace(GUARDED, decide=refuse)

        again = send(store, "1", CountVisits(visits=3), "a", decider=closed)

        assert again == Outcome("member-1", 1, first.events, repeated=True)
        with pytest.raises(Closed):
            send(store, "1", CountVisits(visits=3), "b", decider=closed)

    def test_with_another_payload_the_key_is_refused(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "open")
        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED, expected=1)
        much_happens(store)

        with pytest.raises(KeyReused):
            send(store, "1", CountVisits(visits=4), "a", decider=GUARDED, expected=1)

    def test_one_that_is_not_guarded_is_decided_again(self, store: Counting) -> None:
        """The limit that docs/guarantees.md states."""
        send(store, "1", TakeName(name="ada"), "open")
        send(store, "1", CountVisits(visits=3), "a", expected=1)
        much_happens(store)

        with pytest.raises(PreconditionFailed):
            send(store, "1", CountVisits(visits=3), "a", expected=1)


class TestCalls:
    def test_a_claim_costs_no_call_of_its_own(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a", opens=True)
        assert store.calls == {"append": 1}
        store.calls.clear()

        send(store, "1", TakeName(name="bob"), "b", decider=GUARDED)
        send(store, "1", CountVisits(visits=1), "c", decider=GUARDED)

        assert store.calls == {"load": 2, "append": 2}

    def test_a_refusal_for_what_another_holds_costs_what_the_command_would(
        self, store: Counting
    ) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        store.calls.clear()

        with pytest.raises(NameIsTaken):
            send(store, "2", TakeName(name="ada"), "b")

        assert store.calls == {"load": 1, "append": 1}

    def test_an_opening_command_is_refused_after_looking_and_trying_again(
        self, store: Counting
    ) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        store.calls.clear()

        with pytest.raises(NameIsTaken):
            send(store, "2", TakeName(name="ada"), "b", opens=True)

        assert store.calls == {"load": 1, "append": 2}

    def test_what_the_own_stream_holds_costs_a_read_more(self, store: Counting) -> None:
        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)
        much_happens(store, decider=GUARDED)

        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)

        assert store.calls == {"load": 1, "append": 1, "read": 1}

    def test_the_usual_guarded_command_costs_no_call_more_however_long_its_stream_is(
        self, store: Counting
    ) -> None:
        much_happens(store)

        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)

        assert store.calls == {"load": 1, "append": 1}

    def test_where_every_command_is_remembered_no_guard_is_looked_at(self, store: Counting) -> None:
        for n in range(REMEMBERED):
            send(store, "1", TakeName(name="ada" if n % 2 else "bob"), f"key-{n}")
        store.calls.clear()

        send(store, "1", TakeName(name="ada"), "other", decider=NAMES)
        with pytest.raises(PreconditionFailed):
            send(store, "1", TakeName(name="bob"), "another", decider=NAMES, expected=1)

        assert store.calls == {"load": 2}

    def test_before_no_is_said_on_a_longer_stream_the_guard_is_looked_at(
        self, store: Counting
    ) -> None:
        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED)
        much_happens(store)

        with pytest.raises(PreconditionFailed):
            send(store, "1", CountVisits(visits=3), "b", decider=GUARDED, expected=1)
        assert store.calls == {"load": 1, "holder": 1}
        store.calls.clear()

        send(store, "1", CountVisits(visits=3), "a", decider=GUARDED, expected=1)
        assert store.calls == {"load": 1, "holder": 1, "read": 1}
