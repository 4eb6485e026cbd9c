"""What can happen to an order. The names of these classes and fields are stored for ever: to change
one, raise its schema and put an upcaster under it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cqrs.events import EventTypes
from domain.orders.values import Address, Currency, CustomerId, Line, OrderId

__all__ = ["ORDER_EVENTS", "OrderAddressChanged", "OrderCancelled", "OrderEvent", "OrderPlaced"]

ORDER_EVENTS = EventTypes("orders")


@ORDER_EVENTS.event(personal={"address": "customer_id"})
@dataclass(frozen=True, kw_only=True)
class OrderPlaced:
    order_id: OrderId
    customer_id: CustomerId
    currency: Currency
    lines: tuple[Line, ...]
    address: Address


@ORDER_EVENTS.event(personal={"address": "customer_id"})
@dataclass(frozen=True, kw_only=True)
class OrderAddressChanged:
    order_id: OrderId
    customer_id: CustomerId
    address: Address


@ORDER_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class OrderCancelled:
    order_id: OrderId
    reason: str | None


OrderEvent = OrderPlaced | OrderAddressChanged | OrderCancelled
