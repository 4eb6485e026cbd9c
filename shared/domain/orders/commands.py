"""The commands to an order."""

from __future__ import annotations

from typing import Annotated

from cqrs.inputs import size, text
from cqrs.plain import Value
from domain.kernel import Currency, CustomerId, OrderId, PaymentMethod
from domain.orders.values import Address, Line, Paid, RejectReason, Reserved

MAX_LINES = 50


class PlaceOrder(Value):
    order_id: OrderId
    customer_id: CustomerId
    currency: Currency
    lines: Annotated[tuple[Line, ...], size(min=1, max=MAX_LINES)]
    address: Address
    payment_method: PaymentMethod = "card-on-file"


class ChangeAddress(Value):
    order_id: OrderId
    address: Address


class ConfirmOrder(Value):
    """Confirms that the whole order is reserved and paid for."""

    order_id: OrderId
    reserved: Annotated[tuple[Reserved, ...], size(min=1, max=MAX_LINES)]
    paid: Paid


class RejectOrder(Value):
    order_id: OrderId
    reason: RejectReason
    detail: Annotated[str, text(max=500)] | None = None


class CancelOrder(Value):
    order_id: OrderId
    reason: Annotated[str, text(max=200)] | None = None


class ShipOrder(Value):
    order_id: OrderId


class DeliverOrder(Value):
    order_id: OrderId


OrderCommand = (
    PlaceOrder | ChangeAddress | ConfirmOrder | RejectOrder | CancelOrder | ShipOrder | DeliverOrder
)
