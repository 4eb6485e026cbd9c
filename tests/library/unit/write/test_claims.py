"""Claims: what one commit holds and no other can, whoever races and whatever is missed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Conflict, KeyReused, Unreadable
from cqrs.history.commits import Commit
from cqrs.history.event_store import GuardTaken
from cqrs.history.guards import Claim, Guard, guard_key_of
from cqrs.plain import replace
from cqrs.write.commands import RACE, Outcome
from cqrs.write.decider import Decider
from tests.examples import examples
from tests.library.clubs import (
    GUARDED,
    MEMBER,
    QUIET,
    CountVisits,
    GiveUpName,
    Member,
    NameGivenUp,
    NameIsTaken,
    NameTaken,
    PrizeIsGone,
    PrizeWon,
    TakeName,
    VisitCounted,
    WinPrize,
    guards,
    happened,
    send,
)
from tests.library.stores import Counting


class TestClaims:
    def test_what_another_stream_holds_is_refused_and_nothing_happens(
        self, store: Counting
    ) -> None:
        send(store, "1", TakeName(name="ada"), "a")

        with pytest.raises(NameIsTaken):
            send(store, "2", TakeName(name="ada"), "b")

        assert happened(store, "2") == []

    def test_what_another_stream_holds_may_leave_nothing_to_do(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a", decider=QUIET)
        send(store, "2", TakeName(name="bob"), "b", decider=QUIET)

        outcome = send(store, "2", TakeName(name="ada"), "c", decider=QUIET)

        assert outcome == Outcome("member-2", 1, ())
        assert happened(store, "2") == [NameTaken(name="bob")]

    def test_what_has_nothing_left_to_do_opens_no_stream(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a", decider=QUIET)

        outcome = send(store, "2", TakeName(name="ada"), "b", decider=QUIET, opens=True)

        assert outcome == Outcome("member-2", 0, ())
        assert list(store.store.read("member-2")) == []

    def test_what_is_held_by_the_own_stream_is_held_all_the_same(self, store: Counting) -> None:
        send(store, "1", WinPrize(prize="cup"), "a")

        with pytest.raises(PrizeIsGone):
            send(store, "1", WinPrize(prize="cup"), "b")

        assert send(store, "1", WinPrize(prize="cup"), "c", decider=QUIET).events == ()
        assert happened(store, "1") == [PrizeWon(prize="cup")]

    def test_what_was_given_up_can_be_claimed_by_others(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        send(store, "1", GiveUpName(), "b")

        assert send(store, "2", TakeName(name="ada"), "c").events == (NameTaken(name="ada"),)

    def test_what_was_exchanged_can_be_claimed_by_others_and_back_again(
        self, store: Counting
    ) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        send(store, "1", TakeName(name="countess"), "b")
        send(store, "2", TakeName(name="ada"), "c")

        with pytest.raises(NameIsTaken):
            send(store, "1", TakeName(name="ada"), "d")

        send(store, "2", TakeName(name="bob"), "e")
        assert send(store, "1", TakeName(name="ada"), "f").version == 3

    def test_the_same_value_of_another_kind_is_another_claim(self, store: Counting) -> None:
        send(store, "1", TakeName(name="cup"), "a")

        assert send(store, "2", WinPrize(prize="cup"), "b").version == 1

    def test_guards_are_asked_at_the_state_that_their_event_happens_at(
        self, store: Counting
    ) -> None:
        seen: list[str | None] = []

        def note(member: Member, event: object) -> Sequence[Guard]:
            seen.append(member.name)
            return []

        events = [NameTaken(name="ada"), VisitCounted(visits=1), NameTaken(name="bob")]
        noting = replace(MEMBER, decide=lambda *_: events, guards=note)
        send(store, "1", GiveUpName(), "a", decider=noting)

        assert seen == [None, "ada", "ada"]

    def test_a_refused_command_claims_nothing(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        both = replace(MEMBER, decide=lambda *_: [PrizeWon(prize="cup"), NameTaken(name="ada")])
        with pytest.raises(NameIsTaken):
            send(store, "2", GiveUpName(), "b", decider=both)

        assert send(store, "3", WinPrize(prize="cup"), "c").version == 1

    def test_a_refused_command_can_be_sent_again_when_the_value_is_free(
        self, store: Counting
    ) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        with pytest.raises(NameIsTaken):
            send(store, "2", TakeName(name="ada"), "b")
        send(store, "1", GiveUpName(), "c")

        assert send(store, "2", TakeName(name="ada"), "b").events == (NameTaken(name="ada"),)


class TestRaces:
    def test_a_claim_decided_on_an_old_state_is_a_race_and_no_refusal(
        self, store: Counting
    ) -> None:
        """The load does not see yet that this member has the name already."""
        send(store, "1", GiveUpName(), "a")
        send(store, "1", TakeName(name="ada"), "b")
        store.stale_by = iter([1, 0]).__next__

        outcome = send(store, "1", TakeName(name="ada"), "c")

        assert (outcome.events, outcome.repeated) == ((), False)

    @pytest.mark.parametrize("missed", [1, 2, 3])
    def test_a_store_that_looks_at_guards_first_leads_to_the_same(
        self, store: Counting, missed: int
    ) -> None:
        send(store, "1", TakeName(name="bob"), "a")
        send(store, "1", CountVisits(visits=1), "b")
        send(store, "1", CountVisits(visits=1), "c")
        send(store, "1", TakeName(name="ada"), "d")
        store.stale_by = iter([missed, 0]).__next__
        guards_first = GuardsFirst(store)

        outcome = send(guards_first, "1", TakeName(name="ada"), "e")

        assert (outcome.version, outcome.events) == (4, ())
        assert guards_first.found

    def test_a_first_try_that_won_is_found_by_its_guard(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        first = send(store, "1", CountVisits(visits=3), "b", decider=GUARDED)
        store.stale_by = iter([1]).__next__

        again = send(GuardsFirst(store), "1", CountVisits(visits=3), "b", decider=GUARDED)

        assert again == Outcome("member-1", 2, first.events, repeated=True)

    def test_a_value_that_is_taken_between_decision_and_append_is_refused(
        self, store: Counting
    ) -> None:
        def is_faster(_: Commit) -> None:
            store.before_append = lambda _: None
            send(store.store, "2", TakeName(name="ada"), "rival")

        store.before_append = is_faster

        with pytest.raises(NameIsTaken):
            send(store, "1", TakeName(name="ada"), "a")

    def test_a_lost_race_decides_again_what_to_claim_and_release(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a")

        def is_faster(_: Commit) -> None:
            store.before_append = lambda _: None
            send(store.store, "1", TakeName(name="bob"), "rival")

        store.before_append = is_faster

        outcome = send(store, "1", TakeName(name="eve"), "b")

        assert outcome.events == (NameGivenUp(name="bob"), NameTaken(name="eve"))
        for free in ("ada", "bob"):
            assert send(store, f"new-{free}", TakeName(name=free), f"take-{free}").version == 1

    def test_losing_every_race_for_a_claim_is_a_conflict(self, store: Counting) -> None:
        send(store, "1", TakeName(name="ada"), "a")
        rivals = iter(range(RACE.tries))
        store.before_append = lambda commit: (
            send(store.store, "1", CountVisits(visits=1), f"rival-{next(rivals)}") and None
        )

        with pytest.raises(Conflict):
            send(store, "1", TakeName(name="eve"), "b")

        store.before_append = lambda _: None
        assert send(store, "2", TakeName(name="eve"), "c").version == 1


class GuardsFirst:
    """A store that finds a claim held before it finds the version taken, as one may that looks at
    all at once.
    """

    def __init__(self, store: Counting) -> None:
        self.store = store
        self.found: list[GuardTaken] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def append(
        self, commit: Commit, command_id: str, snapshot: Any, guards: Any, *ids: Any
    ) -> None:
        try:
            alone = Commit("other-1", 1, commit.body)
            MemoryEventStore.append(self._probe(), alone, command_id, None, guards)
        except GuardTaken as taken:
            self.found.append(taken)
            raise
        self.store.append(commit, command_id, snapshot, guards, *ids)

    def _probe(self) -> MemoryEventStore:
        """A store with the same guards and nothing else."""
        probe = MemoryEventStore()
        probe._guards = dict(self.store.store._guards)
        return probe


names = st.sampled_from(["ada", "bob", "eve"])
commands = st.builds(TakeName, name=names) | st.builds(GiveUpName)
steps = st.tuples(
    st.sampled_from(["1", "2", "3"]),  # whose
    commands,
    st.integers(0, 3),  # how many commits its load misses
    st.integers(0, 5),  # its key: a repeat, when it comes again
    st.booleans(),  # whether it is interrupted by those after it
)


@examples(400)
@given(st.lists(steps, max_size=25))
def test_whatever_writers_do_and_miss_no_two_streams_ever_hold_the_same(
    script: list[tuple[str, Any, int, int, bool]],
) -> None:
    store = Counting()
    waiting = list(script)

    def go_on() -> None:
        member, command, missed, key, is_interrupted = waiting.pop(0)
        stale = iter([missed])
        store.stale_by = lambda: next(stale, 0)

        def interrupt(_: Commit) -> None:
            store.before_append = lambda _: None
            if is_interrupted and waiting:
                go_on()

        store.before_append = interrupt
        with suppress(NameIsTaken, Conflict, KeyReused):
            send(store, member, command, f"{member}-{key}")
        assert_nobody_shares(store)

    while waiting:
        go_on()


def test_a_commit_that_names_a_guard_twice_is_a_fault_of_the_decider(store: Counting) -> None:
    def twice(member: Member, event: object) -> Sequence[Guard]:
        return [*guards(member, event), *guards(member, event)]

    with pytest.raises(ValueError, match="only once"):
        send(store, "1", TakeName(name="ada"), "a", decider=replace(MEMBER, guards=twice))

    assert happened(store, "1") == []


def test_a_guard_whose_commit_is_gone_is_not_taken_for_anything_else(store: Counting) -> None:
    """As after a store was restored to an earlier moment than its guards."""
    send(store, "1", CountVisits(visits=1), "a")
    store.store._guards[guard_key_of("prize", "cup")] = ("member-1", 7)

    with pytest.raises(Unreadable, match="restored"):
        send(store, "1", WinPrize(prize="cup"), "b")


def assert_nobody_shares(store: Counting) -> None:
    """By the events of all streams, not by what the store keeps of guards."""
    held = []
    for member in ("1", "2", "3"):
        name = None
        for event in happened(store, member):
            match event:
                case NameTaken(name=taken):
                    assert name is None
                    name = taken
                case NameGivenUp(name=given_up):
                    assert name == given_up
                    name = None
        held += [name] if name else []
    assert len(held) == len(set(held)), held
    free = {"ada", "bob", "eve"} - set(held)
    for value in free:
        assert guard_key_of("name", value) not in store.store._guards


def test_a_commit_that_names_more_guards_than_fit_is_a_fault_of_the_decider(
    store: Counting,
) -> None:
    def many(number: int) -> Decider[Any, Member, Any]:
        claims = [Claim(kind="seat", value=str(n), taken=None) for n in range(number)]
        return replace(MEMBER, guards=lambda member, event: claims)

    send(store, "1", TakeName(name="ada"), "fits", decider=many(99))
    with pytest.raises(ValueError, match="can name 99 guards, not 100"):
        send(store, "2", TakeName(name="bob"), "too many", decider=many(100))
