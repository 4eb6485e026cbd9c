"""What an answer takes both ways, counted in the functions themselves on moto. `make compare`
reckons with these numbers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from cqrs import inputs, plain
from cqrs.adapters import clients, http_services
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.wiring import LambdaHandler, wired
from cqrs.read.compositions import Reply
from cqrs.write.commands import CommandHandler
from domain import customers, inventory, orders, payments
from scripts.build.terraform.nouns import routes
from scripts.shop.compare.shape import (
    ORDERS,
    PAGE,
    PRODUCTS,
    STORING,
    WORK,
    Storing,
    Way,
    Work,
    order,
    path,
    product,
)
from tests.library.integration.counted import envelope
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_register,
    create_tally_store,
    create_view_store,
)
from tests.library.payloads import dynamodb, http, kinesis_of
from tests.shop.integration.units import Lists, read_units, write_units
from tests.terraform.unit.test_agreements import deciders, views

ADA = "ada"
SERVICES = {decider.category: (service, decider) for service, decider in deciders().items()}
KEPT_IN_TABLES = {name: view for name, view in views().items() if view.kind != "search"}
VIEWS = {name: tuple(view.lists) for name, view in KEPT_IN_TABLES.items() if view.kind == "row"}
KEPT = {Way.VIEW: {"order_history", "product_lookups"}, Way.COMPOSITION: {"placed_orders"}}
QUERIES = ("customers_queries", "inventory_queries", "orders_queries", "payments_queries")


@dataclass
class Shop:
    """Counts what its functions ask of DynamoDB, and of each other."""

    functions: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, CommandHandler[Any, Any, Any]] = field(default_factory=dict)
    stores: dict[str, DynamoDbEventStore] = field(default_factory=dict)
    requests: int = 0
    calls: list[tuple[str, Any, Any]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """As the API does: finds the function that has the route."""
        self.requests += 1
        url = urlsplit(path)
        for pattern, event in _events(url.path, dict(parse_qsl(url.query))):
            if pattern in self.functions:
                answer = self.functions[pattern](event, None)
                found = {name.lower(): value for name, value in answer["headers"].items()}
                return Reply(answer["statusCode"], answer["body"].encode(), found)
        raise AssertionError(f"no route for {path}")

    def send(self, category: str, key: str, command: object, *, opens: bool = False) -> None:
        known = envelope(f"send-{next(self.numbers)}")
        self.commands[category].handle(key, command, known, opens=opens)

    def newest(self, category: str, key: str) -> int:
        return list(self.stores[category].read(f"{category}-{key}"))[-1].version

    def follow(self, category: str, key: str, after: int = 0) -> None:
        """Every commit of a stream on its own, as with little traffic."""
        for commit in self.stores[category].read(f"{category}-{key}", after):
            self.functions["storefront_projector"](kinesis_of(commit), None)
            if category == "order":
                self.functions["orders_projector"](dynamodb(commit), None)

    def taken(self) -> tuple[int, list[tuple[str, Any, Any]]]:
        """The requests and the calls since the last time."""
        taken = self.requests, self.calls
        self.requests, self.calls = 0, []
        return taken


def _events(path: str, query: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """The routes that `path` may belong to, with what their function is invoked with."""
    pieces = path.split("/")
    yield f"GET {path}", http(f"GET {path}", query=query)
    for place in range(2, len(pieces)):
        pattern = "/".join([*pieces[:place], "{id}", *pieces[place + 1 :]])
        yield f"GET {pattern}", http(f"GET {pattern}", id=pieces[place], query=query)


def function_named(name: str) -> LambdaHandler:
    own = {route: "public" for route, function in routes().items() if function == name}
    told = {"ROLES": json.dumps(own), "GROUPS_CLAIM": "-"} if own else {}
    return wired(import_module(f"functions.{name}.handler").app, os.environ | told)


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    client = clients.dynamodb()
    shop = Shop()
    for category, (service, decider) in SERVICES.items():
        create_event_store(client, f"{service}-events")
        create_guard_store(client, f"{service}-guards")
        monkeypatch.setenv(f"{service.upper()}_EVENTS_TABLE", f"{service}-events")
        store = DynamoDbEventStore(f"{service}-events", f"{service}-guards")
        shop.stores[category] = store
        shop.commands[category] = CommandHandler(store, decider, pause=lambda _: None)
    for name, view in KEPT_IN_TABLES.items():
        monkeypatch.setenv(f"{name.upper()}_TABLE", name)
        if view.kind == "tally":
            create_tally_store(client, name)
        else:
            create_view_store(client, name, VIEWS[name])
    create_register(client, "generations", *KEPT_IN_TABLES.values())
    for name, value in {
        "GENERATIONS_TABLE": "generations",
        "ROUTES": "-",
        "SERVICES_URL": "-",
        "DEADLINE_MS": "60000",
        "POWERTOOLS_METRICS_NAMESPACE": "tests",
    }.items():
        monkeypatch.setenv(name, value)

    monkeypatch.setattr(http_services, "HttpServices", lambda url: shop)
    for name in (*QUERIES, "storefront_queries", "storefront_composition"):
        function: Any = function_named(name)
        shop.functions |= dict.fromkeys(function.routes, function)
    for name in ("storefront_projector", "orders_projector"):
        shop.functions[name] = function_named(name)

    events = client.meta.events

    def asked(params: Any, context: Any, **_: Any) -> None:
        context["asked"] = plain.from_json(params["body"])

    def answered(model: Any, parsed: Any, context: Any, **_: Any) -> None:
        shop.calls.append((model.name, context["asked"], parsed))

    events.register("before-call.dynamodb", asked, "asked")
    events.register("after-call.dynamodb", answered, "answered")
    yield shop
    events.unregister("before-call.dynamodb", asked, "asked")
    events.unregister("after-call.dynamodb", answered, "answered")


def fill(shop: Shop) -> list[str]:
    """As the checkout does it, one order after the other. Returns the orders."""
    register = customers.RegisterCustomer(
        customer_id=ADA, name="Ada Lovelace", email="ada@example.com"
    )
    shop.send("customer", ADA, register, opens=True)
    for number in range(PRODUCTS):
        new = inputs.parse(inventory.RegisterProduct, product("1", number))
        shop.send("product", new.sku, new, opens=True)
        shop.send("product", new.sku, inventory.ReceiveStock(sku=new.sku, quantity=1000))
    placed = [f"0b0e8c1e-7f0a-5c3e-9d1b-{number:012}" for number in range(ORDERS)]
    for number, order_id in enumerate(placed):
        go_through(shop, order_id, order("1", ADA, number))
    for category, (_, _) in SERVICES.items():
        for stream in shop.stores[category].heads().versions:
            shop.follow(category, stream.removeprefix(f"{category}-"))
    return placed


def go_through(shop: Shop, order_id: str, placed: dict[str, Any]) -> None:
    new = inputs.parse(orders.PlaceOrder, placed, order_id=orders.OrderId(order_id))
    total = orders.total_of(new.lines)
    shop.send("order", order_id, new, opens=True)
    for line in new.lines:
        reserve = inventory.ReserveStock(
            sku=line.sku,
            order_id=new.order_id,
            quantity=line.quantity,
            unit_price=line.unit_price,
            currency=new.currency,
        )
        shop.send("product", line.sku, reserve)
    authorise = payments.AuthorisePayment(
        order_id=new.order_id, amount=total, currency=new.currency, method=new.payment_method
    )
    approved = payments.RecordAnswer(
        order_id=new.order_id,
        call=payments.GatewayCall.AUTHORISE,
        approved=True,
        reference=f"simulated/authorise/payment-{order_id}",
    )
    confirm = orders.ConfirmOrder(
        order_id=new.order_id,
        reserved=tuple(orders.Reserved(sku=e.sku, quantity=e.quantity) for e in new.lines),
        paid=orders.Paid(amount=total, currency=new.currency, reference=str(approved.reference)),
    )
    shop.send("payment", order_id, authorise)
    shop.send("payment", order_id, approved)
    shop.send("order", order_id, confirm)


def test_answers_and_the_views_behind_them_take_what_is_reckoned_with(shop: Shop) -> None:
    order_id = fill(shop)[0]
    assert {asked: work(shop, path(*asked, order_id, ADA)) for asked in WORK} == WORK
    assert storing(shop) == STORING


def work(shop: Shop, path: str) -> Work:
    shop.get(path, {}, 60)  # a function's first query also looks whether its views are filled
    shop.taken()
    reply = shop.get(path, {}, 60)
    assert reply.status == 200
    is_whole(plain.from_json(reply.body))
    requests, calls = shop.taken()
    return Work(requests=requests, reads=len(calls), units=sum(read_units(*call) for call in calls))


def is_whole(found: Any) -> None:
    assert {part["status"] for part in found.get("parts", {}).values()} <= {"ok"}
    shown = found.get("orders", [found])
    assert len(shown) in (1, PAGE)
    for one in shown:
        assert one["status"] == "confirmed"
        assert one["customer"]["name"] == "Ada Lovelace"
        assert one["payment"]["status"] == "authorised"
        assert all(line["title"] for line in one["lines"])


def storing(shop: Shop) -> dict[Way, Storing]:
    last = order("1", ADA, ORDERS)
    before = {line["sku"]: shop.newest("product", line["sku"]) for line in last["lines"]}
    order_id = "0b0e8c1e-7f0a-5c3e-9d1b-ffffffffffff"
    go_through(shop, order_id, last)
    shop.taken()
    for category in ("order", "payment"):
        shop.follow(category, order_id)
    for sku, version in before.items():
        shop.follow("product", sku, after=version)
    _, calls = shop.taken()
    puts = [asked for operation, asked, _ in calls if operation == "PutItem"]
    kept = {way: [put for put in puts if put["TableName"] in KEPT[way]] for way in Way}
    lists = Lists(VIEWS)
    return {
        way: Storing(writes=len(p), units=sum(write_units("PutItem", put, lists) for put in p))
        for way, p in kept.items()
    }
