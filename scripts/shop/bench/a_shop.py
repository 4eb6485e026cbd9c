"""A shop with one order, for benchmarks: what its tables have, and what is asked of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from cqrs import plain
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.items import Items
from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.entrypoints.http import HttpFunction, _request
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import Instant
from cqrs.history.idempotency import command_id_of, entity_id_of
from cqrs.plain import replace
from cqrs.views.generations import Copy, Known
from cqrs.views.rows import RowView
from cqrs.write.commands import CommandHandler
from domain import storefront
from domain.customers import CUSTOMER, RegisterCustomer
from domain.inventory import PRODUCT, RegisterProduct
from domain.kernel import Currency, OrderId
from domain.orders import ORDER, Address, ChangeAddress, Line, PlaceOrder
from scripts.build.terraform.nouns import roles, routes

__all__ = [
    "ENVIRONMENT",
    "again",
    "answers",
    "authorising",
    "commits",
    "get",
    "history",
    "move",
    "place",
    "post",
    "put",
]

SUBJECT = "4b1c6f3e-8d0a-4f43-a9f1-2f5f9a1d7c11"
ACCOUNT = entity_id_of(f"jwt:{SUBJECT}", "account", "")
NOON = Instant("2026-01-01T12:00:00.000000Z")
VIENNA = Address(
    name="Ada Lovelace",
    street="1 Example Street",
    postal_code="1010",
    city="Vienna",
    country="AT",
)
ORDER_7 = PlaceOrder(
    order_id=OrderId("7"),
    customer_id=ACCOUNT,
    currency=Currency.EUR,
    lines=(
        Line(sku="book-1", quantity=2, unit_price=1250),
        Line(sku="pen", quantity=1, unit_price=99),
    ),
    address=VIENNA,
)
ROLES = {
    route: roles()[route]
    for route, function in routes().items()
    if function in ("orders_commands", "storefront_queries")
}
VIEWS = (storefront.ORDER_HISTORY, storefront.CUSTOMER_LOOKUPS, storefront.PRODUCT_LOOKUPS)
SERVICES = ("orders", "payments", "customers", "inventory")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    **{f"{service.upper()}_EVENTS_TABLE": service for service in SERVICES},
    **{f"{view.name.upper()}_TABLE": view.name for view in VIEWS},
    "SALES_TABLE": "sales",
    "GENERATIONS_TABLE": "generations",
    "GROUPS_CLAIM": "cognito:groups",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "ROLES": plain.to_json(ROLES),
    "ROUTES": ",".join(ROLES),
}
_sent = itertools.count(1)
Commands = CommandHandler[Any, Any, Any]
Event = dict[str, Any]


# What its tables have


class _Written:
    """A client of DynamoDB that keeps what it is told to put."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def put_item(self, **put: Any) -> None:
        self.items.append(put["Item"])


def history(commits: int) -> Sequence[Any]:
    """The items of the order's stream, newest first: it was placed and then moved."""
    written: Any = _Written()
    memory = MemoryEventStore()

    class Store(MemoryEventStore):
        def append(self, *args: Any, **how: Any) -> None:
            memory.append(*args, **how)
            DynamoDbEventStore("orders", client=lambda: written).append(*args, **how)

        load = memory.load

    commands: Commands = CommandHandler(Store(), ORDER)
    place(commands, "7")
    for _ in range(commits - 1):
        move(commands)
    newest_first: Sequence[Any] = written.items[::-1]
    return newest_first


def commits(number: int) -> Sequence[Commit]:
    """The order's, which was placed and then moved."""
    store = MemoryEventStore()
    commands: Commands = CommandHandler(store, ORDER)
    place(commands, "7")
    for _ in range(number - 1):
        move(commands)
    return store.read("order-7")


def answers(commits: int) -> dict[str, Any]:
    """What DynamoDB answers of an order with so many commits, its row and its lookups."""
    items = history(commits)
    store = MemoryEventStore()
    place(CommandHandler(store, ORDER), "7")
    ada = RegisterCustomer(customer_id=ACCOUNT, name="Ada Lovelace", email="ada@example.com")
    CommandHandler(store, CUSTOMER).handle(ACCOUNT, ada, envelope(), opens=True)
    for sku in ("book-1", "pen"):
        product = RegisterProduct(
            sku=sku,
            title="On engines",
            description="Notes on a machine.",
            tags=(),
            price=1250,
            currency=Currency.EUR,
        )
        CommandHandler(store, PRODUCT).handle(sku, product, envelope(), opens=True)
    (row,) = _rows(storefront.ORDER_HISTORY, store, "order-7")
    customers = _rows(storefront.CUSTOMER_LOOKUPS, store, f"customer-{ACCOUNT}")
    products = _rows(storefront.PRODUCT_LOOKUPS, store, "product-book-1", "product-pen")
    lookups = {"customer_lookups": customers, "product_lookups": products}
    return {
        "Query orders": {"Items": items, "Count": len(items)},
        "GetItem order_history": {"Item": row},
        "BatchGetItem customer_lookups": {"Responses": lookups, "UnprocessedKeys": {}},
        "BatchGetItem product_lookups": {"Responses": lookups, "UnprocessedKeys": {}},
        "BatchGetItem generations": {
            "Responses": {"generations": [_registered(view) for view in VIEWS]},
            "UnprocessedKeys": {},
        },
    }


def _rows(view: RowView, store: MemoryEventStore, *streams: str) -> list[Any]:
    rows = MemoryRows.of(view)
    stores = dict.fromkeys((fold.category for fold in view.folds), store)
    Follower(view, rows, stores).catch_up({stream: [] for stream in streams})
    items = Items(view.scope, view.lists)
    found = rows.load([view.key_of(stream) for stream in streams])
    return [items.item(row) for row in found.values()]


def _registered(view: RowView) -> Any:
    copy = Copy(generation=view.edition, made=NOON, filled=NOON, lists=(*view.lists,))
    known = Known(active=view.edition, since=NOON, live=(copy,), newest=(view.edition,))
    content = plain.to_json(plain.dump(known))
    return {"view": {"S": view.name}, "revision": {"N": "1"}, "content": {"S": content}}


# What is asked of it


def envelope() -> Envelope:
    return Envelope(
        command_id=command_id_of(f"jwt:{SUBJECT}", f"key-{next(_sent)}"),
        command_type="AnyCommand",
        fingerprint="abcdefghijklmnop",
        actor=f"jwt:{SUBJECT}",
        correlation_id="JKJaXmPLvHcESHA=",
        causation_id="JKJaXmPLvHcESHA=",
        time=NOON,
    )


def place(commands: Commands, order: str = "8") -> object:
    command = replace(ORDER_7, order_id=OrderId(order))
    return commands.handle(order, command, envelope(), opens=True)


def move(commands: Commands, order: str = "7") -> object:
    address = replace(VIENNA, street=f"{next(_sent)} Example Street")
    return commands.handle(
        order, ChangeAddress(order_id=OrderId(order), address=address), envelope()
    )


def post() -> Event:
    order: dict[str, Any] = plain.dump(ORDER_7)
    body = {name: order[name] for name in ("currency", "lines", "address")}
    return _http("POST /orders", "/orders", body)


def put() -> Event:
    """To the same address but for a number, which `again` counts."""
    address = plain.dump(replace(VIENNA, street="%d Example Street"))
    return _http("PUT /orders/{id}/address", "/orders/7/address", {"address": address})


def get() -> Event:
    return _http("GET /orders/{id}", "/orders/7")


def again(event: Event) -> Event:
    """The same as another request, at as little cost as there can be."""
    n = next(_sent)
    event["headers"]["idempotency-key"] = f"key-{n}"
    body = event.get("body", "")
    return {**event, "body": body % n} if "%d" in body else event


def authorising() -> Callable[[], object]:
    """To admit a request, and to tell what is its caller's."""
    from cqrs.entrypoints.callers import Role

    route, request = "POST /orders", _request(post())

    def answer(_: Any) -> Any: ...

    answer.owned = True  # type: ignore[attr-defined]
    function = HttpFunction({route: answer})
    function.open_to({route: Role.CUSTOMER}, "cognito:groups")
    return lambda: function._admitted(request).caller.owns(ACCOUNT)


def _http(route: str, path: str, body: object = None) -> Event:
    """As API Gateway hands it to a function."""
    method = route.partition(" ")[0]
    event: Event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
            "authorization": "Bearer " + "x" * 900,
            "content-length": "2",
            "content-type": "application/json",
            "host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "idempotency-key": f"key-{next(_sent)}",
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-65a1b2c3-0123456789abcdef01234567",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authorizer": {"jwt": {"claims": {"sub": SUBJECT, "token_use": "access"}}},
            "domainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if "{id}" in route:
        event["pathParameters"] = {"id": "7"}
    if body is not None:
        event["body"] = plain.to_json(body)
    return event
