"""Orders, stock and money, added up from events as they are stored, outside the system's own code:
at rest every order is settled, and each service has exactly what the orders say.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cqrs.adapters.memory import MemoryEventStore

__all__ = ["Book", "Ledger", "in_memory", "in_table"]

Events = Sequence[tuple[str, dict[str, Any]]]
"""The types and the data of what happened in a stream."""
Book = Mapping[str, Events]
"""What a service's store holds, by stream."""
Quantities = Counter[tuple[str, str]]
"""By product and order."""


def in_memory(store: MemoryEventStore) -> Book:
    book: dict[str, Events] = {}
    cursor: str | None = None
    while True:
        heads = store.heads(cursor)
        book |= {name: _events(c.body for c in store.read(name)) for name in heads.versions}
        cursor = heads.cursor
        if cursor is None:
            return book


def in_table(client: Any, table: str) -> Book:
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    streams: dict[str, dict[int, str]] = defaultdict(dict)
    for item in (item for page in pages for item in page["Items"]):
        streams[item["stream"]["S"]][int(item["version"]["N"])] = item["body"]["S"]
    return {
        name: _events(bodies[version] for version in sorted(bodies))
        for name, bodies in streams.items()
    }


def _events(bodies: Iterable[str]) -> Events:
    """What is in commits, in their order."""
    return [(e["type"], e["data"]) for body in bodies for e in json.loads(body)["events"]]


class Ledger:
    def __init__(self, *, orders: Book, inventory: Book, payments: Book) -> None:
        self._inventory = inventory
        self._payments = payments
        self.lines: dict[str, dict[str, int]] = {}
        self.totals: dict[str, int] = {}
        self.ends: dict[str, list[str]] = {}
        for stream, happened in orders.items():
            order = stream.removeprefix("order-")
            lines = happened[0][1]["lines"]
            self.lines[order] = {line["sku"]: line["quantity"] for line in lines}
            self.totals[order] = sum(line["quantity"] * line["unit_price"] for line in lines)
            self.ends[order] = [kind for kind, _ in happened[1:] if kind != "OrderAddressChanged"]

    def status(self, order: str) -> str:
        for kind in ("OrderShipped", "OrderRejected", "OrderCancelled", "OrderConfirmed"):
            if kind in self.ends[order]:
                return kind
        return "open"

    def statuses(self) -> Counter[str]:
        return Counter(map(self.status, self.lines))

    def to_pay(self, status: str) -> dict[str, int]:
        """What all orders of a status come to, by order."""
        return {order: n for order, n in self.totals.items() if self.status(order) == status}

    def to_have(self, status: str) -> Quantities:
        """What all orders of a status are about."""
        return Counter(
            {
                (sku, order): quantity
                for order, lines in self.lines.items()
                if self.status(order) == status
                for sku, quantity in lines.items()
            }
        )

    def assert_it_adds_up(self) -> None:
        self._assert_orders_are_settled_once()
        self._assert_stock_adds_up()
        self._assert_money_adds_up()

    def _assert_orders_are_settled_once(self) -> None:
        for order, ends in self.ends.items():
            assert self.status(order) != "open", f"{order} was never settled"
            assert ends.count("OrderConfirmed") + ends.count("OrderRejected") <= 1, (order, ends)
            assert "OrderShipped" not in ends or "OrderConfirmed" in ends, (order, ends)
            assert max(Counter(ends).values()) == 1, (order, ends)

    def _assert_stock_adds_up(self) -> None:
        reserved: Quantities = Counter()
        shipped: Quantities = Counter()
        for stream, happened in self._inventory.items():
            sku = stream.removeprefix("product-")
            available = 0
            for kind, data in happened:
                key = (sku, data.get("order_id", ""))
                match kind:
                    case "StockReceived":
                        available += data["quantity"]
                    case "StockReserved":
                        available -= data["quantity"]
                        reserved[key] += data["quantity"]
                    case "StockReleased":
                        available += data["quantity"]
                        reserved[key] -= data["quantity"]
                    case "StockShipped":
                        reserved[key] -= data["quantity"]
                        shipped[key] += data["quantity"]
                assert available >= 0, f"{sku} was oversold"
        _assert_same("reserved", dict(+reserved), dict(self.to_have("OrderConfirmed")))
        _assert_same("shipped", dict(+shipped), dict(self.to_have("OrderShipped")))
        assert not -reserved

    def _assert_money_adds_up(self) -> None:
        held: dict[str, int] = {}
        taken: dict[str, int] = {}
        for stream, happened in self._payments.items():
            payment = stream.removeprefix("payment-")
            amount = 0
            assert max(Counter(kind for kind, _ in happened).values()) == 1, (stream, happened)
            for kind, data in happened:
                match kind:
                    case "AuthorisationRequested":
                        amount = data["amount"]
                    case "PaymentAuthorised":
                        held[payment] = amount
                    case "PaymentVoided":
                        held.pop(payment, None)
                    case "PaymentCaptured":
                        taken[payment] = held.pop(payment)
                    case "PaymentRefunded":
                        del taken[payment]
            assert not kind.endswith("Requested"), f"{stream} waits for an answer: {kind}"
        _assert_same("held", held, self.to_pay("OrderConfirmed"))
        _assert_same("taken", taken, self.to_pay("OrderShipped"))


def _assert_same(what: str, found: Mapping[Any, int], wanted: Mapping[Any, int]) -> None:
    """Says what differs, and nothing of the hundreds of orders that are right."""
    differ = {
        key: f"{found.get(key, 0)} and not {wanted.get(key, 0)}"
        for key in found.keys() | wanted.keys()
        if found.get(key) != wanted.get(key)
    }
    assert not differ, f"{what}: {differ}"
