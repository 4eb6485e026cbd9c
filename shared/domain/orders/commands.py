"""What can be asked of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cqrs.plain import Size, Text
from domain.orders.values import Address, Currency, CustomerId, Line, OrderId

__all__ = ["CancelOrder", "ChangeAddress", "OrderCommand", "PlaceOrder"]


@dataclass(frozen=True, kw_only=True)
class PlaceOrder:
    order_id: OrderId
    customer_id: CustomerId
    currency: Currency
    lines: Annotated[tuple[Line, ...], Size(min=1, max=50)]
    address: Address


@dataclass(frozen=True, kw_only=True)
class ChangeAddress:
    order_id: OrderId
    address: Address


@dataclass(frozen=True, kw_only=True)
class CancelOrder:
    order_id: OrderId
    reason: Annotated[str, Text(max=200)] | None = None


OrderCommand = PlaceOrder | ChangeAddress | CancelOrder
