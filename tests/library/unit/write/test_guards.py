"""Guards: what one commit holds and no other can, and commands that never have a second effect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Conflict, KeyReused, Refused, Unreadable
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import GuardTaken
from cqrs.history.events import EventCodec, EventTypes, Instant
from cqrs.history.guards import Claim, Guard, Release, guard_key_of
from cqrs.history.idempotency import command_id_of, fingerprint_of
from cqrs.testing.deciders import given as given_that
from cqrs.write.commands import ATTEMPTS, CommandHandler, Outcome
from cqrs.write.decider import Decider
from tests.examples import examples
from tests.library.stores import Counting

TYPES = EventTypes("club")
FAR_MORE_THAN_IS_REMEMBERED = 150


@TYPES.event()
@dataclass(frozen=True, kw_only=True)
class NameTaken:
    name: str


@TYPES.event()
@dataclass(frozen=True, kw_only=True)
class NameGivenUp:
    name: str


@TYPES.event()
@dataclass(frozen=True, kw_only=True)
class PrizeWon:
    prize: str


@TYPES.event()
@dataclass(frozen=True, kw_only=True)
class VisitCounted:
    visits: int


@dataclass(frozen=True, kw_only=True)
class TakeName:
    """Gives up the name that was taken before."""

    name: str


@dataclass(frozen=True, kw_only=True)
class GiveUpName:
    pass


@dataclass(frozen=True, kw_only=True)
class WinPrize:
    """Its effect is in no state: only the guard knows that a prize is gone."""

    prize: str


@dataclass(frozen=True, kw_only=True)
class CountVisits:
    visits: int


@dataclass(frozen=True, kw_only=True)
class Member:
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


@pytest.fixture
def store() -> Counting:
    return Counting()


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
        fingerprint=fingerprint_of(type(command).__name__, member, vars(command)),
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

    def test_a_key_of_a_guard_does_not_say_what_is_claimed(self) -> None:
        key = guard_key_of("email", "ada@example.com")

        assert key.startswith("email#")
        assert "ada" not in key
        assert Claim(kind="email", value="ada@example.com", taken=None).key == key
        assert Release(kind="email", value="ada@example.com").key == key
        assert guard_key_of("email", "bob@example.com") != key
        assert guard_key_of("name", "ada@example.com").partition("#")[2] != key.partition("#")[2]

    def test_guards_are_shown_to_the_tests_of_a_decider(self) -> None:
        give_up, take = Release(kind="name", value="ada"), TakeName(name="bob")
        claim = Claim(kind="name", value="bob", taken=NameIsTaken("in whatever words"))

        given_that(MEMBER, NameTaken(name="ada")).when(take).then_guards(give_up, claim)
        with pytest.raises(AssertionError):
            given_that(MEMBER, NameTaken(name="ada")).when(take).then_guards(claim, give_up)
        with pytest.raises(AssertionError):
            given_that(QUIET).when(take).then_guards(claim)


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
        rivals = iter(range(ATTEMPTS))
        store.before_append = lambda commit: (
            send(store.store, "1", CountVisits(visits=1), f"rival-{next(rivals)}") and None
        )

        with pytest.raises(Conflict):
            send(store, "1", TakeName(name="eve"), "b")

        store.before_append = lambda _: None
        assert send(store, "2", TakeName(name="eve"), "c").version == 1


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


class GuardsFirst:
    """A store that finds a claim held before it finds the version taken, as one may that looks at
    all at once.
    """

    def __init__(self, store: Counting) -> None:
        self.store = store
        self.found: list[GuardTaken] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def append(self, commit: Commit, command_id: str, snapshot: Any, guards: Any) -> None:
        try:
            alone = Commit("other-1", 1, commit.body)
            MemoryEventStore.append(self._probe(), alone, command_id, None, guards)
        except GuardTaken as taken:
            self.found.append(taken)
            raise
        self.store.append(commit, command_id, snapshot, guards)

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
