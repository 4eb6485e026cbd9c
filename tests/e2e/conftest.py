"""A stack of the tests' own, as `make up` makes it: real Terraform, zips, streams; IAM enforced."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.local.clients import Clients, http
from scripts.local.home import ROOT, Home
from scripts.local.stack import Stack
from scripts.local.streams.control import Control

BOOK = {"sku": "book-1", "quantity": 2, "unit_price": 1250}
VIENNA = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}
GRAZ = VIENNA | {"city": "Graz", "postal_code": "8010"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The end comes last: what is quick to fail should fail first."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)


@dataclass(frozen=True)
class Shop:
    """The running system, as its users, and as its operator."""

    url: str
    stack: Stack
    clients: Clients
    session: requests.Session = field(default_factory=http)

    # As a user

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """`body` may be bytes. Header names are written with `_`."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        return self.session.request(method, self.url + path, data=data, headers=names, timeout=60)

    def place(self, customer: str, **headers: str) -> requests.Response:
        return self.ask("POST", "/orders", order_of(customer), **headers)

    def order(self, order_id: str, token: str | None = None) -> requests.Response:
        return self.ask("GET", f"/orders/{order_id}", **_token(token))

    def orders(self, customer: str, token: str | None = None, query: str = "") -> Any:
        return self.ask("GET", f"/customers/{customer}/orders{query}", **_token(token))

    # As an operator

    @property
    def control(self) -> Control:
        return self.stack.control

    def client(self, service: str) -> Any:
        return self.clients.client(service)

    def sweep(self) -> Any:
        return self.invoke("sweeper", {})

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        (name,) = self.stack.function_names(function)
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), payload
        return payload

    def logged(self, function: str) -> list[dict[str, Any]]:
        """The JSON lines that a function has logged."""
        (name,) = self.stack.function_names(function)
        pages = (
            self.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=f"/aws/lambda/{name}")
        )
        texts = [event["message"].strip() for page in pages for event in page["events"]]
        return [json.loads(text) for text in texts if text.startswith("{")]


def _token(token: str | None) -> dict[str, str]:
    return {"Consistency_Token": token} if token else {}


def order_of(customer: str, **changes: Any) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "currency": "EUR",
        "lines": [BOOK],
        "address": VIENNA,
    } | changes


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    stack = Stack(Home(ROOT / "build" / "e2e"))
    stack.down()
    stack.up(smoke=False)
    yield stack
    stack.down()


@pytest.fixture(scope="session")
def running(stack: Stack) -> Shop:
    return Shop(stack.addresses().url, stack, stack.clients)


@pytest.fixture
def shop(running: Shop, stack: Stack) -> Iterator[Shop]:
    stack.control.clear_faults()
    yield running
    stack.control.clear_faults()
    stack.control.wait_until_still()


@pytest.fixture
def customer() -> str:
    """Every test has a customer of its own."""
    return f"c-{uuid.uuid4().hex[:12]}"
