"""Shoppers who place orders, and look at them, while the shop is deployed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import requests

from scripts.local.clients import http
from scripts.shop.smoke import ADDRESS

AT_ONCE = 3
PAUSE_SECONDS = 0.5  # of each, between two orders: so much that a laptop keeps up
PATIENCE_SECONDS = 180.0
DOCUMENTED = {"ahead", "unavailable", "view_not_filled", "view_parked"}


@dataclass
class Shoppers:
    """`errors`: answers that nobody has to expect. `later`: documented ones that say `503`, by
    code, each of which was asked again.
    """

    url: str
    token: str
    sku: str
    price: int
    placed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    later: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._shop) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in threads:
                thread.join()

    def _shop(self) -> None:
        session = http()
        session.headers["Authorization"] = f"Bearer {self.token}"
        while not self._end.wait(PAUSE_SECONDS):
            line = {"sku": self.sku, "quantity": 1, "unit_price": self.price}
            order = {"currency": "EUR", "lines": [line], "address": ADDRESS}
            key = {"Idempotency-Key": f"rehearsal-{token_hex(8)}"}
            placed = self._ask(session, "POST", "/orders", key, order)
            if placed is None:
                continue
            id_, token = placed.json()["order_id"], placed.headers["Consistency-Token"]
            with self._lock:
                self.placed.append(id_)
            for path in (f"/orders/{id_}", "/customers/me/orders?limit=5", f"/products/{self.sku}"):
                self._ask(session, "GET", path, {"Consistency-Token": token}, None)

    def _ask(
        self, session: requests.Session, method: str, path: str, headers: dict[str, str], body: Any
    ) -> requests.Response | None:
        """The answer, asked for again as long as it is a documented `503`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            told, answer = self._told(session, method, path, headers, body)
            with self._lock:
                self.asked += 1
                if answer is not None and answer.ok:
                    return answer
                if answer is None or not _is_documented(answer) or time.monotonic() > deadline:
                    self.errors.append(f"{method} {path}: {told}")
                    return None
                self.later[_code(answer)] += 1
            time.sleep(float(answer.headers.get("Retry-After", 1)))

    def _told(
        self, session: requests.Session, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[str, requests.Response | None]:
        try:
            answer = session.request(
                method, self.url + path, headers=headers, json=body, timeout=60
            )
        except requests.RequestException as error:
            return f"no answer: {error}", None
        return f"{answer.status_code} {answer.text[:300]}", answer


def _is_documented(answer: requests.Response) -> bool:
    return answer.status_code == 503 and _code(answer) in DOCUMENTED


def _code(answer: requests.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, LookupError, TypeError):
        return ""
