"""What can be asked of a product and its stock."""

from __future__ import annotations

from dataclasses import dataclass

from domain.inventory.values import Description, Received, Tags, Title
from domain.kernel import Currency, Money, OrderId, Quantity, Sku


@dataclass(frozen=True, kw_only=True)
class RegisterProduct:
    sku: Sku
    title: Title
    description: Description
    tags: Tags
    price: Money
    currency: Currency


@dataclass(frozen=True, kw_only=True)
class ChangePrice:
    sku: Sku
    price: Money


@dataclass(frozen=True, kw_only=True)
class ReceiveStock:
    sku: Sku
    quantity: Received


@dataclass(frozen=True, kw_only=True)
class ReserveStock:
    """`unit_price` and `currency` are what the customer agreed to."""

    sku: Sku
    order_id: OrderId
    quantity: Quantity
    unit_price: Money
    currency: Currency


@dataclass(frozen=True, kw_only=True)
class ReleaseStock:
    sku: Sku
    order_id: OrderId


@dataclass(frozen=True, kw_only=True)
class ShipStock:
    sku: Sku
    order_id: OrderId


ProductCommand = (
    RegisterProduct | ChangePrice | ReceiveStock | ReserveStock | ReleaseStock | ShipStock
)
