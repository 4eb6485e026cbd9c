"""The measured stack: creates its data, sends queries, and stops a service of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from scripts.local.clients import http
from scripts.local.errors import LocalError
from scripts.local.stack import Stack
from scripts.local.updates import reconfigure
from scripts.shop.compare.shape import ORDERS, PRODUCTS, Question, Way, order, path, product
from scripts.shop.demo.api import Api

__all__ = ["CLIENTS", "Asked", "Shop", "require_local"]

CLIENTS = 4
PLACED_AT_ONCE = 2  # with more, checkouts miss their deadline on a small machine
STOCK = 100_000
MEND_SECONDS = 60.0
ANSWERING = (
    "customers_queries",
    "inventory_queries",
    "orders_queries",
    "payments_queries",
    "storefront_composition",
    "storefront_queries",
)


def require_local(url: str) -> None:
    """Raises LocalError unless `url` is on this machine: measuring breaks a service for a while."""
    if urlsplit(url).hostname != "127.0.0.1":
        raise LocalError(f"{url} is not a stack on this machine, and would be broken on the way")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An answer, and its time in milliseconds."""

    status: int
    body: Any
    ms: float


@dataclass
class Shop:
    stack: Stack
    run: str = field(default_factory=lambda: token_hex(4))
    session: requests.Session = field(default_factory=http)
    customer: str = ""
    order: str = ""

    def __post_init__(self) -> None:
        addresses = self.stack.addresses()
        require_local(addresses.url)
        require_local(addresses.endpoint)
        self.stack.require_no_faults()
        self.session.mount("http://", HTTPAdapter(pool_maxsize=2 * CLIENTS))
        self.url = addresses.url
        token = self.stack.token("staff")
        self.api = Api(addresses.url, token)
        self.session.headers["Authorization"] = f"Bearer {token}"

    # The data

    def fill(self) -> None:
        """A customer, products and orders of its own. Returns when all went through and the views
        show it.
        """
        person = {"name": "Ada Lovelace", "email": f"ada-{self.run}@example.com"}
        self.customer = self.change("POST", "/customers", person).json()["customer_id"]
        for number in range(PRODUCTS):
            new = product(self.run, number)
            self.change("POST", "/products", new)
            self.change("POST", f"/products/{new['sku']}/receive", {"quantity": STOCK})
        with ThreadPoolExecutor(PLACED_AT_ONCE) as pool:
            self.order = list(pool.map(self._place, range(ORDERS)))[-1]  # on the first page
        self.stack.control.wait_until_still()

    def _place(self, number: int) -> str:
        """Places an order. Returns once its checkout is finished."""
        body = order(self.run, self.customer, number)
        order_id = str(self.change("POST", "/orders", body).json()["order_id"])
        found = self.api.get(f"/orders/{order_id}", f"order-{order_id}@2").json()
        if found["status"] != "confirmed":
            reason = found.get("reject_reason")
            raise LocalError(f"an order is {found['status']} ({reason}): is this machine too busy?")
        return order_id

    def change(self, method: str, where: str, body: Any) -> requests.Response:
        return self.api.command(method, where, f"{self.run}-{token_hex(8)}", body)

    # Queries

    def ask(self, question: Question, way: Way, headers: Mapping[str, str] | None = None) -> Asked:
        return self.get(path(question, way, self.order, self.customer), headers)

    def get(self, where: str, headers: Mapping[str, str] | None = None) -> Asked:
        began = time.perf_counter()
        try:
            answer = self.session.get(self.url + where, headers=dict(headers or {}), timeout=60)
        except requests.RequestException as error:
            raise LocalError(f"{self.url} does not answer: {error}") from None
        ms = (time.perf_counter() - began) * 1000
        return Asked(status=answer.status_code, body=answer.json(), ms=ms)

    def logged(self, since: float) -> dict[str, list[float]]:
        """Milliseconds of each function invocation of an answer, by correlation id."""
        found: dict[str, list[float]] = {}
        for name in (full for short in ANSWERING for full in self.stack.function_names(short)):
            pages = self.stack.clients.client("logs").get_paginator("filter_log_events")
            for page in pages.paginate(
                logGroupName=f"/aws/lambda/{name}", startTime=int(since * 1000)
            ):
                for event in page["events"]:
                    line = _line(event["message"])
                    if "route" in line and line["correlation_id"].startswith(self.run):
                        found.setdefault(line["correlation_id"], []).append(line["ms"])
        return found

    # Faults

    @contextmanager
    def without_payments(self) -> Iterator[None]:
        """Lets the payments service fail at every query."""
        (name,) = self.stack.function_names("payments_queries")
        functions = self.stack.clients.client("lambda")
        told = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

        def tell(variables: dict[str, str], status: int) -> None:
            reconfigure(functions, name, Environment={"Variables": told | variables})
            self._wait_for_payments(status)

        try:
            tell({"PAYMENTS_EVENTS_TABLE": "no-such-table"}, 500)
            yield
        finally:
            tell({}, 200)

    def _wait_for_payments(self, status: int) -> None:
        deadline = time.monotonic() + MEND_SECONDS
        while (found := self.get(f"/payments/{self.order}").status) != status:
            if time.monotonic() > deadline:
                raise LocalError(f"payments answer {found} and not {status}")
            time.sleep(0.1)


def _line(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
