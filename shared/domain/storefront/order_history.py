"""The view `order_history`: a row per order, as its customer sees it; lists by customer, newest
first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from cqrs import plain
from cqrs.events import Instant, Recorded
from cqrs.views import Document, Fold, Parts, Place, RowView
from domain.orders import (
    ORDER_EVENTS,
    Address,
    Currency,
    CustomerId,
    Line,
    OrderAddressChanged,
    OrderCancelled,
    OrderEvent,
    OrderPlaced,
)

__all__ = ["BY_CUSTOMER", "ORDER", "ORDER_HISTORY"]


class Status(StrEnum):
    PLACED = "placed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class OrderPart:
    """What the row remembers of the stream `order-<id>`."""

    status: Status
    customer_id: CustomerId
    currency: Currency
    lines: tuple[Line, ...]
    address: Address
    placed_at: Instant
    updated_at: Instant
    cancel_reason: str | None = None


def follow_order(order: OrderPart | None, recorded: Recorded[OrderEvent]) -> OrderPart:
    event, at = recorded.event, recorded.at
    if isinstance(event, OrderPlaced):
        return OrderPart(
            status=Status.PLACED,
            customer_id=event.customer_id,
            currency=event.currency,
            lines=event.lines,
            address=event.address,
            placed_at=at,
            updated_at=at,
        )
    if order is None:
        raise ValueError(f"{type(event).__name__} before OrderPlaced")
    match event:
        case OrderAddressChanged():
            return replace(order, address=event.address, updated_at=at)
        case OrderCancelled():
            return replace(
                order, status=Status.CANCELLED, cancel_reason=event.reason, updated_at=at
            )
        case _:
            assert_never(event)


ORDER: Fold[OrderPart | None, OrderEvent] = Fold(
    category="order",
    events=ORDER_EVENTS,
    state=OrderPart,
    initial=None,
    evolve=follow_order,
)


def render(parts: Parts) -> Document | None:
    order = parts[ORDER]
    if order is None:
        return None
    return {
        "order_id": parts.key,
        "version": parts.version(ORDER),
        "status": order.status,
        "customer_id": order.customer_id,
        "currency": order.currency,
        "total": sum(line.quantity * line.unit_price for line in order.lines),
        "lines": plain.dump(order.lines),
        "address": plain.dump(order.address),
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "cancel_reason": order.cancel_reason,
    }


def by_customer(order: Document) -> Place:
    return Place(str(order["customer_id"]), f"{order['placed_at']}/{order['order_id']}")


BY_CUSTOMER = "customer"

ORDER_HISTORY = RowView(
    name="order_history",
    folds=[ORDER],
    render=render,
    lists={BY_CUSTOMER: by_customer},
)
