"""Personal data stays out of what leaves the shop beside its answers and its stores: log lines,
metrics, texts of errors, marks, notes. Every personal value that goes in has a mark here, and none
comes out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from moto import mock_aws

from cqrs.adapters import clients
from cqrs.entrypoints.commands import CommandFunction
from cqrs.entrypoints.wiring import Wiring
from cqrs.follow.process_managers import ProcessManager
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.settings import Settings
from cqrs.views.rows import RowView
from cqrs.views.sources import Source
from cqrs.views.tallies import TallyView
from scripts.build.terraform.nouns import routes
from tests.library.payloads import dynamodb, kinesis, kinesis_of, on_failure, unrouted
from tests.shop.integration.marked import (
    ADDRESS,
    EMAIL,
    FAULTS,
    FUNCTIONS,
    ID,
    MARKED,
    NAME,
    PHONE,
    PROCESSES,
    VIEWS,
    WRITES,
    Heard,
    Meant,
    Shop,
    environment,
    hearing,
    http_answer,
    raced,
    replied,
)

FOLLOWERS = (
    "orders_projector",
    "storefront_projector",
    "storefront_indexer",
    "checkout_process",
    "payments_gateway",
)
MONEY = {"amount": 2500, "currency": "EUR"}
TERMS = {**MONEY, "method": "card of Zqmark"}
LINE = {"sku": "book-1", "quantity": 2, "unit_price": 1250}
RESERVE = {**LINE, "currency": "EUR"}
del RESERVE["sku"]


@pytest.fixture(scope="module")
def everything() -> Iterator[tuple[Heard, Shop]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws(), hearing() as heard:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "POWERTOOLS_SERVICE_NAME"):
            patch.setenv(name, "test")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        shop = Shop(heard, patch)
        live(shop)
        yield heard, shop
        clients.dynamodb().meta.events.unregister("before-call.dynamodb", unique_id="marked")


@pytest.fixture
def heard(everything: tuple[Heard, Shop]) -> Heard:
    return everything[0]


@pytest.fixture
def shop(everything: tuple[Heard, Shop], capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    """After each test, what has left the shop meanwhile is looked at."""
    heard, shop = everything
    yield shop
    shop.fault = shop.search.fault = shop.services.fault = None
    shop.receive = shop._invoked
    told = {
        "logs": heard.lines.getvalue(),
        "printed": capsys.readouterr().out,
        "raised": "\n".join(heard.raised),
        "kept": "\n".join([*heard.kept, *marks_and_notes()]),
    }
    heard.lines.truncate(0)
    heard.lines.seek(0)
    heard.raised.clear()
    heard.kept.clear()
    found = [
        f"{where}: {line[:400]}"
        for where, text in told.items()
        for line in text.splitlines()
        if MARKED.search(line) or ID in Meant.STREAMS.sub("", line)
    ]
    assert not found, "\n".join(found[:40])


def marks_and_notes() -> Iterator[str]:
    """The marks of parked streams, and the notes of walks."""
    for table, name in [
        *((f"{view.name}-table", "parked") for view in VIEWS if view.kind != "search"),
        *((f"{process}-table", "parked") for process in PROCESSES),
        ("walks_table", "note"),
    ]:
        items = clients.dynamodb().scan(TableName=table)["Items"]
        yield from (str(item[name]) for item in items if name in item)


def live(shop: Shop) -> None:
    """Everything happens that is allowed: every route is asked, and answers well."""
    customer = shop.asks("POST /customers", body={"name": NAME, "email": EMAIL})["customer_id"]
    shop.asks("PUT /customers/{id}/name", customer, {"name": f"{NAME} King"})
    shop.asks("PUT /customers/{id}/email", customer, {"email": f"ada.{EMAIL}"})
    for sku in ("book-1", ID):
        book = {"title": NAME, "description": PHONE, "tags": [NAME]}
        book |= {"sku": sku, "price": 1000, "currency": "EUR"}
        shop.asks("POST /products", body=book)
        shop.asks("PUT /products/{id}/price", sku, {"price": 1250})
        shop.asks("POST /products/{id}/receive", sku, {"quantity": 100})
    order = {"customer_id": customer, "currency": "EUR", "lines": [LINE], "address": ADDRESS}

    def place(method: str) -> str:
        body = {**order, "payment_method": method}
        return str(shop.asks("POST /orders", body=body)["order_id"])

    shipped, cancelled, rejected = (place(TERMS["method"]) for _ in range(3))  # type: ignore[arg-type]
    shop.asks("PUT /orders/{id}/address", shipped, {"address": ADDRESS | {"city": NAME}})
    covered = {
        "reserved": [{"sku": "book-1", "quantity": 2}],
        "paid": {**MONEY, "reference": NAME},
    }
    shop.asks("POST /orders/{id}/confirm", shipped, covered)
    shop.asks("POST /orders/{id}/ship", shipped)
    shop.asks("POST /orders/{id}/deliver", shipped)
    shop.asks("POST /orders/{id}/cancel", cancelled, {"reason": f"call {PHONE}"})
    refusal = {"reason": "not_possible", "detail": f"call {PHONE}"}
    shop.asks("POST /orders/{id}/reject", rejected, refusal)
    for by_hand in (ID, "second", "third"):
        shop.asks("POST /products/{id}/reserve", "book-1", {**RESERVE, "order_id": by_hand})
    shop.asks("POST /products/{id}/release", "book-1", {"order_id": "second"})
    shop.asks("POST /products/{id}/ship", "book-1", {"order_id": "third"})
    approved = {"approved": True, "reference": NAME}
    for payment, last in ((ID, "refund"), ("second", "void")):
        shop.asks("POST /payments/{id}/authorise", payment, TERMS)
        answer = {"order_id": payment, **approved}
        shop.tell("payments", "RecordAnswer", {**answer, "call": "authorise"})
        if last == "refund":
            shop.asks("POST /payments/{id}/capture", payment)
            shop.tell("payments", "RecordAnswer", {**answer, "call": "capture"})
        shop.asks(f"POST /payments/{{id}}/{last}", payment)
    place("card-declined")
    shop.before = shop.commits()
    follow(shop)
    ask_all(shop, customer, shipped)
    look_after(shop, start="audit", everything=True)
    look_after(shop, start="redrive")


def ask_all(shop: Shop, customer: str, order: str) -> None:
    shop.asks("GET /health")
    shop.ask("GET /docs")
    for route, id_ in {
        "GET /customers/{id}": customer,
        "GET /products/{id}": ID,
        "GET /payments/{id}": ID,
        "GET /order-facts/{id}": order,
        "GET /orders/{id}": order,
        "GET /customers/{id}/orders": customer,
        "GET /composed/orders/{id}": order,
        "GET /composed/customers/{id}/orders": customer,
    }.items():
        shop.asks(route, id_)
    shop.asks("GET /customers", query={"id": f"{customer},{ID}"})
    shop.asks("GET /products", query={"sku": ID})
    shop.asks("GET /payments", query={"order": ID})
    shop.asks("GET /order-facts", query={"customer": customer})
    shop.asks("GET /orders", query={"status": "cancelled", "limit": "1"})
    shop.asks("GET /sales/products")
    shop.asks("GET /search/orders", query={"q": f"{NAME} {EMAIL} {PHONE}"})


def follow(shop: Shop, *commits: Commit) -> None:
    """Publishes commits, or all that there are, and lets everybody follow."""
    commits = commits or tuple(shop.commits())
    shop.call("event_publisher", dynamodb(*commits))
    for function in FOLLOWERS:
        shop.call(function, kinesis_of(*commits))


def look_after(shop: Shop, **walk: Any) -> None:
    """What is done every minute and every day, and what an operator does."""
    left = json.dumps(on_failure(kinesis_of(*shop.before[:5])))
    clients.s3().put_object(Bucket="failures", Key="left", Body=left.encode())
    for function in ("recoverer", "deliverer", "walker"):
        shop.heard.kept.append(str(shop.call(function, {})))
    shop.call("walker", walk or {"start": "audit"})
    started, shop.started = shop.started, []
    for each in started:
        legs = [shop.call("walker", {"step": leg}) for leg in each["legs"]]
        end = {"ticket": each["ticket"], "legs": [leg or {"gave_up": "?"} for leg in legs]}
        shop.heard.kept += [str(legs), str(shop.call("walker", {"end": end}))]
    stream = shop.before[0].stream
    for event in (
        *({what: True} for what in ("behind", "parked", "waiting")),
        *({"redrive": which} for which in ("all", stream, EMAIL)),
        *({"history": which} for which in (stream, EMAIL)),
    ):
        shop.call("operator", event)


def routed() -> list[str]:
    """All but those of files, which are answered whatever is asked."""
    files = {route for route, function in routes().items() if function == "docs"}
    return sorted(routes().keys() - {"$default"} - files)


def commands() -> list[tuple[str, Any]]:
    """Every command that is taken as a message, and its service."""
    found = []
    for function in FUNCTIONS:
        if function.endswith("_commands"):
            module = __import__(f"functions.{function}.handler", fromlist=["app"])
            made = module.app(Wiring(Settings(environment())))
            assert isinstance(made, CommandFunction)
            service = function.removesuffix("_commands")
            found += [(service, route.command) for route in made._taken.values()]
    return found


def spoilt(body: Any) -> Iterator[Any]:
    """Bodies that are not what they should be, with marks wherever something is wrong."""
    yield f'{{"name": "{NAME}'
    yield f'{{"{EMAIL}": 1, "{EMAIL}": 2}}'
    yield f"{NAME}: NaN".encode()
    yield b"\xff" + NAME.encode()
    yield f'"{NAME * 10_000}"'
    yield [NAME]
    plain: dict[str, Any] = body or {}
    yield {**plain, EMAIL: NAME}
    for name in plain:
        for wrong in (NAME, [PHONE], {EMAIL: PHONE}, f"{NAME}\n"):
            yield {**plain, name: wrong}
        yield {other: value for other, value in plain.items() if other != name}
    for inner in ("address", "lines", "paid"):
        if isinstance(plain.get(inner), dict):
            yield {**plain, inner: {**plain[inner], EMAIL: NAME, "country": NAME}}


HEADERS: list[dict[str, str]] = [
    {"Idempotency-Key": f"{EMAIL} {PHONE}"},
    {"Idempotency-Key": f"Zqmärk{NAME}"},
    {"If-Match": NAME},
    {"If-Match": '"77"'},
    {"Consistency-Token": EMAIL},
    {"Consistency-Token": f"order-{ID}@1"},
    {"Consistency-Token": f"customer-{ID}@9,product-{ID}@9"},
    {"X-Correlation-Id": f"{NAME} {PHONE}"},
    {"Authorization": f"Bearer {NAME}", "User-Agent": NAME, "Cookie": NAME},
]
QUERIES: list[dict[str, str]] = [
    {name: value}
    for name in ("q", "status", "from", "to", "sort", "limit", "cursor", "id", "sku", "customer")
    for value in (NAME, EMAIL)
] + [{EMAIL: PHONE}, {"id": ID}, {"customer": ID}, {"order": f"{NAME},{ID}"}]


def test_every_route_and_every_function_is_driven(shop: Shop) -> None:
    assert sorted(shop.valid) == routed()
    assert sorted(shop.invoked) == FUNCTIONS


@pytest.mark.parametrize("route", routed())
def test_a_request_names_nobody_however_malformed_it_is(shop: Shop, route: str) -> None:
    for headers in HEADERS:
        shop.again(route, headers=headers)
    for query in QUERIES if route.startswith("GET") else QUERIES[:1]:
        shop.again(route, query=query)
    for other in (EMAIL, ID, f"{ID}.unknown", NAME):
        shop.again(route, id=other)
    for body in () if route.startswith("GET") else spoilt(shop.valid[route][1]):
        shop.again(route, body=body)
    shop.again(route, actor=None)


def test_a_path_that_leads_nowhere_names_nobody(shop: Shop) -> None:
    for method, path in (
        ("GET", f"/people/{EMAIL}"),
        ("DELETE", f"/customers/{NAME}"),
        (NAME, f"/{PHONE}"),
    ):
        assert shop.call("storefront_queries", unrouted(method, path))["statusCode"] in (404, 405)


@pytest.mark.parametrize(("service", "command"), commands(), ids=str)
def test_a_command_of_a_service_names_nobody(shop: Shop, service: str, command: Any) -> None:
    names = command.__struct_fields__
    for value in (NAME, EMAIL, ID, 1, ADDRESS, [NAME], {EMAIL: PHONE}, None):
        shop.tell(service, command.__name__, dict.fromkeys(names, value))
    shop.tell(service, command.__name__, {EMAIL: NAME})
    for id_, body, _ in shop.valid.values():
        if isinstance(body, dict):
            own = {name: body[name] for name in names if name in body}
            shop.tell(service, command.__name__, {names[0]: id_ or ID, **own})
    shop.call(f"{service}_commands", {"message": {"id": NAME, EMAIL: PHONE}})


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_fails_and_repeats_what_it_was_asked_names_nobody(
    shop: Shop, fault: str, writes: bool
) -> None:
    commits = news(shop, f"{fault}{writes}")
    with shop.failing(FAULTS[fault], *(WRITES if writes else ())):
        for route in routed():
            shop.again(route)
        follow(shop, *commits)
        look_after(shop)


def news(shop: Shop, key: str) -> list[Commit]:
    """The commits of a new stream of each service, which nobody has followed yet."""

    def made(route: str, what: str, **body: str) -> str:
        answer = shop.again(
            route, body={**shop.valid[route][1], **body}, headers={"Idempotency-Key": key}
        )
        return f"{what}-{json.loads(answer['body'])[f'{what}_id']}"

    shop.again("POST /products", body={**shop.valid["POST /products"][1], "sku": key})
    shop.again("POST /payments/{id}/authorise", id=key)
    streams = {
        "customers": made("POST /customers", "customer", email=f"{key}.{EMAIL}"),
        "orders": made("POST /orders", "order"),
        "inventory": f"product-{key}",
        "payments": f"payment-{key}",
    }
    return [c for service, stream in streams.items() for c in shop.stores[service].read(stream)]


def test_writers_that_race_name_nobody(shop: Shop) -> None:
    with shop.failing(raced, "PutItem"):
        for route in routed():
            shop.again(route, headers={"Idempotency-Key": "raced"})
        for function in FOLLOWERS:
            shop.call(function, kinesis_of(*shop.before))


DAMAGED: dict[str, Callable[[str], str]] = {
    "no JSON": lambda body: body.replace('"Zqmark City"', "Zqmark City"),
    "another type": lambda body: body.replace('"address":{', f'"address":"{NAME}","more":{{'),
    "an unknown field": lambda body: body.replace('"city":', f'"{EMAIL}":'),
    "an unknown value": lambda body: body.replace('"EUR"', f'"{PHONE}"'),
    "no commit": lambda body: json.dumps({EMAIL: NAME}),
    "no instant": lambda body: body.replace('"time":"', f'"time":"{NAME}'),
}


def test_a_commit_that_cannot_be_read_names_nobody(shop: Shop) -> None:
    placed = next(c for c in shop.before if c.stream.startswith("order-"))
    for number, damage in enumerate(DAMAGED.values()):
        broken = replace(placed, stream=f"order-{number}", body=damage(placed.body))
        assert broken.body != placed.body
        shop.stores["orders"].append(broken, "")
        follow(shop, broken)
        for route in ("GET /orders/{id}", "GET /order-facts/{id}", "GET /composed/orders/{id}"):
            shop.ask(route, str(number))
        shop.ask("POST /orders/{id}/cancel", str(number), {"reason": PHONE})
        shop.tell("orders", "CancelOrder", {"order_id": str(number), "reason": PHONE})
    look_after(shop)


def test_a_record_that_is_none_names_nobody(shop: Shop) -> None:
    for function in ("event_publisher", *FOLLOWERS):
        shop.call(function, kinesis(shop.before[0].body, NAME, json.dumps([NAME]).encode()))
        shop.call(function, dynamodb({"stream": {"S": NAME}, "version": {"N": PHONE}}))
        shop.call(function, dynamodb({"stream": {"S": NAME}, "version": {"N": "1"}}))
    for key, left in {"a": json.dumps(on_failure(kinesis(NAME))), "b": NAME}.items():
        clients.s3().put_object(Bucket="failures", Key=key, Body=left.encode())
    shop.call("recoverer", {})


def fails(*values: Any, **_: Any) -> Any:
    raise ValueError(f"can't do anything with {values} for {NAME}, {EMAIL}, {PHONE}")


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Source, "apply"), (RowView, "shown"), (TallyView, "shown"), (ProcessManager, "answered")],
)
def test_code_that_fails_and_says_with_what_names_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: Any, name: str
) -> None:
    commits = news(shop, f"{kind.__name__}.{name}")
    with monkeypatch.context() as patch:
        patch.setattr(kind, name, fails)
        follow(shop, *commits)
        look_after(shop)
        for route in routed():
            if route.startswith("GET"):
                shop.again(route)


SEARCHES: dict[str, Callable[[str], Any]] = {
    "a field that can't be parsed": lambda sent: None,
    "refused": lambda sent: http_answer(400, {"error": {"type": "parsing_exception", "why": sent}}),
    "broken": lambda sent: http_answer(500, sent),
    "forbidden": lambda sent: http_answer(403, sent),
    "no JSON": lambda sent: http_answer(200, sent),
    "documents": lambda sent: http_answer(200, {"docs": [{"error": {"reason": sent}}]}),
}


def no_connection(sent: str) -> Any:
    raise requests.ConnectionError(f"no connection: {sent}")


def no_answer(sent: str) -> Any:
    raise requests.Timeout(f"no answer: {sent}")


@pytest.mark.parametrize(
    "fault", [*SEARCHES.values(), no_connection, no_answer], ids=[*SEARCHES, "gone", "slow"]
)
def test_a_search_that_fails_and_repeats_what_it_was_asked_names_nobody(
    shop: Shop, fault: Callable[[str], Any]
) -> None:
    commits = news(shop, f"search.{shop.number}")
    shop.search.fault = fault
    shop.again("GET /search/orders")
    follow(shop, *commits)
    shop.call("walker", {})
    shop.call("recoverer", {})


@pytest.mark.parametrize(
    "fault",
    [
        no_connection,
        no_answer,
        lambda url: http_answer(200, url),
        lambda url: http_answer(502, url),
        lambda url: http_answer(404, {"code": "not_found", "detail": f"Nothing at {url}, {NAME}"}),
        lambda url: http_answer(200, {"orders": url}, {"Consistency-Token": EMAIL}),
    ],
)
def test_a_service_that_fails_names_nobody_in_a_composition(
    shop: Shop, fault: Callable[[str], Any]
) -> None:
    shop.services.fault = fault
    shop.again("GET /composed/orders/{id}")
    shop.ask("GET /composed/orders/{id}", ID)
    shop.again("GET /composed/customers/{id}/orders")
    shop.ask("GET /composed/customers/{id}/orders", ID, query={"cursor": NAME})


def raises(function: str, payload: str) -> Any:
    raise ValueError(payload)


@pytest.mark.parametrize(
    "receive",
    [
        raises,
        lambda function, payload: replied({"answer": {"accepted": False, "detail": PHONE}}),
        lambda function, payload: replied({"answer": {"code": NAME, EMAIL: PHONE}}),
        lambda function, payload: replied(f"{NAME} {payload}"),
        lambda function, payload: replied(payload, FunctionError="Unhandled"),
    ],
)
def test_a_receiver_that_refuses_or_fails_names_nobody(
    shop: Shop, receive: Callable[[str, str], Any]
) -> None:
    commits = news(shop, f"receiver.{shop.number}")
    shop.receive = receive
    follow(shop, *commits)
    shop.call("deliverer", {})
