"""The events of an order. The names of these classes and fields are stored for ever: to change one,
raise its schema and put an upcaster under it.
"""

from __future__ import annotations

from cqrs.history.events import Data, EventTypes
from cqrs.plain import Value
from domain.kernel import Currency, CustomerId, OrderId, PaymentMethod
from domain.orders.values import Address, Line, Paid, RejectReason, Reserved

ORDER_EVENTS = EventTypes("orders")


@ORDER_EVENTS.event(schema=2, personal={"address": "customer_id"})
class OrderPlaced(Value):
    order_id: OrderId
    customer_id: CustomerId
    currency: Currency
    lines: tuple[Line, ...]
    address: Address
    payment_method: PaymentMethod


@ORDER_EVENTS.upcaster(OrderPlaced, schema=1)
def _order_placed_1(data: Data) -> Data:
    """Before customers could choose a payment method, all paid with the card on file."""
    return {**data, "payment_method": "card-on-file"}


@ORDER_EVENTS.event(personal={"address": "customer_id"})
class OrderAddressChanged(Value):
    order_id: OrderId
    customer_id: CustomerId
    address: Address


@ORDER_EVENTS.event()
class OrderConfirmed(Value):
    order_id: OrderId
    reserved: tuple[Reserved, ...]
    paid: Paid


@ORDER_EVENTS.event()
class OrderRejected(Value):
    order_id: OrderId
    reason: RejectReason
    detail: str | None


@ORDER_EVENTS.event()
class OrderCancelled(Value):
    order_id: OrderId
    reason: str | None


@ORDER_EVENTS.event()
class OrderShipped(Value):
    order_id: OrderId


@ORDER_EVENTS.event()
class OrderDelivered(Value):
    order_id: OrderId


OrderEvent = (
    OrderPlaced
    | OrderAddressChanged
    | OrderConfirmed
    | OrderRejected
    | OrderCancelled
    | OrderShipped
    | OrderDelivered
)
