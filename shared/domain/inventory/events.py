"""The events of a product and its stock. The names of these classes and fields are stored for ever:
to change one, raise its schema and put an upcaster under it.
"""

from __future__ import annotations

from cqrs.history.events import Data, EventTypes
from cqrs.plain import Value
from domain.inventory.values import Description, Received, Tags, Title
from domain.kernel import Currency, Money, OrderId, Quantity, Sku

PRODUCT_EVENTS = EventTypes("inventory")


@PRODUCT_EVENTS.event()
class ProductRegistered(Value):
    sku: Sku
    title: Title
    description: Description
    tags: Tags
    price: Money
    currency: Currency


@PRODUCT_EVENTS.event()
class PriceChanged(Value):
    sku: Sku
    price: Money


@PRODUCT_EVENTS.event()
class StockReceived(Value):
    sku: Sku
    quantity: Received


@PRODUCT_EVENTS.event(schema=2)
class StockReserved(Value):
    """`listed`: by the product's state, until it is over; else it is only counted there."""

    sku: Sku
    order_id: OrderId
    quantity: Quantity
    listed: bool


@PRODUCT_EVENTS.upcaster(StockReserved, schema=1)
def _stock_reserved_1(data: Data) -> Data:
    return {**data, "listed": True}


@PRODUCT_EVENTS.event()
class StockReleased(Value):
    sku: Sku
    order_id: OrderId
    quantity: Quantity


@PRODUCT_EVENTS.event()
class ReservationBarred(Value):
    """The order was called off before it reserved anything. A late reservation is refused."""

    sku: Sku
    order_id: OrderId


@PRODUCT_EVENTS.event()
class StockShipped(Value):
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
