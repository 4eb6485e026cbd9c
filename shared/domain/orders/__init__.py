"""The door to the orders context: its rules, its commands, and the events others may follow."""

from domain.orders.commands import CancelOrder, ChangeAddress, OrderCommand, PlaceOrder
from domain.orders.events import (
    ORDER_EVENTS,
    OrderAddressChanged,
    OrderCancelled,
    OrderEvent,
    OrderPlaced,
)
from domain.orders.order import (
    ORDER,
    OrderAlreadyPlaced,
    OrderIsCancelled,
    OrderNotFound,
    SkuOnTwoLines,
)
from domain.orders.values import Address, Currency, CustomerId, Line, OrderId

__all__ = [
    "ORDER",
    "ORDER_EVENTS",
    "Address",
    "CancelOrder",
    "ChangeAddress",
    "Currency",
    "CustomerId",
    "Line",
    "OrderAddressChanged",
    "OrderAlreadyPlaced",
    "OrderCancelled",
    "OrderCommand",
    "OrderEvent",
    "OrderId",
    "OrderIsCancelled",
    "OrderNotFound",
    "OrderPlaced",
    "PlaceOrder",
    "SkuOnTwoLines",
]
