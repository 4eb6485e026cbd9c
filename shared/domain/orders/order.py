"""The rules of one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from cqrs.decider import Decider
from cqrs.errors import NotFound, Refused
from domain.orders.commands import CancelOrder, ChangeAddress, OrderCommand, PlaceOrder
from domain.orders.events import (
    ORDER_EVENTS,
    OrderAddressChanged,
    OrderCancelled,
    OrderEvent,
    OrderPlaced,
)
from domain.orders.values import Address, CustomerId

__all__ = ["ORDER", "OrderAlreadyPlaced", "OrderIsCancelled", "OrderNotFound", "SkuOnTwoLines"]


class OrderNotFound(NotFound):
    code = "order_not_found"


class OrderAlreadyPlaced(Refused):
    code = "order_already_placed"


class OrderIsCancelled(Refused):
    code = "order_is_cancelled"


class SkuOnTwoLines(Refused):
    code = "sku_on_two_lines"


@dataclass(frozen=True, kw_only=True)
class NoOrder:
    """Nothing was placed yet."""


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    customer_id: CustomerId
    address: Address


@dataclass(frozen=True, kw_only=True)
class CancelledOrder:
    """Nothing can happen any more."""


Order = NoOrder | OpenOrder | CancelledOrder


def evolve(order: Order, event: OrderEvent) -> Order:
    match event:
        case OrderPlaced():
            return OpenOrder(customer_id=event.customer_id, address=event.address)
        case OrderAddressChanged():
            return replace(order, address=event.address) if isinstance(order, OpenOrder) else order
        case OrderCancelled():
            return CancelledOrder()
        case _:
            assert_never(event)


def decide(command: OrderCommand, order: Order) -> Sequence[OrderEvent]:
    match command:
        case PlaceOrder():
            return _place(command, order)
        case ChangeAddress():
            return _change_address(command, order)
        case CancelOrder():
            return _cancel(command, order)
        case _:
            assert_never(command)


def _place(command: PlaceOrder, order: Order) -> Sequence[OrderEvent]:
    if not isinstance(order, NoOrder):
        raise OrderAlreadyPlaced(f"Order {command.order_id} was placed before.")
    skus = [line.sku for line in command.lines]
    if len(set(skus)) < len(skus):
        raise SkuOnTwoLines("Each sku can be on one line only; raise its quantity instead.")
    return [
        OrderPlaced(
            order_id=command.order_id,
            customer_id=command.customer_id,
            currency=command.currency,
            lines=command.lines,
            address=command.address,
        )
    ]


def _change_address(command: ChangeAddress, order: Order) -> Sequence[OrderEvent]:
    match order:
        case NoOrder():
            raise OrderNotFound(f"There is no order {command.order_id}.")
        case CancelledOrder():
            raise OrderIsCancelled(f"Order {command.order_id} is cancelled.")
        case OpenOrder():
            if order.address == command.address:
                return []
            return [
                OrderAddressChanged(
                    order_id=command.order_id,
                    customer_id=order.customer_id,
                    address=command.address,
                )
            ]


def _cancel(command: CancelOrder, order: Order) -> Sequence[OrderEvent]:
    match order:
        case NoOrder():
            raise OrderNotFound(f"There is no order {command.order_id}.")
        case CancelledOrder():
            return []
        case OpenOrder():
            return [OrderCancelled(order_id=command.order_id, reason=command.reason)]


ORDER: Decider[OrderCommand, Order, OrderEvent] = Decider(
    category="order",
    events=ORDER_EVENTS,
    initial=NoOrder(),
    evolve=evolve,
    decide=decide,
    state=Order,
    state_schema=1,
)
