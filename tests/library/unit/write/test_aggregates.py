"""Loading: one call for a stream of any length, by snapshots that are only a cache."""

from __future__ import annotations

import pytest

from cqrs.history.commits import Commit
from cqrs.history.events import EventCodec, EventTypes
from cqrs.plain import Json, Value, replace
from cqrs.write.commands import CommandHandler, Outcome
from tests.library.stores import Counting
from tests.library.tills import TILL, TYPES, Add, Added, Till, add, amounts, envelope, handler


def test_a_command_is_remembered_beyond_snapshots(store: Counting) -> None:
    for n in range(100):
        add(store, 1, f"k{n}")
    store.calls.clear()

    outcome = add(store, 1, "k0")

    assert (outcome.version, outcome.repeated, len(amounts(store))) == (1, True, 100)
    assert store.calls == {"load": 1, "read": 1}


def test_loading_a_long_stream_stays_one_call_of_nine_commits(store: Counting) -> None:
    for n in range(60):
        add(store, 1, f"k{n}")

    assert max(store.loaded) <= 8  # and one more, which has the snapshot
    assert len(amounts(store)) == 60


@pytest.mark.parametrize(
    "damaged",
    ["", "{", "[]", '{"schema":1}', '{"schema":1,"state":{"total":1},"commands":3}'],
)
def test_a_damaged_snapshot_is_ignored(store: Counting, damaged: str) -> None:
    first = Commit.of("till-1", 1, [Added(amount=5, base=0)], envelope("a"), EventCodec(TYPES))
    store.store.append(first, "a", damaged)

    assert add(store, 6, "b").events == (Added(amount=6, base=5),)


def test_ids_of_any_shape_are_remembered_across_snapshots(store: Counting) -> None:
    def send(n: int) -> Outcome[Added]:
        named = replace(envelope(payload=n), command_id=f"checkout-7-step-{n}")
        return handler(store).handle("1", Add(amount=1), named)

    for n in range(20):
        send(n)

    assert (send(1).version, send(1).repeated) == (2, True)


def test_snapshots_of_another_schema_are_ignored(store: Counting) -> None:
    for n in range(20):
        add(store, 1, f"k{n}")
    doubled = {"evolve": lambda till, event: Till(total=till.total + 2 * event.amount)}
    newer = replace(TILL, **doubled, state_schema=2)

    outcome = CommandHandler(store, newer, pause=lambda _: None).handle(
        "1", Add(amount=1), envelope("new")
    )

    assert outcome.events == (Added(amount=1, base=40),)


def test_with_a_cipher_no_state_lies_open_in_snapshots(store: Counting) -> None:
    secret = EventTypes("secret")

    @secret.event(personal={"amount": "base"})
    class Added(Value):
        amount: int
        base: int

    class Vault:
        def seal(self, subject: str, value: Json) -> Json:
            return {"sealed": value}

        def open(self, subject: str, sealed: Json) -> Json:
            return sealed["sealed"] if isinstance(sealed, dict) else None

    decider = replace(
        TILL,
        events=secret,
        decide=lambda command, till: [Added(amount=command.amount, base=0)],
    )
    sealing = CommandHandler(store, decider, cipher=Vault(), pause=lambda _: None)
    for n in range(20):
        sealing.handle("1", Add(amount=77_000 + n), envelope(f"k{n}"))

    assert store.snapshots == []
    assert '"amount":77' not in "".join(commit.body for commit in store.store.read("till-1"))
