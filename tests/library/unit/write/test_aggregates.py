"""Loading: one call for a stream of any length, by snapshots that are only a cache."""

from __future__ import annotations

import pytest

from cqrs.history.commits import Commit
from cqrs.history.events import EventCodec, EventTypes
from cqrs.plain import Json, Value, replace
from cqrs.write.commands import CommandHandler, Outcome
from cqrs.write.recent import LOADED
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
        store.calls.clear()
        add(store, 1, f"k{n}")
        assert store.calls["load"] == 1

    assert max(store.loaded) == LOADED
    assert len(amounts(store)) == 60


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"schema":1}', '{"schema":1,"state":{}}x'])
def test_a_damaged_snapshot_is_ignored(store: Counting, damaged: str) -> None:
    first = Commit.of("till-1", 1, [Added(amount=5, base=0)], envelope("a"), EventCodec(TYPES))
    store.store.append(first, "a", damaged)

    assert add(store, 6, "b").events == (Added(amount=6, base=5),)


@pytest.mark.parametrize("damaged", ["", ":", "x:abcd", "0:abcd", "9:a", "1:", "9", "9:\0\0"])
def test_damaged_ids_are_read_anew_from_the_commits(store: Counting, damaged: str) -> None:
    for n in range(30):
        add(store, 1, f"k{n}")
    written = store.store._streams["till-1"]
    written[:] = [replace(one, earlier=damaged) for one in written]

    assert (add(store, 1, "k3").version, add(store, 1, "k3").repeated) == (4, True)
    assert add(store, 1, "new").version == 31


def test_a_snapshot_of_older_code_is_read_and_its_ids_are_found_in_the_commits(
    store: Counting,
) -> None:
    for n in range(150):
        add(store, 1, f"k{n}")
    older = '{"schema":1,"state":{"total":150},"commands":["a","b"]}'
    written = store.store._streams["till-1"]
    written[:] = [replace(one, earlier=None, snapshot=None) for one in written]
    written[-1] = replace(written[-1], snapshot=older)
    store.calls.clear()

    assert add(store, 1, "k60").version == 61
    assert add(store, 1, "new").events == (Added(amount=1, base=150),)
    assert store.calls == {"load": 4, "append": 1}
    store.calls.clear()
    add(store, 1, "newer")
    assert store.calls == {"load": 1, "append": 1}  # now there are ids again


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
    assert store.calls == {"load": 20, "append": 20}  # nor is it remembered: its key may be gone
    assert '"amount":77' not in "".join(commit.body for commit in store.store.read("till-1"))
