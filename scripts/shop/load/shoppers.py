"""What locust runs: shoppers, and the staff that ships for them. It is a program of its own, in an
environment of its own; what it is told is in a file, and what it saw it leaves in another one.

Each command that was accepted is noted with the version and the events that its answer told of.
"""

from __future__ import annotations

import json
import os
import random
from itertools import count
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_throughput, events, task

PLAN = json.loads(Path(os.environ["LOAD_PLAN"]).read_text())
NUMBERS, SHOPPERS = count(), count()
SEEN: dict[str, Any] = {"accepted": [], "refused": {}}
DICE = random.Random(PLAN["seed"])
COUNTRY = {"country": "AT", "city": "Vienna", "postal_code": "1010"}
CUSTOMERS = PLAN["customers"]


class Shopper(FastHttpUser):
    """One of the customers, who also sees to it, as staff, that an order of theirs is shipped."""

    wait_time = constant_throughput(PLAN["each_second"])
    host = PLAN["url"]
    connection_timeout = network_timeout = 60.0
    orders: list[dict[str, Any]]

    def on_start(self) -> None:
        self.known = CUSTOMERS[next(SHOPPERS) % len(CUSTOMERS)]
        self.orders = []

    # Queries

    @task(20)
    def look_at_products(self) -> None:
        self._get("/products", "?sku=" + ",".join(DICE.sample(PLAN["skus"], 5)))

    @task(15)
    def look_at_a_product(self) -> None:
        self._get("/products/{id}", key=DICE.choice(PLAN["skus"]))

    @task(15)
    def look_at_an_order(self) -> None:
        if order := self._one():
            found = self._get("/orders/{id}", key=order["id"], token=order["token"])
            if found:
                order["status"] = found["status"]

    @task(15)
    def look_at_all_orders(self) -> None:
        self._get("/customers/{id}/orders", "?limit=20", key="me")

    @task(5)
    def search(self) -> None:
        if PLAN["has_search"]:
            self._get("/search/orders", "?q=Vienna&limit=10")

    @task(5)
    def look_at_an_order_composed(self) -> None:
        if order := self._one():
            self._get("/composed/orders/{id}", key=order["id"], token=order["token"])

    # Commands

    @task(12)
    def place(self) -> None:
        lines = [
            {"sku": sku, "quantity": DICE.randint(1, 3), "unit_price": PLAN["prices"][sku]}
            for sku in DICE.sample(PLAN["skus"], DICE.choice([1, 1, 2, 3]))
        ]
        method = "card-declined" if DICE.random() < 0.05 else "card-visa"
        body = {"currency": "EUR", "lines": lines, "address": self._address()}
        answer = self._send("POST", "/orders", {**body, "payment_method": method})
        if answer:
            token = f"order-{answer['order_id']}@1"
            self.orders.append({"id": answer["order_id"], "token": token, "status": "placed"})

    @task(4)
    def move(self) -> None:
        if order := self._one():
            body = {"address": self._address()}
            self._step("PUT", "/orders/{id}/address", order, body)

    @task(4)
    def rename(self) -> None:
        name = {"name": f"Ada Lovelace the {next(NUMBERS)}th"}
        self._send("PUT", "/customers/{id}/name", name, key="me")

    @task(2)
    def cancel(self) -> None:
        if order := self._one():
            self._step("POST", "/orders/{id}/cancel", order, {"reason": "Found it."})

    @task(3)
    def ship(self) -> None:
        confirmed = [order for order in self.orders if order["status"] == "confirmed"]
        if confirmed:
            self._step("POST", "/orders/{id}/ship", DICE.choice(confirmed), None, by="staff")

    def _one(self) -> dict[str, Any] | None:
        return DICE.choice(self.orders[-10:]) if self.orders else None

    def _address(self) -> dict[str, str]:
        return {"name": "Ada Lovelace", "street": f"{next(NUMBERS)} Example Street", **COUNTRY}

    def _step(
        self, method: str, route: str, order: dict[str, Any], body: Any, by: str = "customer"
    ) -> None:
        if answer := self._send(method, route, body, key=order["id"], by=by):
            order["token"] = f"order-{order['id']}@{answer['version']}"

    # Asking

    def _get(self, route: str, query: str = "", *, key: str = "", token: str = "") -> Any:
        headers = {"Consistency-Token": token} if token else {}
        return self._ask("GET", route, query, key, headers, None, by="customer")

    def _send(
        self,
        method: str,
        route: str,
        body: Any,
        *,
        key: str = "",
        by: str = "customer",
    ) -> Any:
        headers = {"Idempotency-Key": f"load-{PLAN['run']}-{next(NUMBERS)}"}
        return self._ask(method, route, "", key, headers, body, by)

    def _ask(
        self,
        method: str,
        route: str,
        query: str,
        key: str,
        headers: Any,
        body: Any,
        by: str,
    ) -> Any:
        """The answer; None if it is a refusal that a shop must expect: an order is shipped, say,
        that its customer cancels. All else is an error.
        """
        token = self.known["token"] if by == "customer" else PLAN["staff"]
        told = {"Authorization": f"Bearer {token}", **headers}
        path = route.replace("{id}", key) + query
        name = f"{method} {route}"
        with self.client.request(
            method, path, name=name, headers=told, json=body, catch_response=True
        ) as answer:
            if answer.status_code == 422 and method != "GET":
                code = f"{name}: {json.loads(answer.text)['code']}"
                SEEN["refused"][code] = SEEN["refused"].get(code, 0) + 1
                answer.success()
                return None
            if not 200 <= (answer.status_code or 0) < 300:
                answer.failure(f"{answer.status_code} {(answer.text or '')[:200]}")
                return None
            found = json.loads(answer.text)
        if method != "GET" and found["version"]:
            stream = answer.headers["Consistency-Token"].rpartition("@")[0]
            SEEN["accepted"].append([stream, found["version"], found["events"]])
        return found


@events.quitting.add_listener
def tell(environment: Any, **_: Any) -> None:
    routes = {
        entry.name: {
            "requests": entry.num_requests,
            "errors": entry.num_failures,
            **{f"p{p}": entry.get_response_time_percentile(p / 100) or 0 for p in (50, 95, 99)},
        }
        for entry in environment.stats.entries.values()
    }
    errors = [f"{e.occurrences} x {e.name}: {e.error}" for e in environment.stats.errors.values()]
    told = SEEN | {"routes": routes, "errors": errors}
    Path(os.environ["LOAD_SEEN"]).write_text(json.dumps(told))
