"""The whole shop, its handlers on what imitates AWS, with a mark in every personal value; and all
that leaves it, other than answers to who asked and what is stored.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError

from cqrs import plain
from cqrs.adapters import clients, http_services, opensearch
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.entrypoints.wiring import LambdaHandler, on_lambda
from cqrs.follow import generations
from cqrs.follow.messages import Message
from cqrs.history.commits import Commit
from cqrs.observability import logger
from cqrs.waiting import Backoff, Patience
from domain import orders, storefront
from scripts.build.terraform.nouns import roles, routes
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_kinds_store,
    create_process_store,
    create_register,
    create_tally_store,
    create_view_store,
)
from tests.library.payloads import http

ROOT = Path(__file__).parents[3]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
SERVICES = ("customers", "inventory", "orders", "payments")
VIEWS = [*orders.VIEWS, *storefront.VIEWS, *storefront.SEARCH_VIEWS]
PROCESSES = ["checkout", "payment_gateway"]

NAME, EMAIL, PHONE = "Zqmark Lovelace", "zqmark@example.com", "+43 660 7719283"
ADDRESS = {
    "name": NAME,
    "street": "7 Zqmark Street",
    "postal_code": "Zqmark 1010",
    "city": "Zqmark City",
    "country": "AT",
}
MARKED = re.compile("zqmark|7719283", re.IGNORECASE)
ID = "zqid-7"  # an id that a caller chose


class Meant:
    """Where a mark may be found, and why."""

    STREAMS = re.compile(
        r"\b((customer|order|product|payment)-|(checkout|payment_gateway)/)[A-Za-z0-9._:-]+"
    )
    """The names of streams, and of the rows that they feed, are what operators look for. Customers
    and orders get ids that are made; who names products and payments must not name them for a
    person.
    """


def told_of_routes(function: str) -> dict[str, str]:
    """What a function is told that answers some: to whom they are open."""
    own = {route: roles()[route] for route, name in routes().items() if name == function}
    return {"ROLES": json.dumps(own), "GROUPS_CLAIM": "groups"} if own else {}


def environment() -> dict[str, str]:
    def named(ending: str, names: Sequence[str]) -> dict[str, str]:
        return {f"{name}_{ending}".upper(): f"{name}-{ending}" for name in names}

    return {
        **named("events_table", SERVICES),
        **named("guards_table", SERVICES),
        **named("function", SERVICES),
        **named("table", [*(view.name for view in VIEWS), *PROCESSES]),
        **{
            name.upper(): name
            for name in ("generations_table", "walks_table", "written_table", "event_stream")
        },
        "FAILURES_BUCKET": "failures",
        "WALKS_MACHINE": "arn:aws:states:eu-west-1:1:stateMachine:walks",
        "WALKS_AT_ONCE": "1",
        "WALKS_UNITS": "1000000",
        "CHECKOUT_SECONDS": "900",
        "DEADLINES_GROUP": "deadlines",
        "DEADLINES_ROLE": "role",
        "DEADLINE_MS": "2000",
        "SERVICES_URL": "http://services",
        "SEARCH_URL": "http://search",
        "SEARCH_SERVICE": "none",
        "SEARCH_ROLE": "none",
        "SEARCH_PREFIX": "shop",
        "ROUTES": ",".join(routes()),
    }


Fault = Callable[[str, str], None]
"""Fails a call of an operation; its error repeats what the call says."""


def aws_error(code: str, status: int = 400, item: object = None) -> Fault:
    def fail(operation: str, sent: str) -> None:
        response: Any = {
            "Error": {"Code": code, "Message": f"can't take {sent}"},
            "ResponseMetadata": {"HTTPStatusCode": status},
            "CancellationReasons": [{"Code": "ValidationError", "Message": f"can't take {sent}"}],
        }
        raise ClientError(response, operation)

    return fail


def unreachable(operation: str, sent: str) -> None:
    raise EndpointConnectionError(endpoint_url=sent)


def raced(operation: str, sent: str) -> None:
    """Somebody else wrote this very item just before."""
    error = clients.dynamodb().exceptions.ConditionalCheckFailedException
    response: Any = {
        "Error": {"Code": "ConditionalCheckFailedException", "Message": sent},
        "Item": json.loads(sent).get("Item"),
    }
    raise error(response, operation)


FAULTS: dict[str, Fault] = {
    "refused": aws_error("ValidationException"),
    "denied": aws_error("AccessDeniedException"),
    "down": aws_error("InternalServerError", 500),
    "throttled": aws_error("ThrottlingException"),
    "unreachable": unreachable,
}
WRITES = {"PutItem", "TransactWriteItems", "BatchWriteItem"}


class Heard(SimpleNamespace):
    """All that has left the shop."""

    lines: StringIO
    raised: list[str]
    kept: list[str]


class Shop:
    def __init__(self, heard: Heard, patch: pytest.MonkeyPatch) -> None:
        self.heard = heard
        self.fault: Fault | None = None
        self.faulty: set[str] = set()
        self.search = Search(heard.kept)
        self.services = Services(self)
        self.receive: Callable[[str, str], dict[str, Any]] = self._invoked
        self.valid: dict[str, tuple[str | None, Any, dict[str, str]]] = {}
        self.invoked: set[str] = set()
        self.records: list[bytes] = []
        self.started: list[dict[str, Any]] = []
        self.number = 0
        self.before: list[Commit] = []  # what had happened when it was all well
        env = environment()
        patch.setattr(opensearch, "_session", lambda *_: self.search)
        patch.setattr(http_services, "_session", lambda: self.services)
        patch.setattr(Backoff, "attempts", _at_once)
        patch.setattr(Patience, "looks", lambda _: iter([0.0]))
        patch.setattr(generations, "CACHE_SECONDS", 0)
        self._aws(patch)
        self._tables(env)
        modules = {name: import_module(f"functions.{name}.handler") for name in FUNCTIONS}
        self.handlers: dict[str, LambdaHandler] = {
            name: on_lambda(module.app, env | told_of_routes(name))
            for name, module in modules.items()
        }
        self.stores = {
            service: DynamoDbEventStore(env[f"{service}_events_table".upper()])
            for service in SERVICES
        }

    # AWS

    def _aws(self, patch: pytest.MonkeyPatch) -> None:
        def put_records(**call: Any) -> Any:
            self._fails("PutRecords", str(call))
            self.records += [record["Data"] for record in call["Records"]]
            return {"Records": [{} for _ in call["Records"]]}

        def keep(**call: Any) -> Any:
            self.heard.kept.append(str(call))
            return {}

        def start(**call: Any) -> Any:
            self.started.append(json.loads(call["input"]))
            return keep(**call)

        patch.setattr(clients.kinesis(), "put_records", put_records)
        patch.setattr(clients.scheduler(), "create_schedule", keep)
        patch.setattr(clients.step_functions(), "start_execution", start)
        patch.setattr(
            clients.functions(),
            "invoke",
            lambda FunctionName, Payload: self.receive(FunctionName, Payload),  # noqa: N803
        )
        events = clients.dynamodb().meta.events
        events.register("before-call.dynamodb", self._called, unique_id="marked")

    def _called(self, model: Any, params: Any, **_: Any) -> None:
        self._fails(model.name, params["body"].decode())

    def _fails(self, operation: str, sent: str) -> None:
        if self.fault and (not self.faulty or operation in self.faulty):
            self.fault(operation, sent)

    def _tables(self, env: Mapping[str, str]) -> None:
        client = clients.dynamodb()
        for service in SERVICES:
            create_event_store(client, env[f"{service}_events_table".upper()])
            create_guard_store(client, env[f"{service}_guards_table".upper()])
        for view in VIEWS:
            table = env[f"{view.name}_table".upper()]
            if view.kind == "tally":
                create_tally_store(client, table)
            elif view.kind == "row":
                create_view_store(client, table, tuple(view.lists))
        for process in PROCESSES:
            create_process_store(client, env[f"{process}_table".upper()])
        create_register(client, "generations_table", *VIEWS)
        create_view_store(client, "walks_table")
        create_kinds_store(client, "written_table")
        clients.s3().create_bucket(
            Bucket="failures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )

    @contextmanager
    def failing(self, fault: Fault, *operations: str) -> Iterator[None]:
        self.fault, self.faulty = fault, set(operations)
        yield
        self.fault = None

    # What is asked of it

    def call(self, function: str, event: Any) -> Any:
        """What a function returns. What it raises is heard as Lambda logs it."""
        self.invoked.add(function)
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000)
        try:
            return json.loads(json.dumps(self.handlers[function](event, context)))
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            self.heard.raised.append(f"{type(error).__name__}: {error}\n{where}")
            return None

    def ask(self, route: str, id: str | None = None, body: Any = None, **more: Any) -> Any:  # noqa: A002
        self.number += 1
        event = http(route, id=id, body=body, **{"request_id": f"r-{self.number}"} | more)
        if who := event["requestContext"].get("authorizer"):
            who["jwt"]["claims"]["groups"] = "[operator]"
        return self.call(routes()[route], event)

    def asks(
        self,
        route: str,
        id: str | None = None,  # noqa: A002
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """A request that is answered well; it can be made again."""
        answer = self.ask(route, id, body, query=query)
        assert answer["statusCode"] in (200, 201), (route, answer)
        self.valid[route] = (id, body, dict(query or {}))
        return json.loads(answer["body"])

    def again(self, route: str, **other: Any) -> Any:
        """The same request, but for what is `other` in it. It has its effect once."""
        id_, body, query = self.valid[route]
        headers = {"Idempotency-Key": "again", **other.pop("headers", {})}
        return self.ask(route, headers=headers, **{"id": id_, "body": body, "query": query} | other)

    def tell(self, service: str, command: str, data: Any) -> Any:
        self.number += 1
        message = Message(
            id=f"m-{self.number}",
            command=command,
            data=data,
            actor="process:test",
            correlation_id="r",
            causation_id="c",
        )
        return self.call(f"{service}_commands", {"message": plain.dump(message)})

    def _invoked(self, function: str, payload: str) -> dict[str, Any]:
        name = function.removesuffix("-function") + "_commands"
        return replied(self.handlers[name](json.loads(payload), PLENTY))

    def commits(self) -> list[Commit]:
        return [
            commit
            for store in self.stores.values()
            for name in store.heads().versions
            for commit in store.read(name)
        ]


# the context of an invocation that has time
PLENTY = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)


def replied(answer: object, **more: str) -> dict[str, Any]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return {"Payload": SimpleNamespace(read=lambda: text.encode()), **more}


def _at_once(backoff: Backoff, pause: object) -> Iterator[int]:
    yield from range(backoff.tries)


def http_answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Any:
    made = requests.Response()
    made.status_code = status
    made._content = (body if isinstance(body, str) else json.dumps(body)).encode()
    made.headers.update(headers or {})
    return made


class Search:
    """An OpenSearch that takes everything and finds nothing; or fails and repeats what was sent."""

    def __init__(self, marks: list[str]) -> None:
        """`marks`: of parked streams, as they are saved."""
        self.fault: Callable[[str], Any] | None = None
        self._marks = marks

    def request(self, method: str, url: str, data: bytes | None, **_: Any) -> Any:
        sent = (data or b"").decode()
        if self.fault and (answer := self.fault(f"{url} {sent}")):
            return answer
        match url.rpartition("/")[2].partition("?")[0]:
            case "_mget":
                asked = json.loads(sent)["docs"]
                missing = [{"_id": one["_id"], "found": False} for one in asked]
                return http_answer(200, {"docs": missing})
            case "_bulk":
                saved = (json.loads(line) for line in sent.splitlines()[1::2])
                self._marks += [document["row"]["parked"] for document in saved]
                item = {"index": {"status": 201}}
                if self.fault:
                    item = {"index": {"status": 400, "error": unparsed(sent)}}
                return http_answer(200, {"items": [item] * (sent.count("\n") // 2)})
            case "_msearch":
                return http_answer(200, {"responses": [NOTHING] * (sent.count("\n") // 2)})
            case "_count":
                return http_answer(200, {"count": 1})
            case "_search":
                return http_answer(200, {"hits": {"hits": []}})
            case index if method == "GET":
                aliases = {f"{index}-write": {}, index.rpartition("-")[0]: {}}
                about = {"aliases": aliases, "settings": {"index": {"uuid": "made"}}}
                return http_answer(200, {index: about})
            case _:
                return http_answer(200, {"acknowledged": True})


FACETS = ("status", "country", "product")
NOTHING = {
    "timed_out": False,
    "_shards": {"failed": 0},
    "hits": {"hits": [], "total": {"value": 0}},
    "aggregations": {name: {"values": {"buckets": []}} for name in FACETS},
}


def unparsed(sent: str) -> dict[str, str]:
    reason = f"failed to parse field [doc.name] of type [date]. Preview of field's value: '{sent}'"
    return {"type": "mapper_parsing_exception", "reason": reason}


class Services:
    """The services that compositions ask, over HTTP."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.fault: Callable[[str], Any] | None = None

    def get(self, url: str, headers: Mapping[str, str], **_: Any) -> Any:
        if self.fault:
            return self.fault(url)
        parts = urlsplit(url)
        for route in routes():
            method, _, pattern = route.partition(" ")
            found = re.fullmatch(pattern.replace("{id}", "([^/]+)"), parts.path)
            if method == "GET" and found and not route.startswith("GET /composed"):
                id_ = found[1] if found.groups() else None
                query = dict(parse_qsl(parts.query))
                answer = self._shop.ask(route, id_, query=query, headers=headers)
                return http_answer(answer["statusCode"], answer["body"], answer["headers"])
        raise AssertionError(url)


@contextmanager
def hearing() -> Iterator[Heard]:
    """At all levels, as if an operator wanted to know everything."""
    heard = Heard(lines=StringIO(), raised=[], kept=[])
    ours, root = logger(), logging.getLogger()
    handler, others = ours.registered_handler, logging.StreamHandler(heard.lines)
    # ours are not written twice on Lambda either, and what imitates AWS is no part of the shop
    others.addFilter(lambda record: record.name.partition(".")[0] not in (ours.name, "moto"))
    before, levels = handler.stream, (ours.log_level, root.level)
    handler.stream = heard.lines
    ours.setLevel("DEBUG")
    root.setLevel("DEBUG")
    root.addHandler(others)
    yield heard
    root.removeHandler(others)
    handler.stream = before
    ours.setLevel(levels[0])
    root.setLevel(levels[1])
