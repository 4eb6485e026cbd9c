"""Commands and events in memory, without any SDK, against the library `eventsourcing`, in its own.

The same order, placed and moved, written as each library's documentation has it. What a round needs
is made before it is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from scripts.build.package import REPOSITORY
from scripts.shop.bench.figures import Figure, cpu_seconds, in_turn

__all__ = ["figures"]

STREAMS, HISTORY, ROUNDS = 100, 10, 15
EVENTS, PULLED_AT_ONCE = 10_000, 1_000

Round = Callable[[], Callable[[], object]]
"""Makes what a round needs, and returns what is timed."""


def figures() -> Iterator[Figure]:
    peers = next((REPOSITORY / "build" / "bench" / "lib").glob("*/site-packages"), None)
    if peers is None:
        sys.exit("The peers are not there: make build/bench")
    sys.path.append(str(peers))
    from importlib.metadata import version

    peer = f"eventsourcing {version('eventsourcing')}"

    def speed(measure: str, theirs: Round, ours: Round, goal: float) -> Figure:
        times = in_turn(theirs, ours, rounds=ROUNDS, timed=_made_first)
        return Figure.speed(measure, peer, times, goal)

    yield speed("memory: create", _they_create, _we_create, 2.5)
    yield speed(f"memory: load {HISTORY} and append", _they_append, _we_append, 6)
    they, we = _they_fold(), _we_fold()
    yield speed(f"decode and fold {EVENTS:,} events", lambda: they, lambda: we, 2)


def _made_first(work: Callable[[], Any]) -> float:
    return cpu_seconds(work())


# Theirs


def _they_create() -> Callable[[], object]:
    app, order = _their_shop()
    return lambda: [app.save(order(**_PLACED)) for _ in range(STREAMS)]


def _they_append() -> Callable[[], object]:
    app, order = _their_shop()
    placed = [order(**_PLACED) for _ in range(STREAMS)]
    for one in placed:
        for n in range(HISTORY - 1):
            one.move(_address(n))
        app.save(one)

    def run() -> None:
        for n, one in enumerate(placed):
            loaded = app.repository.get(one.id)
            loaded.move(_address(n))
            app.save(loaded)

    return run


def _they_fold() -> Callable[[], object]:
    app, order = _their_shop()
    placed = order(**_PLACED)
    for n in range(EVENTS - 1):
        placed.move(_address(n))
    app.save(placed)

    def run() -> object:
        state, start = None, 1
        while pulled := app.recorder.select_notifications(start=start, limit=PULLED_AT_ONCE):
            for notification in pulled:
                state = app.mapper.to_domain_event(notification).mutate(state)
            start = pulled[-1].id + 1
        return state

    return run


def _their_shop() -> tuple[Any, Any]:
    from scripts.shop.bench.peer import Application, Order

    return Application(), Order


_PLACED: dict[str, Any] = {
    "customer_id": "c-1",
    "currency": "EUR",
    "lines": [
        {"sku": "book-1", "quantity": 2, "unit_price": 1250},
        {"sku": "pen", "quantity": 1, "unit_price": 99},
    ],
    "address": {
        "name": "Ada Lovelace",
        "street": "1 Example Street",
        "postal_code": "1010",
        "city": "Vienna",
        "country": "AT",
    },
}


def _address(number: int) -> dict[str, str]:
    return {**_PLACED["address"], "street": f"{number} Example Street"}


# Ours


def _we_create() -> Callable[[], object]:
    from scripts.shop.bench import a_shop

    commands = _our_shop()
    return lambda: [a_shop.place(commands, str(n)) for n in range(STREAMS)]


def _we_append() -> Callable[[], object]:
    from scripts.shop.bench import a_shop

    commands = _our_shop()
    streams = [str(n) for n in range(STREAMS)]
    for one in streams:
        a_shop.place(commands, one)
        for _ in range(HISTORY - 1):
            a_shop.move(commands, one)
    return lambda: [a_shop.move(commands, one) for one in streams]


def _we_fold() -> Callable[[], object]:
    from cqrs.history.commits import Commit
    from cqrs.history.events import EventCodec
    from domain.orders import ORDER, ORDER_EVENTS
    from scripts.shop.bench import a_shop

    commits = a_shop.commits(EVENTS)
    codec = EventCodec(ORDER_EVENTS)

    def run() -> object:
        state: Any = ORDER.initial
        for one in commits:
            fresh = Commit(one.stream, one.version, one.body)  # that nobody has read yet
            for recorded in fresh.events(codec):
                state = ORDER.evolve(state, recorded.event)
        return state

    return run


def _our_shop() -> Any:
    """One that reads the stream with each command."""
    from cqrs.adapters.memory import MemoryEventStore
    from cqrs.write.commands import CommandHandler
    from domain.orders import ORDER

    return CommandHandler(MemoryEventStore(), ORDER, remembered_bytes=0)
