"""The view `placed_orders`, for queries to this service: a row per order, from the order's own
stream, and lists by customer, newest first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from cqrs import plain
from cqrs.history.events import Instant, Recorded
from cqrs.plain import Json, Value, replace
from cqrs.views.rows import Document, Fold, Place, RowView, States
from domain.kernel import Currency, CustomerId
from domain.orders import events
from domain.orders.events import ORDER_EVENTS, OrderEvent
from domain.orders.values import Address, Line, RejectReason, Reserved, total_of

__all__ = [
    "BY_CUSTOMER",
    "PLACED_ORDERS",
    "OrderFacts",
    "OrderStatus",
    "by_customer",
    "follow_order",
    "order_facts",
]


class OrderStatus(StrEnum):
    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class ReservationStatus(StrEnum):
    HELD = "held"
    SHIPPED = "shipped"
    GIVEN_BACK = "given_back"


class OrderFacts(Value):
    """The state that views fold from the stream `order-<id>`. `reserved` is empty until the order
    is confirmed.
    """

    status: OrderStatus
    customer_id: CustomerId
    currency: Currency
    lines: tuple[Line, ...]
    address: Address
    placed_at: Instant
    updated_at: Instant
    reserved: tuple[Reserved, ...] = ()
    reject_reason: RejectReason | None = None
    reject_detail: str | None = None
    cancel_reason: str | None = None


def follow_order(order: OrderFacts | None, recorded: Recorded[OrderEvent]) -> OrderFacts:
    event = recorded.event
    if isinstance(event, events.OrderPlaced):
        return OrderFacts(
            status=OrderStatus.PLACED,
            customer_id=event.customer_id,
            currency=event.currency,
            lines=event.lines,
            address=event.address,
            placed_at=recorded.at,
            updated_at=recorded.at,
        )
    if order is None:
        raise ValueError(f"{type(event).__name__} before OrderPlaced")
    return replace(_changed(order, event), updated_at=recorded.at)


def _changed(order: OrderFacts, event: OrderEvent) -> OrderFacts:
    match event:
        case events.OrderPlaced():
            return order
        case events.OrderAddressChanged():
            return replace(order, address=event.address)
        case events.OrderConfirmed(reserved=reserved):
            return replace(order, status=OrderStatus.CONFIRMED, reserved=reserved)
        case events.OrderRejected(reason=reason, detail=detail):
            return replace(
                order, status=OrderStatus.REJECTED, reject_reason=reason, reject_detail=detail
            )
        case events.OrderCancelled(reason=reason):
            return replace(order, status=OrderStatus.CANCELLED, cancel_reason=reason)
        case events.OrderShipped():
            return replace(order, status=OrderStatus.SHIPPED)
        case events.OrderDelivered():
            return replace(order, status=OrderStatus.DELIVERED)
        case _:
            assert_never(event)


def order_facts(order_id: str, version: int, order: OrderFacts) -> Document:
    return {
        "order_id": order_id,
        "version": version,
        "status": order.status,
        "customer_id": order.customer_id,
        "currency": order.currency,
        "total": total_of(order.lines),
        "lines": plain.dump(order.lines),
        "address": plain.dump(order.address),
        "reservation": _reservation(order),
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "reject_reason": order.reject_reason,
        "reject_detail": order.reject_detail,
        "cancel_reason": order.cancel_reason,
    }


def _reservation(order: OrderFacts) -> Json:
    """The reservation as the order's own events tell it: None before the order is confirmed."""
    if not order.reserved:
        return None
    return {"status": _reservation_status(order.status), "lines": plain.dump(order.reserved)}


def _reservation_status(status: OrderStatus) -> ReservationStatus:
    match status:
        case OrderStatus.PLACED | OrderStatus.CONFIRMED:
            return ReservationStatus.HELD
        case OrderStatus.SHIPPED | OrderStatus.DELIVERED:
            return ReservationStatus.SHIPPED
        case OrderStatus.CANCELLED | OrderStatus.REJECTED:
            return ReservationStatus.GIVEN_BACK
        case _:
            assert_never(status)


ORDER_FOLD: Fold[OrderFacts | None, OrderEvent] = Fold(
    category="order",
    events=ORDER_EVENTS,
    state=OrderFacts,
    initial=None,
    evolve=follow_order,
)


def render(states: States) -> Document | None:
    order = states[ORDER_FOLD]
    return order_facts(states.key, states.version(ORDER_FOLD), order) if order else None


def by_customer(order: Document) -> Place:
    return Place(str(order["customer_id"]), f"{order['placed_at']}/{order['order_id']}")


BY_CUSTOMER = "customer"

PLACED_ORDERS = RowView(
    name="placed_orders",
    folds=[ORDER_FOLD],
    render=render,
    lists={BY_CUSTOMER: by_customer},
)
