"""The services, the checkout and the gateway in memory, and all that can go wrong between them.

A crash, a loss, a delay or a repetition can happen at every call that crosses a boundary: of a
follower to its rows, to a store, to a service, to the gateway.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from io import BytesIO
from typing import Any

from cqrs.adapters.lambda_commands import LambdaCommands
from cqrs.adapters.memory import MemoryEventStore, MemoryNotes, MemoryRows
from cqrs.entrypoints.commands import CommandFunction, changes
from cqrs.errors import Conflict, Refused, Unavailable
from cqrs.follow.followers import Hints
from cqrs.follow.messages import Answer, BatchReceiver, Message, Receiver, Reply
from cqrs.follow.process_followers import ProcessFollower
from cqrs.follow.walker import Walker
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import WHOLE, Heads, Section, Size
from cqrs.history.events import Instant
from cqrs.history.guards import Claim, Guard
from cqrs.history.instants import later
from cqrs.plain import replace
from cqrs.views.rows import Row, Saved, SaveResult
from cqrs.write.commands import CommandHandler
from domain.checkout import checkout
from domain.inventory import PRODUCT, ReleaseStock, ReserveStock, ShipStock
from domain.kernel import Amount, Currency
from domain.orders import ORDER, ConfirmOrder, RejectOrder
from domain.payments import (
    PAYMENT,
    PAYMENT_GATEWAY,
    Approved,
    AuthorisePayment,
    CapturePayment,
    GatewayReceiver,
    GatewayTimeout,
    RecordAnswer,
    RefundPayment,
    Refusal,
    VoidPayment,
)
from tests.library.walking import to_the_end

START = Instant("2026-01-01T00:00:00.000000Z")
DEADLINE_SECONDS = 900


class Crash(BaseException):
    """The worker is gone: nothing catches this, as nothing catches a killed process."""


@dataclass
class Faults:
    """What happens at a boundary: `rough` is how often something does."""

    dice: random.Random
    rough: float = 0.0
    late: list[Callable[[], object]] = field(default_factory=list)

    def strikes(self) -> str:
        if self.dice.random() >= self.rough:
            return "nothing"
        return self.dice.choice(
            ["down before", "down after", "crash before", "crash after", "late", "twice"]
        )

    def around(self, call: Callable[[], Any], *, may_be_late: bool = False) -> Any:
        """`call`, or what becomes of it."""
        match self.strikes():
            case "down before":
                raise Unavailable("down")
            case "crash before":
                raise Crash
            case "down after":
                call()
                raise Unavailable("down, but it was done")
            case "crash after":
                call()
                raise Crash
            case "late" if may_be_late:
                self.late.append(call)
                raise Unavailable("it is not known when it will arrive")
            case "twice":
                call()
                return call()
            case _:
                return call()


class FaultyStore:
    """An event store under faults."""

    def __init__(self, store: MemoryEventStore, faults: Faults) -> None:
        self.store, self.faults = store, faults

    def load(self, *args: Any) -> Any:
        return self.faults.around(lambda: self.store.load(*args))

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        beside = (snapshot, guards, earlier)
        self.faults.around(lambda: self.store.append(commit, command_id, *beside))

    def room(self, commit: Commit, command_id: str) -> int:
        return self.store.room(commit, command_id)

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        commits: Sequence[Commit] = self.faults.around(
            lambda: self.store.read(stream, after, limit)
        )
        return commits

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        return self.store.heads(cursor, section)

    def size(self) -> Size:
        return self.store.size()

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        return self.faults.around(lambda: self.store.holder(claim))


class FaultyRows:
    """Rows under faults. A save that is down may have happened, as on DynamoDB; and before one,
    a `rival` may have been at the same rows.
    """

    def __init__(
        self, rows: MemoryRows, faults: Faults, rival: Callable[[Sequence[Row]], None]
    ) -> None:
        self.rows, self.faults, self.rival = rows, faults, rival

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        found: dict[str, Row] = self.faults.around(lambda: self.rows.load(keys))
        return found

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        if self.faults.dice.random() < self.faults.rough:
            self.rival(rows)
        try:
            results: list[SaveResult] = self.faults.around(lambda: self.rows.save(rows))
        except Unavailable as error:
            return [SaveResult(Saved.FAILED, str(error)) for _ in rows]
        return results

    def get(self, key: str) -> Row:
        return self.rows.get(key)

    def page(self, *args: Any) -> list[Row]:
        return self.rows.page(*args)

    def parked(self, limit: int) -> list[Row]:
        return self.rows.parked(limit)


class Bank:
    """A gateway that remembers whose money is where: `held`, `taken` by payment."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.taken: dict[str, int] = {}
        self.closed: set[str] = set()
        self.answers: dict[tuple[str, str], Approved | Refusal] = {}

    def authorise(
        self, key: str, amount: Amount, currency: Currency, method: str
    ) -> Approved | Refusal:
        if method == "card-timeout":
            raise GatewayTimeout("no answer")
        if ("authorise", key) not in self.answers:
            refused = method == "card-declined" or key in self.closed
            self.answers["authorise", key] = (
                Refusal(reason="declined") if refused else Approved(reference=f"a/{key}")
            )
            if not refused:
                self.held[key] = amount
        return self.answers["authorise", key]

    def capture(self, key: str) -> Approved:
        if key in self.held:
            assert key not in self.taken, "taken twice"
            self.taken[key] = self.held.pop(key)
        assert key in self.taken, "taken without being set aside"
        return Approved(reference=f"c/{key}")

    def void(self, key: str) -> Approved:
        assert key not in self.taken, "voided what was taken"
        self.held.pop(key, None)
        self.closed.add(key)
        return Approved(reference=f"v/{key}")

    def refund(self, key: str) -> Approved:
        self.taken.pop(key, None)
        return Approved(reference=f"r/{key}")


@dataclass
class Faulty:
    """A receiver across a bad network: messages and answers are lost, late, repeated."""

    receiver: Receiver
    faults: Faults

    def send(self, message: Message) -> Answer:
        answer: Answer = self.faults.around(lambda: self.receiver.send(message), may_be_late=True)
        return answer


@dataclass
class FaultyBatches(Faulty):
    receiver: BatchReceiver

    def send_all(self, messages: Sequence[Message]) -> Sequence[Reply]:
        replies: Sequence[Reply] = self.faults.around(
            lambda: self.receiver.send_all(messages), may_be_late=True
        )
        return replies


@dataclass
class Lambda:
    """Functions as Lambda runs them: JSON in, JSON out, time that runs out, and some are killed."""

    functions: Callable[[], dict[str, CommandFunction]]
    faults: Faults
    invocations: list[tuple[str, int]] = field(default_factory=list)
    """Of which function, and with how many messages."""

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803
        event = json.loads(Payload)
        self.invocations.append((FunctionName, 1 + len(event.get("more", ()))))
        try:
            reply = self.functions()[FunctionName](event, self)
        except Crash:
            return {"FunctionError": "Unhandled", "Payload": BytesIO()}
        return {"Payload": BytesIO(json.dumps(reply).encode())}

    def get_remaining_time_in_millis(self) -> int:
        return 0 if self.faults.dice.random() < self.faults.rough else 10_000


@dataclass
class Clock:
    now: Instant = START

    def __call__(self) -> Instant:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now = later(self.now, seconds)


@dataclass
class Timers:
    """Rings when it is told to, at any moment, or never."""

    dice: random.Random
    send: Callable[[Message], object]
    pending: dict[str, Message] = field(default_factory=dict)

    def set(self, message: Message, at: Instant) -> None:
        self.pending.setdefault(message.id, message)

    def ring_one(self) -> None:
        if self.pending:
            self.send(self.pending.pop(self.dice.choice(list(self.pending))))


@dataclass
class World:
    """Everything. Orders and products are put in by commands, as users would."""

    dice: random.Random
    rough: float = 0.0

    def __post_init__(self) -> None:
        self.faults = Faults(self.dice, self.rough)
        self.clock = Clock()
        self.bank = Bank()
        self.stores = {name: MemoryEventStore() for name in ("orders", "inventory", "payments")}
        self.rows = {name: MemoryRows() for name in ("checkout", "payment_gateway")}
        self.numbers = iter(range(10**9))
        self.refused = 0
        self.seen: list[Commit] = []  # of orders and payments, in front what was seen first
        self.seen_to: Counter[str] = Counter()

    # The services

    def handler(self, service: str) -> CommandHandler[Any, Any, Any]:
        decider: Any = {"orders": ORDER, "inventory": PRODUCT, "payments": PAYMENT}[service]
        store = FaultyStore(self.stores[service], self.faults)
        return CommandHandler(store, decider, pause=lambda _: None)

    @cached_property
    def functions(self) -> dict[str, CommandFunction]:
        taken = {
            "orders": [("order_id", ConfirmOrder), ("order_id", RejectOrder)],
            "inventory": [("sku", ReserveStock), ("sku", ReleaseStock), ("sku", ShipStock)],
            "payments": [
                ("order_id", command)
                for command in (
                    AuthorisePayment,
                    CapturePayment,
                    VoidPayment,
                    RefundPayment,
                    RecordAnswer,
                )
            ],
        }
        return {
            service: CommandFunction(
                {}, [changes(self.handler(service), command, field) for field, command in commands]
            )
            for service, commands in taken.items()
        }

    @cached_property
    def aws(self) -> Lambda:
        return Lambda(lambda: self.functions, self.faults)

    @cached_property
    def receivers(self) -> dict[str, Faulty]:
        client: Any = lambda: self.aws  # noqa: E731
        services = {
            service: FaultyBatches(LambdaCommands(service, client), self.faults)
            for service in self.stores
        }
        return {**services, "gateway": Faulty(GatewayReceiver(self.bank), self.faults)}

    @cached_property
    def timers(self) -> Timers:
        return Timers(self.dice, lambda message: self.receivers["orders"].send(message))

    # The processes

    def follower(self, name: str) -> ProcessFollower:
        process = checkout(DEADLINE_SECONDS) if name == "checkout" else PAYMENT_GATEWAY
        return ProcessFollower(
            replace(process, clock=self.clock),
            FaultyRows(self.rows[name], self.faults, partial(self.rival, name)),
            {
                "order": FaultyStore(self.stores["orders"], self.faults),
                "payment": FaultyStore(self.stores["payments"], self.faults),
            },
            self.receivers,
            {"orders": self.timers},
            pause=lambda _: None,
        )

    def rival(self, name: str, rows: Sequence[Row]) -> None:
        """Another worker is at the same rows, and delivers what waits there unless it crashes."""
        visit: Hints = {f"{kind}-{row.key}": () for row in rows for kind in ("order", "payment")}
        self.survive(lambda: self.follower(name).catch_up(visit))

    @cached_property
    def followers(self) -> list[ProcessFollower]:
        return [self.follower("checkout"), self.follower("payment_gateway")]

    # What users do

    def command(self, service: str, entity: str, command: object) -> bool:
        """Whether it was accepted. Users try again until they get an answer."""
        number = next(self.numbers)
        envelope = Envelope(
            command_id=f"user-{number}",
            command_type=type(command).__name__,
            fingerprint="",
            actor="user",
            correlation_id=f"request-{number}",
            causation_id=f"request-{number}",
            time=self.clock.now,
        )
        while True:
            try:
                self.handler(service).handle(entity, command, envelope)
            except Refused:
                self.refused += 1
                return False
            except (Unavailable, Conflict, Crash):
                continue
            return True

    # How it goes on

    def commits(self) -> list[Commit]:
        return [
            commit
            for store in self.stores.values()
            for name in names(store)
            for commit in store.read(name)
        ]

    def survive(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (Crash, Unavailable):
            return

    def deliver(self, batch: Sequence[Commit]) -> None:
        hints: dict[str, list[Commit]] = {}
        for commit in batch:
            hints.setdefault(commit.stream, []).append(commit)
        frozen: Hints = hints
        for follower in self.followers:
            self.survive(lambda f=follower: f.catch_up(frozen))  # type: ignore[misc]

    def come_to_rest(self) -> None:
        """Without faults: late messages arrive, no timer rings; audits do the rest."""
        self.faults.rough = 0
        for call in self.faults.late:
            self.survive(call)
        for _ in range(20):
            before = len(self.commits())
            walker = Walker(self.stores, lambda: self.followers, MemoryNotes())
            to_the_end(walker)
            self.clock.forward(DEADLINE_SECONDS)
            for follower in self.followers:
                list(follower.deliver_waiting())
            if len(self.commits()) == before and not any(self.waiting()):
                return
        raise AssertionError(f"does not come to rest: {list(self.waiting())[:5]}")

    def waiting(self) -> Iterator[Row]:
        self.clock.forward(10 * DEADLINE_SECONDS)
        for follower in self.followers:
            for page in follower.waiting():
                yield from page.values()


def names(store: MemoryEventStore) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        heads = store.heads(cursor)
        found += heads.versions
        if heads.cursor is None:
            return found
        cursor = heads.cursor
