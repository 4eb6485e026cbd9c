"""The order of the benchmarks, as the documentation of `eventsourcing` writes an aggregate."""

from typing import Any

from eventsourcing.application import Application  # type: ignore[import-not-found]
from eventsourcing.domain import Aggregate, event  # type: ignore[import-not-found]

__all__ = ["Application", "Order"]


class Order(Aggregate):  # type: ignore[misc]
    @event("Placed")  # type: ignore[untyped-decorator]
    def __init__(self, customer_id: str, currency: str, lines: Any, address: Any) -> None:
        self.customer_id, self.currency = customer_id, currency
        self.lines, self.address = lines, address

    @event("Moved")  # type: ignore[untyped-decorator]
    def move(self, address: Any) -> None:
        self.address = address
