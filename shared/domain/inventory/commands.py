"""The commands to a product and its stock."""

from __future__ import annotations

from cqrs.plain import Value
from domain.inventory.values import Description, Received, Tags, Title
from domain.kernel import Currency, Money, OrderId, Quantity, Sku


class RegisterProduct(Value):
    sku: Sku
    title: Title
    description: Description
    tags: Tags
    price: Money
    currency: Currency


class ChangePrice(Value):
    sku: Sku
    price: Money


class ReceiveStock(Value):
    sku: Sku
    quantity: Received


class ReserveStock(Value):
    """`unit_price` and `currency` are those that the customer agreed to."""

    sku: Sku
    order_id: OrderId
    quantity: Quantity
    unit_price: Money
    currency: Currency


class ReleaseStock(Value):
    sku: Sku
    order_id: OrderId


class ShipStock(Value):
    sku: Sku
    order_id: OrderId


ProductCommand = (
    RegisterProduct | ChangePrice | ReceiveStock | ReserveStock | ReleaseStock | ShipStock
)
