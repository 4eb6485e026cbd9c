"""The model of what walks cost, compared with walks over stores of a thousandth of the size: what
moto is asked is counted, and its units are computed from the sizes of items, as DynamoDB does. (The
capacity that moto says was consumed is a constant.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import boto3
import moto.dynamodb.models.table as moto_table
import pytest

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_generations import DynamoDbGenerations
from cqrs.adapters.dynamodb_notes import DynamoDbNotes
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.adapters.items import size_of
from cqrs.follow.estimates import (
    PAGE_BYTES,
    READ_BYTES,
    WRITE_BYTES,
    Estimate,
    Limits,
    Walked,
    audit,
    rebuild,
)
from cqrs.follow.followers import Follower
from cqrs.follow.generations import Compared, Generations
from cqrs.follow.walker import Walker
from cqrs.follow.walks import Run, Work
from cqrs.history.commits import Commit
from cqrs.history.event_store import Size
from cqrs.history.events import EventCodec, EventTypes, Instant, Recorded
from cqrs.history.instants import now
from cqrs.plain import Value, replace
from cqrs.views.rows import Fold, Generation, RowView
from cqrs.views.tallies import Cell, TallyView
from tests.library.integration.counted import envelope
from tests.library.integration.tables import create_event_store, create_tally_store

STORES = {"customer": 2_000_000, "product": 2_000_000, "order": 8_000_000, "payment": 4_000_000}
COMMITS = {"customer": 1, "product": 10, "order": 9, "payment": 8}  # of each stream
COMMIT_BYTES = 6_000  # few large ones, for moto looks at all of them in each query
LIMITS = Limits(segment_bytes=3_990_000)  # three legs in the largest store, one in each other
LONG_AGO = Instant("2020-01-01T00:00:00.000000Z")


class Counted(Value):
    number: int = 1


class Sum(Value):
    number: int = 0


def add(total: Sum, recorded: Recorded[Counted]) -> Sum:
    return Sum(number=total.number + recorded.event.number)


def fold_of(category: str) -> Fold[Sum, Counted]:
    types = EventTypes(category)
    types.event()(Counted)
    return Fold(category=category, events=types, state=Sum, initial=Sum(), evolve=add)


FOLDS = {category: fold_of(category) for category in STORES}
EVERYTHING = RowView(
    name="everything", folds=list(FOLDS.values()), render=lambda states: {"key": states.key}
)
CUSTOMERS = RowView(
    name="customers", folds=[FOLDS["customer"]], render=lambda states: {"key": states.key}
)
COPY = Generation(1, 1)
COPY_OF_CUSTOMERS = CUSTOMERS.at(COPY)
PRODUCTS = TallyView(
    name="products",
    folds=[FOLDS["product"]],
    counted=lambda states: {Cell("all", "all"): {"number": states[FOLDS["product"]].number}},
)


@dataclass
class Bill:
    pages: int = 0
    calls: int = 0
    read_units: float = 0
    write_units: float = 0


@dataclass
class Meter:
    """Counts what DynamoDB is asked, and would bill."""

    client: Any = field(default_factory=lambda: boto3.client("dynamodb"))
    bill: Bill = field(default_factory=Bill)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-call.dynamodb", self._asked)
        self.client.meta.events.register("after-call.dynamodb", self._answered)

    def _asked(self, model: Any, params: Any, **_: Any) -> None:
        request = json.loads(params["body"])
        self.bill.calls += 1
        self.bill.pages += model.name == "Scan"
        if model.name == "PutItem":
            self.bill.write_units += ceil(size_of(request["Item"]) / WRITE_BYTES)
        if model.name == "BatchGetItem":  # what is not there costs a unit, too
            self.bill.read_units += sum(
                len(asked["Keys"]) for asked in request["RequestItems"].values()
            )

    def _answered(self, model: Any, parsed: Any, **_: Any) -> None:
        if model.name == "Scan":
            self.bill.read_units += ceil(parsed["ScannedCount"] * COMMIT_BYTES / READ_BYTES) / 2
        if model.name == "Query":
            self.bill.read_units += ceil(sum(map(size_of, parsed["Items"])) / READ_BYTES)
        if model.name == "BatchGetItem":
            items = [item for found in parsed["Responses"].values() for item in found]
            self.bill.read_units += sum(ceil(size_of(item) / READ_BYTES) - 1 for item in items)


class Weighed(DynamoDbEventStore):
    """moto says that tables have no bytes."""

    def size(self) -> Size:
        size = super().size()
        return replace(size, bytes=size.commits * COMMIT_BYTES)


@dataclass
class Shop:
    meter: Meter
    stores: dict[str, Weighed] = field(default_factory=dict)
    equal: int = 0  # rows that the last walk has compared

    def __post_init__(self) -> None:
        client = self.meter.client
        for name, size in STORES.items():
            create_event_store(client, name)
            self.stores[name] = Weighed(name, client=self.client)
            streams = size // COMMIT_BYTES // COMMITS[name]
            self.append(name, range(streams), range(1, COMMITS[name] + 1), LONG_AGO)
        tables = {"everything": "row", "customers": "row", "notes": "row", "generations": "view"}
        for table, key in tables.items():
            client.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            )
        create_tally_store(client, "products")
        self.followers = [self.follower(view) for view in (EVERYTHING, CUSTOMERS, PRODUCTS)]
        register = DynamoDbGenerations("generations", self.client)
        self.generations = Generations([CUSTOMERS], self.kept, register)

    def kept(self, view: Any) -> DynamoDbRows:
        kind = DynamoDbTallies if view.name == PRODUCTS.name else DynamoDbRows
        return kind(view.name, view.scope, (), self.client)

    def follower(self, view: Any) -> Follower:
        return Follower(view, self.kept(view), self.stores)

    def client(self) -> Any:
        return self.meter.client

    def append(self, name: str, keys: range, versions: range, time: Instant) -> None:
        said = replace(envelope("any"), time=time)
        codec = EventCodec(FOLDS[name].events)
        body = Commit.of(f"{name}-any", 1, [Counted()], said, codec).body
        requests = []
        for key in keys:
            for version in versions:
                item = {
                    "stream": {"S": f"{name}-{key:04}"},
                    "version": {"N": str(version)},
                    "body": {"S": body},
                    "command": {"S": ""},
                }
                item["command"]["S"] = "-" * (COMMIT_BYTES - size_of(item))
                requests.append({"PutRequest": {"Item": item}})
        for start in range(0, len(requests), 25):
            batch = {name: requests[start : start + 25]}
            assert not self.client().batch_write_item(RequestItems=batch)["UnprocessedItems"]

    def walk(self, work: Work) -> tuple[Run, Bill]:
        """A whole walk, and what it took."""
        self.meter.bill = Bill()
        walker = Walker(
            self.stores,
            lambda: self.followers,
            DynamoDbNotes("notes", self.client),
            segment_bytes=LIMITS.segment_bytes,
            compare=self.compare,
        )
        run, _ = walker.start(work)
        for leg in run.legs:
            assert walker.step(run.ticket, leg, lambda: False).done
        run = walker.end(run.ticket)
        assert run.ended
        assert not run.gave_up
        self.equal = sum(leg.equal for leg in walker.progress(run))
        bill, self.meter.bill = self.meter.bill, Bill()
        return run, bill

    def compare(self, follower: Follower, streams: Iterable[str]) -> Compared:
        return self.generations.compare(CUSTOMERS, COPY, follower, streams)

    def walked(self, streams: dict[str, int], *followers: Follower) -> list[Walked]:
        """What the model is asked."""
        follow = [{fold.category for fold in each.view.folds} for each in followers]
        return [
            Walked(
                size=store.size(),
                streams=streams[name],
                views=sum(name in categories for categories in follow),
                compared=int([each.view for each in followers] == [COPY_OF_CUSTOMERS]),
            )
            for name, store in self.stores.items()
            if any(name in categories for categories in follow)
        ]


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(moto_table, "RESULT_SIZE_LIMIT", PAGE_BYTES)  # of moto 1,000,000
    return Shop(Meter())


def assert_about(estimate: Estimate, bill: Bill) -> None:
    estimated = {name: getattr(estimate, name) for name in vars(bill)}
    assert estimated == pytest.approx(vars(bill), rel=0.1)


def test_walks_cost_what_the_model_says(shop: Shop) -> None:
    streams = {name: size // COMMIT_BYTES // COMMITS[name] for name, size in STORES.items()}
    rows, customers, _ = shop.followers

    # 1. Rows are made from nothing.
    for follower in (rows, customers):
        _, bill = shop.walk(Work(kind="fill", targets=(follower.view.scope,)))
        assert_about(rebuild(shop.walked(streams, follower), LIMITS, write_units=1), bill)
    shop.walk(Work(kind="fill", targets=(PRODUCTS.scope,)))

    # 2. They are made again beside those that there are, and compared.
    assert shop.generations.make(CUSTOMERS) == CUSTOMERS.edition
    shop.generations.filled(CUSTOMERS, CUSTOMERS.edition)
    assert shop.generations.make(CUSTOMERS) == COPY
    shop.followers.append(shop.follower(COPY_OF_CUSTOMERS))
    run, bill = shop.walk(Work(kind="rebuild", targets=(COPY_OF_CUSTOMERS.scope,)))
    assert shop.equal == streams["customer"]
    assert_about(rebuild(shop.walked(streams, shop.followers.pop()), LIMITS, write_units=1), bill)

    # 3. The first audit looks at all streams.
    run, bill = shop.walk(Work(kind="audit"))
    assert run.since is None
    assert_about(audit(shop.walked(streams, *shop.followers), LIMITS), bill)

    # 4. The next one looks at those that had commits since.
    changed = {"customer": 40, "product": 1, "order": 30, "payment": 2}
    for name, number in changed.items():
        keys = range(0, number * (streams[name] // number), streams[name] // number)
        shop.append(name, keys, range(COMMITS[name] + 1, COMMITS[name] + 2), now())
        for follower in shop.followers:
            follower.catch_up({f"{name}-{key:04}": () for key in keys})
    run, bill = shop.walk(Work(kind="audit"))
    assert run.since is not None
    assert_about(audit(shop.walked(changed, *shop.followers), LIMITS), bill)
