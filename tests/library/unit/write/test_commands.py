"""Handling a command: decide on what was loaded, append to that, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Conflict, CqrsError, KeyReused, PreconditionFailed
from cqrs.history.commits import Commit
from cqrs.history.event_store import AppendConflict
from cqrs.history.events import EventCodec
from cqrs.plain import replace
from cqrs.write.commands import CommandHandler, Outcome
from tests.examples import examples
from tests.library.stores import Counting
from tests.library.tills import (
    LIMIT,
    TILL,
    TYPES,
    Add,
    Added,
    OverLimit,
    Till,
    add,
    amounts,
    envelope,
    handler,
)


def test_a_command_that_opens_a_stream_takes_one_call(store: Counting) -> None:
    outcome = add(store, 5, "a", opens=True)

    assert (outcome.version, outcome.events) == (1, (Added(amount=5, base=0),))
    assert store.calls == {"append": 1}


def test_any_other_command_takes_two_calls(store: Counting) -> None:
    add(store, 5, "a", opens=True)
    store.calls.clear()

    outcome = add(store, 6, "b")

    assert (outcome.version, amounts(store)) == (2, [5, 6])
    assert store.calls == {"load": 1, "append": 1}


def test_a_lost_race_takes_one_more_call_and_decides_again(store: Counting) -> None:
    add(store, 5, "a", opens=True)
    rivals = [Add(amount=7)]

    def interfere(_: Commit) -> None:
        if rivals:
            handler(store.store).handle("1", rivals.pop(), envelope("rival"))

    store.before_append = interfere
    store.calls.clear()

    outcome = add(store, 6, "b")

    assert outcome.events == (Added(amount=6, base=12),)
    assert store.calls == {"load": 1, "append": 2}


def test_losing_every_race_is_a_conflict(store: Counting) -> None:
    add(store, 1, "a", opens=True)
    store.before_append = lambda commit: add(store.store, 1, f"rival-{commit.version}") and None

    with pytest.raises(Conflict):
        add(store, 6, "b")

    assert 6 not in amounts(store)


def test_who_loses_once_tries_at_once_and_who_loses_again_waits_first(store: Counting) -> None:
    add(store, 1, "a", opens=True)
    pauses: list[float] = []
    paused: list[int] = []
    rivals = iter(("first", "second"))

    def interfere(_: Commit) -> None:
        paused.append(len(pauses))
        with suppress(StopIteration):
            add(store.store, 1, next(rivals))

    store.before_append = interfere
    handler = CommandHandler(store, TILL, pause=pauses.append)

    assert handler.handle("1", Add(amount=6), envelope("b")).version == 4
    assert paused == [0, 0, 1]


def test_a_refusal_changes_nothing(store: Counting) -> None:
    with pytest.raises(OverLimit):
        add(store, LIMIT + 1, "a", opens=True)

    assert amounts(store) == []


def test_a_command_with_nothing_to_do_appends_nothing(store: Counting) -> None:
    add(store, 5, "a", opens=True)

    outcome = add(store, 0, "b")

    assert (outcome.version, outcome.events, amounts(store)) == (1, (), [5])


def test_the_same_command_again_has_no_effect_and_the_same_outcome(store: Counting) -> None:
    first = add(store, 5, "a", opens=True)
    second = add(store, 6, "b")
    store.calls.clear()

    assert add(store, 5, "a", opens=True) == Outcome("till-1", 1, first.events, repeated=True)
    assert add(store, 6, "b") == Outcome("till-1", 2, second.events, repeated=True)
    assert amounts(store) == [5, 6]
    assert store.calls == {"append": 1, "load": 1}


def test_a_key_used_for_another_payload_is_refused(store: Counting) -> None:
    add(store, 5, "a", opens=True)

    with pytest.raises(KeyReused):
        add(store, 6, "a")
    with pytest.raises(KeyReused):
        add(store, 6, "a", opens=True)


def test_the_same_key_of_another_actor_is_another_command(store: Counting) -> None:
    add(store, 5, "a", opens=True)

    assert add(store, 5, "a", actor="eve").version == 2


def test_a_command_a_hundred_and_one_commits_ago_is_forgotten(store: Counting) -> None:
    for n in range(101):
        add(store, 1, f"k{n}")

    assert add(store, 1, "k0").version == 102


def test_a_retry_whose_first_try_won_the_race_gets_its_outcome(store: Counting) -> None:
    """The answer was lost on its way, not the commit: as when the SDK sends a put again."""
    add(store, 5, "a", opens=True)

    def lose_the_answer(_: Commit) -> None:
        store.after_append = lambda _: None
        raise AppendConflict(store.store.read("till-1")[-1])

    store.after_append = lose_the_answer

    outcome = add(store, 6, "b")

    assert (outcome.version, outcome.repeated, amounts(store)) == (2, True, [5, 6])


def test_a_version_that_the_client_named_must_be_the_current_one(store: Counting) -> None:
    add(store, 5, "a", opens=True)

    with pytest.raises(PreconditionFailed) as refusal:
        add(store, 6, "b", expected=2)
    assert (refusal.value.expected, refusal.value.actual) == (2, 1)
    assert add(store, 6, "c", expected=1).version == 2


def test_of_what_does_not_exist_the_rule_speaks_before_the_precondition(store: Counting) -> None:
    with pytest.raises(OverLimit):
        add(store, LIMIT + 1, "a", expected=3)
    with pytest.raises(PreconditionFailed):
        add(store, 1, "b", expected=3)


def test_a_command_with_a_precondition_is_not_tried_again(store: Counting) -> None:
    add(store, 5, "a", opens=True)
    store.before_append = lambda _: (
        add(store.store, 1, "rival") and setattr(store, "before_append", lambda _: None)
    )

    with pytest.raises(PreconditionFailed):
        add(store, 6, "b", expected=1)

    assert amounts(store) == [5, 1]


def test_a_repeat_passes_although_its_own_effect_broke_the_precondition(store: Counting) -> None:
    add(store, 5, "a", opens=True)
    add(store, 6, "b", expected=1)

    assert add(store, 6, "b", expected=1).repeated


def test_a_repeat_of_an_opening_command_is_found_although_the_rules_got_stricter(
    store: Counting,
) -> None:
    add(store, 5, "a", opens=True)

    def refuse(command: Add, till: Till) -> Sequence[Added]:
        raise OverLimit("a new rule")

    stricter = replace(TILL, decide=refuse)
    again = CommandHandler(store, stricter, pause=lambda _: None).handle(
        "1", Add(amount=5), envelope("a", payload=5), opens=True
    )

    assert (again.version, again.repeated) == (1, True)


def test_a_key_used_for_another_opening_command_is_refused_whatever_the_rules_say(
    store: Counting,
) -> None:
    add(store, 5, "a", opens=True)

    with pytest.raises(KeyReused):
        add(store, LIMIT + 1, "a", opens=True)


def test_an_opening_command_with_nothing_to_do_leaves_no_stream(store: Counting) -> None:
    outcome = add(store, 0, "a", opens=True)

    assert (outcome.version, outcome.events, amounts(store)) == (0, (), [])


def test_an_opening_command_that_meets_a_foreign_stream_decides_on_all_of_it(
    store: Counting,
) -> None:
    for n in range(12):
        add(store, 80, f"k{n}")

    with pytest.raises(OverLimit):
        add(store, 80, "late", opens=True)


def test_racing_threads_never_break_a_rule() -> None:
    store = MemoryEventStore()

    def write(n: int) -> int:
        try:
            add(store, 90, f"k{n}")
        except (OverLimit, Conflict):
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        wins = sum(pool.map(write, range(40)))

    total = 0
    for commit in store.read("till-1"):
        (recorded,) = commit.events(EventCodec(TYPES))
        assert recorded.event.base == total
        total += recorded.event.amount
    assert (total, total <= LIMIT) == (wins * 90, True)


@examples(300)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),  # the client's key: a repeat, when it comes again
            st.integers(0, 12),  # how many commits the load misses
            st.sampled_from(["nothing", "rival", "answer lost"]),
        ),
        max_size=40,
    ),
    st.sampled_from([0, 1_000_000]),
)
def test_writers_with_stale_reads_never_corrupt_a_history(
    steps: list[tuple[int, int, str]], memory: int
) -> None:
    store = Counting()
    writer = CommandHandler(store, TILL, pause=lambda _: None, remembered_bytes=memory)
    for n, (key, stale, happens) in enumerate(steps):
        store.stale_by = iter([stale, *[0] * 9]).__next__
        rivals = iter([f"rival-{n}"] if happens == "rival" else [])

        def before(_: Commit, rivals: Any = rivals) -> None:
            for rival in rivals:
                add(store.store, 1, rival)

        def after(_: Commit, happens: str = happens) -> None:
            if happens == "answer lost":
                raise TimeoutError

        store.before_append, store.after_append = before, after
        try:
            sent = envelope(f"key-{key}", payload=10 + key)
            writer.handle("1", Add(amount=10 + key), sent)
        except (TimeoutError, CqrsError):
            continue

    total, ids = 0, Counter[str]()
    for version, commit in enumerate(store.store.read("till-1"), start=1):
        (recorded,) = commit.events(EventCodec(TYPES))
        assert (commit.version, recorded.event.base) == (version, total)
        total += recorded.event.amount
        ids[commit.envelope.command_id] += 1
    assert not ids or max(ids.values()) == 1
