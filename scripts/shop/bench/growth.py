"""Growth: what a command costs against open reservations and the length of its stream, a query
against the rows of its view and the positions of its token, a commit to follow against the size of
its batch.

Units are those that DynamoDB would count, of what is asked of a store in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from math import ceil
from typing import Any

from cqrs.adapters.dynamodb_event_store import size_of_commit
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.memory import MemoryEventStore
from cqrs.history.commits import Commit
from cqrs.history.event_store import Stored
from cqrs.history.guards import Claim, Guard
from cqrs.read.consistency import Reader
from cqrs.read.tokens import MAX_POSITIONS, Token
from cqrs.write.commands import CommandHandler
from domain.inventory import PRODUCT, ReceiveStock, RegisterProduct, ReserveStock, ShipStock
from domain.kernel import Currency, OrderId
from domain.orders import BY_CUSTOMER, ORDER, PLACED_ORDERS
from scripts.shop.bench.a_table import CUSTOMER, Table, name_of
from scripts.shop.bench.figures import Figure, Times, cpu_seconds, in_turn
from scripts.shop.bench.following import new_orders, orders_projector, quiet
from scripts.shop.bench.orders import envelope, moved, placed
from scripts.shop.bench.plots import Plot

OPEN = (100, 1_000, 5_000)
LENGTHS = (100, 1, 10, 1_000, 100_000)
ROUNDS = 9
BETWEEN_SNAPSHOTS = 9
COMMANDS = 10 * BETWEEN_SNAPSHOTS  # a round

ROWS = (100, 1_000_000)
ON_A_PAGE = 20
POSITIONS = (0, 1, MAX_POSITIONS)
BATCHES = (100, 1, 1_000)
FOLLOWED = 1_000  # commits a round

GOALS = {"CPU": 1.5, "write units": 1.5, "read units": 2.0}
FLAT = dict.fromkeys(("CPU", "calls", "write units", "read units"), 1.1)


class Metered(MemoryEventStore):
    """A store in memory that counts the units of what it is asked, and takes no time for what does
    not count: it reads as much of a stream as DynamoDB would.
    """

    def __init__(self) -> None:
        super().__init__()
        self.units = {"write units": 0.0, "read units": 0.0}

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


class Work(ABC):
    """The same over and over, with what it is counted in."""

    number = COMMANDS
    """How often a round does it."""

    @property
    @abstractmethod
    def units(self) -> Mapping[str, float]: ...

    @abstractmethod
    def run(self) -> None:
        """A round."""

    def units_each(self, unit: str) -> float:
        before = self.units[unit]
        self.run()
        return (self.units[unit] - before) / self.number


class Shop(Work):
    """Commands to the aggregates of one decider, in memory."""

    def __init__(self, decider: Any) -> None:
        self.store = Metered()
        # streams are cut back here, which no handler may remember otherwise
        self._commands = CommandHandler(self.store, decider, remembered_bytes=0)
        self._numbers = count()

    @property
    def units(self) -> Mapping[str, float]:
        return self.store.units

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


class Reading(Work):
    """Rows of a view with so many, and pages of a list of all of them."""

    def __init__(self, rows: int) -> None:
        self.last = rows - 1
        self._table = Table(rows)
        client: Any = self._table
        kept = DynamoDbRows("orders", PLACED_ORDERS.scope, PLACED_ORDERS.lists, lambda: client)
        self.reader = Reader(PLACED_ORDERS, kept, {"order": MemoryEventStore()})

    @property
    def units(self) -> Mapping[str, float]:
        return self._table.units


class OneRow(Reading):
    def run(self) -> None:
        for _ in range(self.number):
            self.reader.get(name_of(self.last), Token())


class OnePage(Reading):
    """The newest rows, with a token of so many positions that are current."""

    def __init__(self, rows: int, positions: int = 0) -> None:
        super().__init__(rows)
        self._token = Token({f"order-{name_of(number)}": 1 for number in range(positions)})

    def run(self) -> None:
        for _ in range(self.number):
            self.reader.page(BY_CUSTOMER, CUSTOMER, self._token, limit=ON_A_PAGE)


class Following(Work):
    """Commits that each open a row, so many in a batch, and DynamoDB as `following` answers it."""

    number = FOLLOWED

    def __init__(self, size: int) -> None:
        self._batches = [new_orders(first, size) for first in range(0, FOLLOWED, size)]
        self._function, self._stub = orders_projector()

    @property
    def units(self) -> Mapping[str, float]:
        return {"calls": self._stub.calls}

    def run(self) -> None:
        with quiet():
            for batch in self._batches:
                self._function(batch, None)


def figures() -> Iterator[Figure]:
    yield from _compared(
        "a command to a product, {:,} open reservations", "{} open", Reserving, OPEN, GOALS
    )
    yield from _compared("a command to a stream of {:,}", "of {}", Moving, LENGTHS, FLAT)
    yield from _compared("a row of a view with {:,}", "of {}", OneRow, ROWS, FLAT)
    yield from _compared("a page of a list of {:,}", "of {}", OnePage, ROWS, FLAT)
    yield from _compared(
        "a page with a token of {:,}", "with {}", _page_with, POSITIONS, {"calls": 3}
    )
    yield from _compared("a commit in a batch of {:,}", "of {}", Following, BATCHES, {})


def _page_with(positions: int) -> Work:
    return OnePage(1_000, positions)


def _compared(
    what: str,
    floor: str,
    work: Callable[[int], Work],
    sizes: Sequence[int],
    goals: Mapping[str, float],
) -> Iterator[Figure]:
    """Each size against the first."""
    some = work(sizes[0])
    for size in sizes[1:]:
        other = work(size)
        named: Any = {"floor": floor.format(sizes[0])}
        times = in_turn(some.run, other.run, rounds=ROUNDS)
        measure = what.format(size)
        cpu = _microseconds(times, some.number)
        yield Figure.time(
            f"{measure}: CPU", **named, times=times, goal=goals.get("CPU"), remark=cpu
        )
        for unit in some.units:
            ours, theirs = other.units_each(unit), some.units_each(unit)
            yield Figure(
                measure=f"{measure}: {unit}",
                **named,
                ratio=ours / theirs,
                median_ratio=ours / theirs,
                goal=goals.get(unit),
                remark=f"{theirs:.2f} -> {ours:.2f}",
            )


def _microseconds(times: Times, number: int) -> str:
    return f"{min(times.floor) / number * 1e6:.0f} -> {min(times.ours) / number * 1e6:.0f} us"


def plots() -> Iterator[Plot]:
    """As `figures`, over more sizes."""
    yield _plot(
        "open-reservations",
        "A command to a product, by its open reservations",
        "open reservations",
        Reserving,
        (1, 10, 50, *OPEN),
    )
    yield _plot(
        "streams",
        "A command, by the length of its stream",
        "commits in the stream",
        Moving,
        LENGTHS,
    )
    yield _plot("rows", "A row, by the rows of its view", "rows", OneRow, (1, 1_000, *ROWS))
    yield _plot(
        "pages", "A page of 20 rows, by the rows of its list", "rows", OnePage, (1, 1_000, *ROWS)
    )
    yield _plot(
        "tokens",
        "A page of 20 rows, by the positions of its token",
        "positions",
        _page_with,
        (10, 50, *POSITIONS[1:]),
    )
    yield _plot(
        "batches",
        "A commit that is followed, by the size of its batch",
        "commits in the batch",
        Following,
        (10, *BATCHES),
    )


def _plot(
    name: str, title: str, sizes: str, work: Callable[[int], Work], numbers: Sequence[int]
) -> Plot:
    lines: dict[str, list[tuple[float, float]]] = {}
    for number in sorted(numbers):
        some = work(number)
        some.run()
        seconds = min(cpu_seconds(some.run) for _ in range(ROUNDS))
        lines.setdefault("CPU, 100 µs", []).append((number, seconds / some.number * 1e4))
        for unit in some.units:
            lines.setdefault(unit, []).append((number, some.units_each(unit)))
    return Plot(name=name, title=title, sizes=sizes, figures="for each", lines=lines)
