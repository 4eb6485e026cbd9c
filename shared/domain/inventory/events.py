"""What can happen to a product and its stock. The names of these classes and fields are stored for
ever: to change one, raise its schema and put an upcaster under it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cqrs.history.events import EventTypes
from domain.inventory.values import Description, Received, Tags, Title
from domain.kernel import Currency, Money, OrderId, Quantity, Sku

PRODUCT_EVENTS = EventTypes("inventory")


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class ProductRegistered:
    sku: Sku
    title: Title
    description: Description
    tags: Tags
    price: Money
    currency: Currency


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class PriceChanged:
    sku: Sku
    price: Money


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class StockReceived:
    sku: Sku
    quantity: Received


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class StockReserved:
    sku: Sku
    order_id: OrderId
    quantity: Quantity


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class StockReleased:
    sku: Sku
    order_id: OrderId
    quantity: Quantity


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class ReservationBarred:
    """The order gave up before it reserved: a reservation that comes late is refused."""

    sku: Sku
    order_id: OrderId


@PRODUCT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class StockShipped:
    sku: Sku
    order_id: OrderId
    quantity: Quantity


ProductEvent = (
    ProductRegistered
    | PriceChanged
    | StockReceived
    | StockReserved
    | StockReleased
    | ReservationBarred
    | StockShipped
)
