"""What following costs: a whole projector in memory against a peer, and on DynamoDB against a bare
write for each commit.

The peer has its own Python process, as it has its own packages; its rounds and ours take turns.
DynamoDB is answered inside botocore, where it would send a request: all but the socket is real.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cache
from importlib import import_module
from pathlib import Path
from subprocess import PIPE
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from cqrs.adapters import clients
from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.entrypoints.wiring import LambdaHandler, wired
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import EventCodec
from cqrs.history.instants import now
from cqrs.history.publisher import records_of
from cqrs.observability import logger
from domain.kernel import Currency, OrderId
from domain.orders import (
    ORDER_EVENTS,
    PLACED_ORDERS,
    Address,
    Line,
    OrderAddressChanged,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
    Paid,
    Reserved,
)
from scripts.shop.bench.figures import Figure, Times, cpu_seconds, in_turn

BATCH = 100  # commits in a batch of Kinesis, as Terraform has it
ROUNDS = 25
PEER = Path(__file__).parent / "peers" / "following.py"
PEERS_PYTHON = Path("build/bench/bin/python")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
}
SETTINGS = {
    "ORDERS_EVENTS_TABLE": "orders_events",
    "PLACED_ORDERS_TABLE": "placed_orders",
    "GENERATIONS_TABLE": "generations",
    "SEARCH_URL": "none",
}
VIENNA = Address(
    name="Ada Lovelace", street="1 Example Street", postal_code="1010", city="Vienna", country="AT"
)
LINES = (
    Line(sku="book-1", quantity=2, unit_price=1250),
    Line(sku="pen", quantity=1, unit_price=99),
)


def figures() -> Iterator[Figure]:
    os.environ |= ENVIRONMENT
    with quiet():
        told = [_against_the_peer(commits) for commits in (1, 4)]
        told += _against_bare_writes()
    yield from told


# In memory, against pyeventsourcing


class _Peer:
    """Follows so many orders, with so many commits each, in its own process."""

    def __init__(self, orders: int, commits: int) -> None:
        command = [str(PEERS_PYTHON), str(PEER), str(orders), str(commits)]
        self._process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True)

    def __call__(self) -> float:
        """The CPU seconds of a round."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("it has no pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def _against_the_peer(commits: int) -> Figure:
    orders = 2_000 // commits
    batches = [
        _batch(_commits(str(n), range(1, commits + 1)) for n in range(first, first + share))
        for share in [BATCH // commits]
        for first in range(0, orders, share)
    ]

    def ours() -> None:
        rows = MemoryRows.of(PLACED_ORDERS)
        function = FollowerFunction([Follower(PLACED_ORDERS, rows, {"order": MemoryEventStore()})])
        for batch in batches:
            function(batch, None)
        _check(len(rows._rows), orders)

    peer = _Peer(orders, commits)
    try:
        times = in_turn(peer, ours, rounds=ROUNDS, timed=lambda work: _timed(peer, work))
    finally:
        peer.close()
    return Figure.speed(
        f"whole projector in memory, {commits} commits a row",
        "ProjectionRunner of pyeventsourcing",
        times,
        3,
        _each(times, 2_000),
    )


def _timed(peer: _Peer, work: Callable[[], object]) -> float:
    return peer() if work is peer else cpu_seconds(work)


# On DynamoDB, against bare writes


class _Stub:
    """Answers for DynamoDB: to a BatchGetItem with the items it has, to a write with nothing. What
    it has answered before it knows by heart.
    """

    def __init__(self) -> None:
        self.items: dict[str, Mapping[str, Any]] = {}
        self.calls = self.writes = 0
        self._known: dict[bytes, bytes] = {}

    def __call__(self, request: Any, **_: Any) -> Any:
        answer: Any = AWSResponse(request.url, 200, HTTPHeaders(), None)
        answer._content = b"{}"
        self.calls += 1
        if request.headers["X-Amz-Target"].endswith(b".BatchGetItem"):
            if request.body not in self._known:
                self._known[request.body] = self._found(json.loads(request.body)["RequestItems"])
            answer._content = self._known[request.body]
        else:
            self.writes += 1
        return answer

    def _found(self, request: Mapping[str, Any]) -> bytes:
        ((table, asked),) = request.items()
        keys = [next(iter(key.values()))["S"] for key in asked["Keys"]]
        there = [self.items[key] for key in keys if key in self.items]
        return json.dumps({"Responses": {table: there}}).encode()


def _against_bare_writes() -> Iterator[Figure]:
    function, stub = orders_projector()
    for commits, goal in ((1, 0.8), (10, 4), (100, 12)):
        times = _projected(function, stub, commits)
        yield Figure.speed(
            f"orders_projector, {commits} commits a row",
            "a bare UpdateItem per commit",
            times,
            goal,
            _each(times, BATCH),
        )


@cache
def orders_projector() -> tuple[LambdaHandler, _Stub]:
    os.environ |= ENVIRONMENT
    stub = _Stub()
    client: Any = clients.dynamodb()
    client.meta.events.register("before-send.dynamodb", stub)
    return wired(import_module("functions.orders_projector.handler").app, SETTINGS), stub


def _projected(function: LambdaHandler, stub: _Stub, commits: int) -> Times:
    """A batch for rows that there are already."""
    orders = [f"{commits}-{n}" for n in range(BATCH // commits)]
    stub.items = _rows(orders)
    batch = _batch(_commits(order, range(2, commits + 2)) for order in orders)
    bare = _bare_writes([str(n) for n in range(BATCH)])

    def ours() -> None:
        stub.writes = 0
        function(batch, None)
        _check(stub.writes, len(orders))

    return in_turn(bare, ours, rounds=ROUNDS)


def _rows(orders: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The items of orders that were placed."""
    rows = MemoryRows.of(PLACED_ORDERS)
    follower = Follower(PLACED_ORDERS, rows, {"order": MemoryEventStore()})
    for order in orders:
        follower.catch_up({f"order-{order}": _commits(order, [1])})
    return {item["row"]["S"]: item for item in rows._rows.values()}


def _bare_writes(keys: Sequence[str]) -> Callable[[], None]:
    client = clients.dynamodb()
    document = json.dumps({"order_id": "7", "status": "placed", "total": 2599, "text": "x" * 500})

    def bare() -> None:
        for key in keys:
            client.update_item(
                TableName="bare",
                Key={"row": {"S": key}},
                UpdateExpression="SET doc = :doc, version = :version",
                ConditionExpression="version = :before",
                ExpressionAttributeValues={
                    ":doc": {"S": document},
                    ":version": {"N": "2"},
                    ":before": {"N": "1"},
                },
            )

    return bare


# What happens


def _commits(order: str, versions: Sequence[int]) -> list[Commit]:
    """The life of an order: placed, moved as often as there is room, confirmed, shipped."""
    stream, last = f"order-{order}", max(versions)
    return [
        Commit.of(stream, n, [_event(OrderId(order), n, last)], _envelope(stream, n), CODEC)
        for n in versions
    ]


def _event(order: OrderId, version: int, last: int) -> object:
    if version == 1:
        return OrderPlaced(
            order_id=order,
            customer_id=f"c-{order[-1]}",
            currency=Currency.EUR,
            lines=LINES,
            address=VIENNA,
            payment_method="card-on-file",
        )
    if version == last and last > 2:
        return OrderShipped(order_id=order)
    if version == last - 1:
        paid = Paid(amount=2599, currency=Currency.EUR, reference="auth-1")
        reserved = tuple(Reserved(sku=line.sku, quantity=line.quantity) for line in LINES)
        return OrderConfirmed(order_id=order, reserved=reserved, paid=paid)
    return OrderAddressChanged(order_id=order, customer_id="c-1", address=VIENNA)


CODEC = EventCodec(ORDER_EVENTS)


def _envelope(stream: str, version: int) -> Envelope:
    return Envelope(
        command_id=f"{stream}-{version}".ljust(16, "-"),
        command_type="ChangeOrder",
        fingerprint="fingerprint12345",
        actor="ada@example.com",
        correlation_id="JKJaXmPLvHcESHA=",
        causation_id="JKJaXmPLvHcESHA=",
        time=now(),
    )


def _batch(histories: Iterator[Sequence[Commit]]) -> dict[str, Any]:
    """What Lambda hands to a follower: a record per row, as the publisher makes them."""
    records = records_of(commit for history in histories for commit in history)
    return {
        "Records": [
            {
                "eventSource": "aws:kinesis",
                "kinesis": {
                    "sequenceNumber": str(number),
                    "partitionKey": record.key,
                    "data": base64.b64encode(record.data).decode(),
                },
            }
            for number, record in enumerate(records)
        ]
    }


def new_orders(first: int, number: int) -> dict[str, Any]:
    """A batch with the first commits of so many orders."""
    return _batch(_commits(str(order), [1]) for order in range(first, first + number))


# What is told


def _check(done: int, expected: int) -> None:
    """Raises RuntimeError: what does less is faster."""
    if done != expected:
        raise RuntimeError(f"{done} rows were saved, not {expected}")


def _each(times: Times, events: int) -> str:
    return f"{min(times.ours) / events * 1e6:.1f} us a commit, against {_us(times.floor, events)}"


def _us(seconds: Sequence[float], events: int) -> str:
    return f"{min(seconds) / events * 1e6:.1f}"


@contextmanager
def quiet() -> Iterator[None]:
    """Logs and metrics are made as ever, and go nowhere."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        logged = logger().handlers[0]
        before = logged.setStream(nowhere)  # type: ignore[attr-defined]
        try:
            yield
        finally:
            logged.setStream(before)  # type: ignore[attr-defined]
