"""The shop in memory, wired as its functions wire it, and what every answer over HTTP must be."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cqrs.adapters.memory import MemoryEventStore, MemoryPublisher, MemoryRows
from cqrs.entrypoints.commands import changes, opens
from cqrs.entrypoints.http import HttpFunction, no_such_route
from cqrs.entrypoints.queries import one_of, page_of, row_of
from cqrs.entrypoints.streams import FollowerFunction, PublisherFunction
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.views.rows import RowReader
from cqrs.write.commands import CommandHandler
from cqrs.write.decider import Decider
from domain.orders import ORDER, CancelOrder, ChangeAddress, OrderStatus, PlaceOrder
from domain.storefront import (
    BY_CUSTOMER,
    BY_STATUS,
    CUSTOMER_LOOKUPS,
    ORDER_HISTORY,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
)
from tests.fixtures.payloads import http

GENERATION = "order_history#1"
KNOWN = (
    "GET /orders,GET /orders/{id},POST /orders,POST /orders/{id}/cancel,PUT /orders/{id}/address"
)

ADDRESS = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}
ORDER_OF_BOOKS: dict[str, Any] = {
    "customer_id": "c-1",
    "currency": "EUR",
    "lines": [{"sku": "book-1", "quantity": 2, "unit_price": 1250}],
    "address": ADDRESS,
}


@dataclass(frozen=True)
class Answer:
    """An answer as API Gateway gets it; `text` is the body."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class Shop:
    store: EventStore = field(default_factory=MemoryEventStore)
    payments: EventStore = field(default_factory=MemoryEventStore)
    customers: EventStore = field(default_factory=MemoryEventStore)
    inventory: EventStore = field(default_factory=MemoryEventStore)
    rows: MemoryRows = field(default_factory=MemoryRows)
    customer_lookups: MemoryRows = field(default_factory=MemoryRows)
    product_lookups: MemoryRows = field(default_factory=MemoryRows)
    reader: RowReader | None = None  # instead of `rows`, where a query finds them
    scope: str = GENERATION
    decider: Decider[Any, Any, Any] = ORDER
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    requests: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @cached_property
    def commands(self) -> HttpFunction:
        orders = CommandHandler(self.store, self.decider, pause=lambda _: None)
        return HttpFunction(
            {
                "POST /orders": opens(orders, PlaceOrder, "order_id", "/orders/{id}"),
                "POST /orders/{id}/cancel": changes(orders, CancelOrder, "order_id"),
                "PUT /orders/{id}/address": changes(orders, ChangeAddress, "order_id"),
            }
        )

    @cached_property
    def queries(self) -> HttpFunction:
        orders = Reader(ORDER_HISTORY, self.reader or self.rows, self.stores)
        lookups = Joiner(
            [
                (ORDER_WITH_CUSTOMER, self.customer_lookups),
                (ORDER_WITH_TITLES, self.product_lookups),
            ],
            self.stores,
        )
        status = one_of("status", OrderStatus)
        of_customer = page_of(orders, self.scope, BY_CUSTOMER, "orders", lookups)
        return HttpFunction(
            {
                "GET /orders": page_of(orders, self.scope, BY_STATUS, "orders", lookups, status),
                "GET /orders/{id}": row_of(orders, "order", lookups),
                "GET /customers/{id}/orders": of_customer,
                "$default": no_such_route(KNOWN),
            }
        )

    @cached_property
    def stores(self) -> dict[str, Any]:
        return {
            "order": self.store,
            "payment": self.payments,
            "customer": self.customers,
            "product": self.inventory,
        }

    @cached_property
    def follower(self) -> Follower:
        return Follower(ORDER_HISTORY, self.rows, self.stores)

    @cached_property
    def publishing(self) -> PublisherFunction:
        return PublisherFunction(self.publisher)

    @cached_property
    def projecting(self) -> FollowerFunction:
        return FollowerFunction([self.follower])

    def command(self, route: str, **request: Any) -> Answer:
        """Sends a command in a request of its own: `request-1`, `request-2` ..."""
        number = {"request_id": f"request-{next(self.requests)}"}
        return ask(self.commands, http(route, **number | request))

    def query(self, route: str, **request: Any) -> Answer:
        return ask(self.queries, http(route, **request))

    def place(self, key: str = "key-1", **changed: object) -> str:
        """Places an order; its id."""
        placed = self.command(
            "POST /orders", body=ORDER_OF_BOOKS | changed, headers={"idempotency-key": key}
        )
        assert placed.status == 201, placed
        return str(placed.body["order_id"])

    def follow(self, *orders: str) -> None:
        """Lets the view catch up with these orders."""
        assert not self.follower.catch_up({f"order-{order}": () for order in orders}).failed

    def follow_lookups(self, *streams: str) -> None:
        """Lets the lookups catch up with these customers and products."""
        hints: dict[str, tuple[Commit, ...]] = dict.fromkeys(streams, ())
        Follower(CUSTOMER_LOOKUPS, self.customer_lookups, self.stores).catch_up(hints)
        Follower(PRODUCT_LOOKUPS, self.product_lookups, self.stores).catch_up(hints)


class BrokenStore(MemoryEventStore):
    """A store that fails with `error`, whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def _fail(self) -> None:
        if self.error:
            raise self.error

    def load(self, *args: Any, **kwargs: Any) -> Any:
        self._fail()
        return super().load(*args, **kwargs)

    def append(self, *args: Any, **kwargs: Any) -> None:
        self._fail()
        super().append(*args, **kwargs)

    def read(self, *args: Any, **kwargs: Any) -> Any:
        self._fail()
        return super().read(*args, **kwargs)


class BrokenRows(MemoryRows):
    """Rows that can't be loaded while `down`."""

    down = True

    def load(self, *args: Any, **kwargs: Any) -> Any:
        if self.down:
            raise Unavailable("the table is down")
        return super().load(*args, **kwargs)

    def get(self, key: str) -> Any:
        return self.load([key])[key]


def ask(function: HttpFunction, event: dict[str, Any]) -> Answer:
    """Invokes `function`, and asserts what holds for all answers."""
    answer = json.loads(json.dumps(function(event, None), ensure_ascii=False).encode())
    assert answer.keys() == {"statusCode", "headers", "body"}
    assert all(isinstance(value, str) for value in answer["headers"].values())
    assert answer["headers"]["X-Correlation-Id"]
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem document in `answer`, which is a complete and discreet one."""
    assert (answer.status, answer.body.get("code")) == (status, code), answer
    problem: dict[str, Any] = answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem.keys() - {"errors"} == {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "correlation_id",
    }
    assert problem["type"] == f"urn:problem-type:{code}"
    assert problem["status"] == status
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert problem["title"]
    assert problem["detail"].endswith(".")
    for word in ("Traceback", 'File "', ".py", "Error(", "Exception"):
        assert word not in answer.text
    return problem


def pointers(problem: dict[str, Any]) -> dict[str, str]:
    """Where an input is wrong, and how."""
    return {fault["pointer"]: fault["detail"] for fault in problem["errors"]}
