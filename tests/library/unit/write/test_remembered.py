"""A warm function that remembers streams answers as one that reads them with each command."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.errors import CqrsError, KeyReused, PreconditionFailed
from cqrs.history.commits import Commit
from cqrs.write.aggregates import Loaded
from cqrs.write.commands import CommandHandler, Outcome
from cqrs.write.remembered import Remembered
from cqrs.write.turns import OTHERS_SECONDS
from tests.examples import examples
from tests.library.stores import Counting
from tests.library.tills import LIMIT, TILL, Add, Added, OverLimit, Till, add, amounts, envelope


def send(
    handler: CommandHandler[Add, Till, Added], amount: int, key: str, till: str = "1", **how: Any
) -> Outcome[Added]:
    return handler.handle(till, Add(amount=amount), envelope(key, payload=amount), **how)


def now_and_then() -> Callable[[], float]:
    """A clock by which others have time between two looks at it."""
    return count(step=2 * OTHERS_SECONDS).__next__


@pytest.fixture
def warm(store: Counting) -> CommandHandler[Add, Till, Added]:
    """It has opened a till."""
    warm = CommandHandler(store, TILL, pause=lambda _: None, clock=now_and_then())
    send(warm, 5, "a", opens=True)
    store.calls.clear()
    return warm


Warm = CommandHandler[Add, Till, Added]


def test_a_command_to_a_stream_that_is_remembered_takes_one_call(
    store: Counting, warm: Warm
) -> None:
    for n in range(20):
        assert send(warm, 1, f"k{n}", expected=n + 1).version == n + 2
    assert store.calls == {"append": 20}


def test_one_command_right_after_the_other_is_read_for_so_that_others_can_come_between(
    store: Counting,
) -> None:
    busy = CommandHandler(store, TILL, pause=lambda _: None, clock=lambda: 0.0)
    send(busy, 5, "a", opens=True)
    store.calls.clear()
    send(busy, 5, "b")
    assert store.calls == {"load": 1, "append": 1}


def test_what_others_wrote_meanwhile_is_read_and_decided_on(store: Counting, warm: Warm) -> None:
    add(store.store, 7, "others")
    assert send(warm, 6, "b").events == (Added(amount=6, base=12),)
    assert store.calls == {"append": 2, "load": 1}


def test_a_stream_that_others_write_to_is_read_until_they_have_stopped(
    store: Counting, warm: Warm
) -> None:
    add(store.store, 1, "others")
    calls = []
    for n in range(3):
        store.calls.clear()
        send(warm, 1, f"k{n}")
        calls.append(dict(store.calls))
    assert calls == [{"append": 2, "load": 1}, {"load": 1, "append": 1}, {"append": 1}]


def test_a_refusal_rests_on_a_load(store: Counting, warm: Warm) -> None:
    with pytest.raises(OverLimit):
        send(warm, LIMIT, "b")
    assert store.calls == {"load": 1}


def test_nothing_to_do_rests_on_a_load(store: Counting, warm: Warm) -> None:
    add(store.store, 7, "others")
    assert send(warm, 0, "b").version == 2
    assert store.calls == {"load": 1}


def test_a_precondition_that_fails_rests_on_a_load(store: Counting, warm: Warm) -> None:
    add(store.store, 7, "others")
    assert send(warm, 6, "b", expected=2).version == 3
    assert store.calls == {"load": 1, "append": 1}
    store.calls.clear()
    add(store.store, 7, "others again")
    with pytest.raises(PreconditionFailed) as refusal:
        send(warm, 6, "c", expected=3)
    assert refusal.value.actual == 4


def test_a_repeat_rests_on_a_load(store: Counting, warm: Warm) -> None:
    send(warm, 6, "b")
    store.calls.clear()
    assert send(warm, 6, "b") == Outcome("till-1", 2, (Added(amount=6, base=5),), repeated=True)
    with pytest.raises(KeyReused):
        send(warm, 7, "b")
    assert store.calls == {"load": 2}


def test_a_repeat_of_what_another_function_did_is_found(store: Counting, warm: Warm) -> None:
    add(store.store, 6, "b")
    add(store.store, 1, "c")
    assert (send(warm, 6, "b").version, send(warm, 6, "b").repeated) == (2, True)
    assert amounts(store) == [5, 6, 1]


def test_what_was_asked_for_last_is_kept_in_bounds() -> None:
    remembered: Remembered[str] = Remembered(100)
    for stream in "abc":
        remembered.put(stream, Loaded(stream, 1, size=40))
    assert [remembered.get(stream) is not None for stream in "abc"] == [False, True, True]
    remembered.get("b")
    remembered.put("d", Loaded("d", 1, size=40))
    assert [remembered.get(stream) is not None for stream in "bcd"] == [True, False, True]
    remembered.put("b", Loaded("too much", 2, size=101))
    assert not any(remembered.get(stream) for stream in "abcd")


@examples(300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["warm", "warm", "warm too", "cold"]),  # who gets the command
            st.sampled_from(["1", "2"]),
            st.integers(0, 6),  # the client's key: a repeat, when it comes again
            st.sampled_from([0, 1, 150]),
            st.sampled_from([None, None, "newest", 1]),
            st.sampled_from(["nothing", "nothing", "rival", "answer lost"]),
        ),
        max_size=40,
    ),
    st.sampled_from([10_000_000, 300]),
)
def test_with_a_memory_or_without_the_answers_are_the_same(
    steps: list[tuple[str, str, int, int, Any, str]], most: int
) -> None:
    worlds = [_World(memory) for memory in (0, most)]
    for n, step in enumerate(steps):
        forgetful, warm = (world.answer(n, *step) for world in worlds)
        assert forgetful == warm
    forgetful, warm = (world.history() for world in worlds)
    assert forgetful == warm


class _World:
    """Functions that write to the same store, and remember so much."""

    def __init__(self, memory: int) -> None:
        self.store = Counting()
        self.functions = {
            name: CommandHandler(
                self.store,
                TILL,
                pause=lambda _: None,
                clock=now_and_then(),
                remembered_bytes=0 if name == "cold" else memory,
            )
            for name in ("warm", "warm too", "cold")
        }

    def answer(
        self, n: int, function: str, till: str, key: int, amount: int, expected: Any, happens: str
    ) -> Any:
        if expected == "newest":
            expected = len(self.store.store.read(f"till-{till}")) or None
        if happens == "rival":
            add(self.store.store, 1, f"rival-{n}", till=till)
        lost = iter([TimeoutError] if happens == "answer lost" else [])

        def after(_: Commit) -> None:
            for error in lost:
                raise error

        self.store.after_append = after
        try:
            return send(self.functions[function], amount, f"key-{key}", till, expected=expected)
        except (TimeoutError, CqrsError) as error:
            return f"{error!r}"

    def history(self) -> list[Commit]:
        return [commit for till in "12" for commit in self.store.store.read(f"till-{till}")]
