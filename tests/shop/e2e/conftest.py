"""A stack of the tests' own, as `make up` makes it: real Terraform, zips, streams; IAM enforced.
Between it and its OpenSearch stands a proxy that fails on demand.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
import requests
from requests.adapters import HTTPAdapter

from cqrs.adapters.opensearch_rows import READ_SECONDS
from cqrs.history.instants import now
from cqrs.plain import Value, replace
from scripts.local import deployment, updates
from scripts.local.clients import Clients, http
from scripts.local.home import ROOT, Home
from scripts.local.stack import Stack
from scripts.local.streams.control import Control
from tests.library.opensearch import Proxy, Server

pytest.register_assert_rewrite("scripts.shop.ledger")

PRICE = 1250
BOOK = {"sku": "book-1", "quantity": 2, "unit_price": PRICE}
VIENNA = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}
GRAZ = VIENNA | {"city": "Graz", "postal_code": "8010"}


# They leave hundreds of orders behind, and others walk over all that is there.
FILLING = ("test_checkouts.py", "test_demo.py", "test_overload.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The end comes last: what is quick to fail should fail first."""
    here = Path(__file__).parent
    items.sort(key=lambda item: (here in item.path.parents, item.path.name in FILLING))


def until(condition: Callable[[], bool], what: object, seconds: float = 30) -> None:
    """Looks until `condition` holds. `what` is told if it does not."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(pause)
        pause = min(2 * pause, 0.5)


def answered(ask: Callable[[], requests.Response]) -> requests.Response:
    """The first answer that does not say to come again."""
    answers: list[requests.Response] = []

    def is_answered() -> bool:
        answers.append(ask())
        return answers[-1].status_code not in (409, 429, 503)

    until(is_answered, "the shop answers")
    assert answers[-1].status_code in (200, 201, 422), answers[-1].text
    return answers[-1]


def asking(token: str) -> requests.Session:
    """As somebody, for many threads: each finds a connection."""
    session = http()
    session.mount("http://", HTTPAdapter(pool_maxsize=64))
    session.headers["Authorization"] = f"Bearer {token}"
    return session


class Shop(Value, kw_only=False):
    """The running system, as its users, and as its operator. All that is asked over the API is
    asked as the operator, who may do everything, unless somebody else asks (`asked_by`).
    """

    url: str
    stack: Stack
    clients: Clients
    opensearch: Server
    proxy: Proxy
    session: requests.Session

    def asked_by(self, who: str) -> Shop:
        """The same shop, asked by a customer of that name, or by `staff`."""
        return replace(self, session=asking(self.stack.token(who)))

    # As a user

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """`body` may be bytes. Header names are written with `_`."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        return self.session.request(method, self.url + path, data=data, headers=names, timeout=60)

    def place(
        self, customer: str, order: dict[str, Any] | None = None, **headers: str
    ) -> requests.Response:
        """`order` is what differs from the usual one."""
        return self.ask("POST", "/orders", order_of(customer, **(order or {})), **headers)

    def cancel(self, order_id: str) -> requests.Response:
        return self.ask("POST", f"/orders/{order_id}/cancel")

    def ship(self, order_id: str) -> requests.Response:
        return self.ask("POST", f"/orders/{order_id}/ship")

    def register_customer(self, name: str) -> str:
        body = {"name": name, "email": f"{uuid.uuid4().hex}@example.com"}
        registered = self.ask("POST", "/customers", body)
        assert registered.status_code == 201, registered.text
        return str(registered.json()["customer_id"])

    def rename(self, customer: str, name: str) -> requests.Response:
        return self.ask("PUT", f"/customers/{customer}/name", {"name": name})

    def register_product(self, sku: str, stock: int = 0, **changes: Any) -> None:
        registered = self.ask("POST", "/products", product_of(sku) | changes)
        assert registered.status_code == 201, registered.text
        if stock:
            assert self.receive(sku, stock).status_code == 200

    def receive(self, sku: str, quantity: int, **headers: str) -> requests.Response:
        return self.ask("POST", f"/products/{sku}/receive", {"quantity": quantity}, **headers)

    def product(self, sku: str) -> Any:
        return self._found(f"/products/{sku}")

    def payment(self, order_id: str) -> Any:
        """None if there never was one."""
        return self._found(f"/payments/{order_id}")

    def _found(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.ok else None

    def order(self, order_id: str, token: str | None = None) -> requests.Response:
        return self.ask("GET", f"/orders/{order_id}", **_token(token))

    def orders(self, customer: str, token: str | None = None, query: str = "") -> requests.Response:
        return self.ask("GET", f"/customers/{customer}/orders{query}", **_token(token))

    def orders_that_are(self, status: str, token: str | None = None) -> requests.Response:
        return self.ask("GET", f"/orders?status={status}&limit=50", **_token(token))

    def search(self, query: Mapping[str, str], token: str | None = None) -> requests.Response:
        return self.ask("GET", f"/search/orders?{urlencode(query)}", **_token(token))

    def sales(self, token: str | None = None, cursor: str = "") -> requests.Response:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        return self.ask("GET", f"/sales/products?{urlencode(query)}", **_token(token))

    def sold(self, sku: str, token: str | None = None) -> list[dict[str, Any]]:
        """What was sold of a product in the last days."""
        found, cursor = [], ""
        while cursor is not None:
            page = answered(lambda after=cursor: self.sales(token, after)).json()
            found += [sale for sale in page["sales"] if sale["sku"] == sku]
            cursor = page["cursor"]
        return found

    def composed(self, path: str, token: str | None = None) -> requests.Response:
        """As the services themselves answer: `/orders/{id}`, `/customers/{id}/orders`."""
        return self.ask("GET", f"/composed{path}", **_token(token))

    def settled(self, order_ids: Iterable[str], seconds: float = 180) -> dict[str, Any]:
        """The orders as their view shows them, once it shows that none is waiting any more."""
        waiting, orders = list(order_ids), {}

        def is_settled(order_id: str) -> bool:
            read = self.order(order_id)
            assert read.status_code in (200, 404), read.text
            orders[order_id] = read.json()
            return read.ok and orders[order_id]["status"] != "placed"

        def are_settled() -> bool:
            waiting[:] = [order_id for order_id in waiting if not is_settled(order_id)]
            return not waiting

        until(are_settled, waiting, seconds)
        return orders

    # As an operator

    @property
    def control(self) -> Control:
        return self.stack.control

    def mend(self) -> None:
        """Ends whatever a test has put wrong on the way."""
        self.proxy.fault, self.proxy.lags = None, False
        self.control.clear_faults()

    def client(self, service: str) -> Any:
        return self.clients.client(service)

    def audit(self) -> Any:
        """An audit that began after the call, and has ended."""
        called = now()
        audit = self.stack.walk({"start": "audit"})
        return audit if audit["began"] > called else self.stack.walk({"start": "audit"})

    def recover(self) -> Any:
        return self.invoke("recoverer", {})

    def deliver_waiting(self) -> Any:
        return self.invoke("deliverer", {})["delivered"]

    def waiting(self) -> Any:
        """What processes wait to have sent, by process and row."""
        return self.invoke("operator", {"waiting": True})["waiting"]

    def parked(self) -> Any:
        """Streams that can't be followed, by follower."""
        return self.invoke("operator", {"parked": True})["parked"]

    def history(self, stream: str) -> Any:
        """The commits of a stream, and what processes have sent because of them."""
        return self.invoke("operator", {"history": stream})

    def table(self, name: str) -> str:
        """The full name of the table that is called so at its end."""
        pages = self.client("dynamodb").get_paginator("list_tables").paginate()
        (found,) = [full for page in pages for full in page["TableNames"] if full.endswith(name)]
        return str(found)

    def client_of(self, function: str, service: str) -> Any:
        """A client that may do what the function may do."""
        (name,) = self.stack.function_names(function)
        role = self.client("lambda").get_function(FunctionName=name)["Configuration"]["Role"]
        assumed = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
        keys = assumed["Credentials"]
        return boto3.client(
            service,
            endpoint_url=self.stack.endpoint,
            region_name="eu-west-1",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        (name,) = self.stack.function_names(function)
        live = f"{name}:{updates.LIVE}"
        answer = self.client("lambda").invoke(FunctionName=live, Payload=json.dumps(event))
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


def put_edited(shop: Shop, folder: Path, package: str, file: str, old: str, new: str) -> None:
    """Puts another text into a file of a package, and the package into the stack."""
    for built in deployment.PACKAGES.glob("*.zip"):
        shutil.copy(built, folder)
    compiled = f"{Path(file).stem}.cpython"
    with (
        zipfile.ZipFile(deployment.PACKAGES / f"{package}.zip") as read,
        zipfile.ZipFile(folder / f"{package}.zip", "w") as written,
    ):
        texts = {name: read.read(name) for name in read.namelist() if compiled not in name}
        assert old.encode() in texts[file]
        texts[file] = texts[file].replace(old.encode(), new.encode())
        for name, text in texts.items():
            written.writestr(name, text)
    assert updates.update(shop.clients, folder, deployment.waves(shop.stack.home)) == [package]


def put_back(shop: Shop) -> None:
    """Puts the packages as they were built into the stack."""
    waves = deployment.waves(shop.stack.home)
    updates.update(shop.clients, deployment.PACKAGES, waves)
    assert updates.update(shop.clients, deployment.PACKAGES, waves) == []


def product_of(sku: str) -> dict[str, Any]:
    return {
        "sku": sku,
        "title": f"The {sku}",
        "description": "With pages.",
        "tags": ["books"],
        "price": PRICE,
        "currency": "EUR",
    }


def order_of(customer: str, **changes: Any) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "currency": "EUR",
        "lines": [BOOK],
        "address": VIENNA,
    } | changes


@pytest.fixture(scope="session")
def opensearch() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    assert "warning" not in server.stop(), "it ignores something that we ask of it"


@pytest.fixture(scope="session")
def proxy(opensearch: Server) -> Iterator[Proxy]:
    with Proxy(opensearch.url, slow_seconds=READ_SECONDS + 1).running() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def stack(proxy: Proxy) -> Iterator[Stack]:
    stack = Stack(Home(ROOT / "build" / "e2e"), search_url=proxy.url)
    stack.down()
    stack.up()
    yield stack
    stack.down()


@pytest.fixture(scope="session")
def running(stack: Stack, opensearch: Server, proxy: Proxy) -> Shop:
    operator = asking(stack.token("operator"))
    shop = Shop(stack.addresses().url, stack, stack.clients, opensearch, proxy, operator)
    shop.register_product(BOOK["sku"], stock=1_000_000)
    return shop


@pytest.fixture
def shop(running: Shop) -> Iterator[Shop]:
    running.mend()
    yield running
    running.mend()
    running.control.wait_until_still()


@pytest.fixture
def customer() -> str:
    """Every test has a customer of its own."""
    return f"c-{uuid.uuid4().hex[:12]}"
