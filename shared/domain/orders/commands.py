"""What can be asked of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cqrs.plain import Size, Text
from domain.kernel import Currency, CustomerId, OrderId, PaymentMethod
from domain.orders.values import Address, Line, Paid, RejectReason, Reserved

MAX_LINES = 50


@dataclass(frozen=True, kw_only=True)
class PlaceOrder:
    order_id: OrderId
    customer_id: CustomerId
    currency: Currency
    lines: Annotated[tuple[Line, ...], Size(min=1, max=MAX_LINES)]
    address: Address
    payment_method: PaymentMethod = "card-on-file"


@dataclass(frozen=True, kw_only=True)
class ChangeAddress:
    order_id: OrderId
    address: Address


@dataclass(frozen=True, kw_only=True)
class ConfirmOrder:
    """Says that all of the order is reserved and paid for."""

    order_id: OrderId
    reserved: Annotated[tuple[Reserved, ...], Size(min=1, max=MAX_LINES)]
    paid: Paid


@dataclass(frozen=True, kw_only=True)
class RejectOrder:
    order_id: OrderId
    reason: RejectReason
    detail: Annotated[str, Text(max=500)] | None = None


@dataclass(frozen=True, kw_only=True)
class CancelOrder:
    order_id: OrderId
    reason: Annotated[str, Text(max=200)] | None = None


@dataclass(frozen=True, kw_only=True)
class ShipOrder:
    order_id: OrderId


@dataclass(frozen=True, kw_only=True)
class DeliverOrder:
    order_id: OrderId


OrderCommand = (
    PlaceOrder | ChangeAddress | ConfirmOrder | RejectOrder | CancelOrder | ShipOrder | DeliverOrder
)
