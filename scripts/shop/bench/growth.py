"""Growth: what a command costs against open reservations, and against the length of its stream.

Units are those that DynamoDB would count, of what the commands ask a store in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from math import ceil
from typing import Any

from cqrs.adapters.dynamodb_event_store import size_of_commit
from cqrs.adapters.memory import MemoryEventStore
from cqrs.history.commits import Commit
from cqrs.history.event_store import Stored
from cqrs.history.guards import Claim, Guard
from cqrs.write.commands import CommandHandler
from domain.inventory import PRODUCT, ReceiveStock, RegisterProduct, ReserveStock, ShipStock
from domain.kernel import Currency, OrderId
from domain.orders import ORDER
from scripts.shop.bench.figures import Figure, Times, cpu_seconds, in_turn
from scripts.shop.bench.orders import envelope, moved, placed
from scripts.shop.bench.plots import Plot

OPEN = (100, 1_000, 5_000)
LENGTHS = (100, 1, 10, 1_000, 100_000)
ROUNDS = 9
BETWEEN_SNAPSHOTS = 9
COMMANDS = 10 * BETWEEN_SNAPSHOTS  # a round

GOALS = {"CPU": 1.5, "write units": 1.5, "read units": 2.0}
FLAT = {"CPU": 1.1, "write units": 1.1, "read units": 1.1}


class Metered(MemoryEventStore):
    """A store in memory that counts the units of what it is asked, and takes no time for what does
    not count: it reads as much of a stream as DynamoDB would.
    """

    def __init__(self) -> None:
        super().__init__()
        self.units = {"write units": 0, "read units": 0}

    def load(self, stream: str, limit: int | None = None) -> Sequence[Stored]:
        loaded = super().load(stream, limit)
        self._read(loaded)
        return loaded

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        super().append(commit, command_id, snapshot, guards, earlier)
        written = ceil(_size(Stored(commit, command_id, snapshot, earlier)) / 1024) + len(guards)
        self.units["write units"] += written * (2 if guards else 1)

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        self._read(self._streams.get(stream, [])[after : None if limit is None else after + limit])
        return super().read(stream, after, limit)

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        self.units["read units"] += 1
        return super().holder(claim)

    def _read(self, items: Sequence[Stored]) -> None:
        self.units["read units"] += max(1, ceil(sum(map(_size, items)) / 4096))


def _size(one: Stored) -> int:
    texts = {"snapshot": one.snapshot, "earlier": one.earlier}
    beside = sum(len(f"{name}{text}".encode()) for name, text in texts.items() if text)
    return size_of_commit(one.commit, "command-id-of-16") + beside


class Shop(ABC):
    """Commands to the aggregates of one decider, in memory."""

    def __init__(self, decider: Any) -> None:
        self.store = Metered()
        # streams are cut back here, which no handler may remember otherwise
        self._commands = CommandHandler(self.store, decider, remembered_bytes=0)
        self._numbers = count()

    @abstractmethod
    def run(self) -> None:
        """A round of COMMANDS commands."""

    def units_per_command(self, unit: str) -> float:
        before = self.store.units[unit]
        self.run()
        return (self.store.units[unit] - before) / COMMANDS

    def send(self, entity: str, command: object) -> None:
        self._commands.handle(entity, command, envelope(f"command-{next(self._numbers):08}"))


class Reserving(Shop):
    """Orders reserve a product of which so many reservations stay open, and are shipped."""

    def __init__(self, open_reservations: int) -> None:
        super().__init__(PRODUCT)
        price: Any = {"price": 1250, "currency": Currency.EUR}
        book = RegisterProduct(sku="book", title="On", description="A.", tags=(), **price)
        self.send("book", book)
        self.send("book", ReceiveStock(sku="book", quantity=1_000_000))
        self._orders = count()
        for _ in range(open_reservations - 1):
            self._reserve()

    def _reserve(self) -> OrderId:
        order = OrderId(f"n62jiad537eh6yv{next(self._orders):05}")
        price: Any = {"unit_price": 1250, "currency": Currency.EUR}
        self.send("book", ReserveStock(sku="book", order_id=order, quantity=1, **price))
        return order

    def run(self) -> None:
        for _ in range(COMMANDS // 2):
            self.send("book", ShipStock(sku="book", order_id=self._reserve()))


class Moving(Shop):
    """An order whose address was changed so often that its stream has a length, and is again."""

    def __init__(self, length: int) -> None:
        super().__init__(ORDER)
        self.send("7", placed(OrderId("7")))
        self._moves = count(1)
        stored = self.store._streams["order-7"]
        if length > 1_000:  # the most of it is the same commit again
            self._move()
            last = stored.pop()
            for version in range(2, length - 200):
                copy = Commit("order-7", version, last.commit.body)
                stored.append(Stored(copy, last.command_id))
        while len(stored) < length:
            self._move()
        self._kept = len(stored)

    def _move(self) -> None:
        self.send("7", moved(OrderId("7"), f"{next(self._moves)} Street"))

    def run(self) -> None:
        for number in range(COMMANDS):
            if number % BETWEEN_SNAPSHOTS == 0:
                del self.store._streams["order-7"][self._kept :]
            self._move()


def figures() -> Iterator[Figure]:
    few, *many = OPEN
    reserving = Reserving(few)
    for number in many:
        what = f"a command to a product, {number:,} open reservations"
        yield from _compared(what, f"{few} open", reserving, Reserving(number), GOALS)
    some, *others = LENGTHS
    moving = Moving(some)
    for number in others:
        what = f"a command to a stream of {number:,}"
        yield from _compared(what, f"of {some}", moving, Moving(number), FLAT)


def _compared(
    what: str, floor: str, few: Shop, many: Shop, goals: Mapping[str, float]
) -> Iterator[Figure]:
    times = in_turn(few.run, many.run, rounds=ROUNDS)
    yield Figure.time(f"{what}: CPU", floor, times, goals["CPU"], _microseconds(times))
    for unit in ("write units", "read units"):
        ours, theirs = many.units_per_command(unit), few.units_per_command(unit)
        yield Figure(
            measure=f"{what}: {unit}",
            floor=floor,
            ratio=ours / theirs,
            median_ratio=ours / theirs,
            goal=goals[unit],
            remark=f"{theirs:.2f} -> {ours:.2f}",
        )


def _microseconds(times: Times) -> str:
    return f"{min(times.floor) / COMMANDS * 1e6:.0f} -> {min(times.ours) / COMMANDS * 1e6:.0f} us"


def plots() -> Iterator[Plot]:
    """As `figures`, over more sizes."""
    yield _plot(
        "open-reservations",
        "A command to a product, by its open reservations",
        "open reservations",
        {number: Reserving(number) for number in (1, 10, 50, *OPEN)},
    )
    yield _plot(
        "streams",
        "A command, by the length of its stream",
        "commits in the stream",
        {number: Moving(number) for number in sorted(LENGTHS)},
    )


def _plot(name: str, title: str, sizes: str, shops: Mapping[int, Shop]) -> Plot:
    lines: dict[str, list[tuple[float, float]]] = {}
    for number, shop in shops.items():
        shop.run()
        seconds = min(cpu_seconds(shop.run) for _ in range(ROUNDS))
        lines.setdefault("CPU, 100 µs", []).append((number, seconds / COMMANDS * 1e4))
        for unit in ("write units", "read units"):
            lines.setdefault(unit, []).append((number, shop.units_per_command(unit)))
    return Plot(name=name, title=title, sizes=sizes, figures="for each command", lines=lines)
