"""The rules of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from cqrs.errors import NotFound, Refused
from cqrs.plain import Case, replace
from cqrs.write.decider import Decider
from domain.kernel import Currency, CustomerId, OrderId
from domain.orders import commands, events
from domain.orders.commands import OrderCommand
from domain.orders.events import ORDER_EVENTS, OrderEvent
from domain.orders.values import Address, Line, total_of

__all__ = [
    "ORDER",
    "OrderAlreadyPlaced",
    "OrderIsCancelled",
    "OrderIsConfirmed",
    "OrderIsRejected",
    "OrderIsShipped",
    "OrderNotConfirmed",
    "OrderNotCovered",
    "OrderNotFound",
    "OrderNotShipped",
    "SkuOnTwoLines",
]


class OrderNotFound(NotFound):
    code = "order_not_found"


class OrderAlreadyPlaced(Refused):
    code = "order_already_placed"


class SkuOnTwoLines(Refused):
    code = "sku_on_two_lines"


class OrderNotCovered(Refused):
    code = "order_not_covered"


class OrderNotConfirmed(Refused):
    code = "order_not_confirmed"


class OrderNotShipped(Refused):
    code = "order_not_shipped"


class OrderIsConfirmed(Refused):
    code = "order_is_confirmed"


class OrderIsShipped(Refused):
    code = "order_is_shipped"


class OrderIsRejected(Refused):
    code = "order_is_rejected"


class OrderIsCancelled(Refused):
    code = "order_is_cancelled"


class NoOrder(Case):
    """Nothing was placed yet."""


class PlacedOrder(Case):
    """Not yet fully reserved and paid for."""

    customer_id: CustomerId
    currency: Currency
    lines: tuple[Line, ...]
    address: Address


class ConfirmedOrder(Case):
    customer_id: CustomerId
    address: Address


class ShippedOrder(Case):
    """Can only be delivered."""

    customer_id: CustomerId


class DeliveredOrder(Case):
    """Nothing can happen any more."""

    customer_id: CustomerId


class RejectedOrder(Case):
    """Nothing can happen any more."""

    customer_id: CustomerId


class CancelledOrder(Case):
    """Nothing can happen any more."""

    customer_id: CustomerId


Order = (
    NoOrder
    | PlacedOrder
    | ConfirmedOrder
    | ShippedOrder
    | DeliveredOrder
    | RejectedOrder
    | CancelledOrder
)
Over = NoOrder | RejectedOrder | CancelledOrder


def evolve(order: Order, event: OrderEvent) -> Order:
    match event:
        case events.OrderPlaced():
            return PlacedOrder(
                customer_id=event.customer_id,
                currency=event.currency,
                lines=event.lines,
                address=event.address,
            )
        case events.OrderAddressChanged():
            return _at(order, event.address)
        case events.OrderConfirmed():
            return _confirmed(order)
        case events.OrderRejected():
            return _then(RejectedOrder, order)
        case events.OrderCancelled():
            return _then(CancelledOrder, order)
        case events.OrderShipped():
            return _then(ShippedOrder, order)
        case events.OrderDelivered():
            return _then(DeliveredOrder, order)
        case _:
            assert_never(event)


def _then(
    kind: type[ShippedOrder | DeliveredOrder | RejectedOrder | CancelledOrder], order: Order
) -> Order:
    return order if isinstance(order, NoOrder) else kind(customer_id=order.customer_id)


def _at(order: Order, address: Address) -> Order:
    match order:
        case PlacedOrder() | ConfirmedOrder():
            return replace(order, address=address)
        case ShippedOrder() | DeliveredOrder() | NoOrder() | RejectedOrder() | CancelledOrder():
            return order
        case _:
            assert_never(order)


def _confirmed(order: Order) -> Order:
    match order:
        case PlacedOrder():
            return ConfirmedOrder(customer_id=order.customer_id, address=order.address)
        case ConfirmedOrder() | ShippedOrder() | DeliveredOrder():
            return order
        case NoOrder() | RejectedOrder() | CancelledOrder():
            return order
        case _:
            assert_never(order)


def decide(command: OrderCommand, order: Order) -> Sequence[OrderEvent]:
    match command:
        case commands.PlaceOrder():
            return _place(command, order)
        case commands.ChangeAddress():
            return _change_address(command, order)
        case commands.ConfirmOrder():
            return _confirm(command, order)
        case commands.RejectOrder():
            return _reject(command, order)
        case commands.CancelOrder():
            return _cancel(command, order)
        case commands.ShipOrder():
            return _ship(command, order)
        case commands.DeliverOrder():
            return _deliver(command, order)
        case _:
            assert_never(command)


def _place(command: commands.PlaceOrder, order: Order) -> Sequence[OrderEvent]:
    if not isinstance(order, NoOrder):
        raise OrderAlreadyPlaced(f"Order {command.order_id} was placed before.")
    skus = [line.sku for line in command.lines]
    if len(set(skus)) < len(skus):
        raise SkuOnTwoLines("Each sku can be on one line only; raise its quantity instead.")
    return [
        events.OrderPlaced(
            order_id=command.order_id,
            customer_id=command.customer_id,
            currency=command.currency,
            lines=command.lines,
            address=command.address,
            payment_method=command.payment_method,
        )
    ]


def _change_address(command: commands.ChangeAddress, order: Order) -> Sequence[OrderEvent]:
    match order:
        case PlacedOrder() | ConfirmedOrder():
            if order.address == command.address:
                return []
            return [
                events.OrderAddressChanged(
                    order_id=command.order_id,
                    customer_id=order.customer_id,
                    address=command.address,
                )
            ]
        case ShippedOrder() | DeliveredOrder():
            raise OrderIsShipped(f"Order {command.order_id} has been shipped.")
        case NoOrder() | RejectedOrder() | CancelledOrder():
            raise _refusal(command.order_id, order)
        case _:
            assert_never(order)


def _confirm(command: commands.ConfirmOrder, order: Order) -> Sequence[OrderEvent]:
    match order:
        case PlacedOrder():
            _check_coverage(command, order)
            return [
                events.OrderConfirmed(
                    order_id=command.order_id, reserved=command.reserved, paid=command.paid
                )
            ]
        case ConfirmedOrder() | ShippedOrder() | DeliveredOrder():
            return []
        case NoOrder() | RejectedOrder() | CancelledOrder():
            raise _refusal(command.order_id, order)
        case _:
            assert_never(order)


def _check_coverage(command: commands.ConfirmOrder, order: PlacedOrder) -> None:
    ordered = sorted((line.sku, line.quantity) for line in order.lines)
    if ordered != sorted((reserved.sku, reserved.quantity) for reserved in command.reserved):
        raise OrderNotCovered("What is reserved is not what was ordered.")
    paid, price = command.paid, total_of(order.lines)
    if (paid.amount, paid.currency) != (price, order.currency):
        raise OrderNotCovered(
            f"The order costs {price} {order.currency}, not {paid.amount} {paid.currency}."
        )


def _reject(command: commands.RejectOrder, order: Order) -> Sequence[OrderEvent]:
    match order:
        case NoOrder():
            raise _refusal(command.order_id, order)
        case PlacedOrder():
            return [
                events.OrderRejected(
                    order_id=command.order_id, reason=command.reason, detail=command.detail
                )
            ]
        case ConfirmedOrder() | ShippedOrder() | DeliveredOrder():
            raise OrderIsConfirmed(f"Order {command.order_id} is confirmed.")
        case RejectedOrder() | CancelledOrder():
            return []
        case _:
            assert_never(order)


def _cancel(command: commands.CancelOrder, order: Order) -> Sequence[OrderEvent]:
    match order:
        case PlacedOrder() | ConfirmedOrder():
            return [events.OrderCancelled(order_id=command.order_id, reason=command.reason)]
        case ShippedOrder() | DeliveredOrder():
            raise OrderIsShipped(f"Order {command.order_id} has been shipped.")
        case CancelledOrder():
            return []
        case NoOrder() | RejectedOrder():
            raise _refusal(command.order_id, order)
        case _:
            assert_never(order)


def _ship(command: commands.ShipOrder, order: Order) -> Sequence[OrderEvent]:
    match order:
        case PlacedOrder():
            raise OrderNotConfirmed(f"Order {command.order_id} is not confirmed yet.")
        case ConfirmedOrder():
            return [events.OrderShipped(order_id=command.order_id)]
        case ShippedOrder() | DeliveredOrder():
            return []
        case NoOrder() | RejectedOrder() | CancelledOrder():
            raise _refusal(command.order_id, order)
        case _:
            assert_never(order)


def _deliver(command: commands.DeliverOrder, order: Order) -> Sequence[OrderEvent]:
    match order:
        case PlacedOrder() | ConfirmedOrder():
            raise OrderNotShipped(f"Order {command.order_id} has not been shipped yet.")
        case ShippedOrder():
            return [events.OrderDelivered(order_id=command.order_id)]
        case DeliveredOrder():
            return []
        case NoOrder() | RejectedOrder() | CancelledOrder():
            raise _refusal(command.order_id, order)
        case _:
            assert_never(order)


def _refusal(order_id: OrderId, order: Over) -> NotFound | Refused:
    match order:
        case NoOrder():
            return OrderNotFound(f"There is no order {order_id}.")
        case RejectedOrder():
            return OrderIsRejected(f"Order {order_id} was rejected.")
        case CancelledOrder():
            return OrderIsCancelled(f"Order {order_id} is cancelled.")
        case _:
            assert_never(order)


def owner(order_id: str, order: Order) -> str | None:
    return None if isinstance(order, NoOrder) else order.customer_id


ORDER: Decider[OrderCommand, Order, OrderEvent] = Decider(
    category="order",
    events=ORDER_EVENTS,
    initial=NoOrder(),
    evolve=evolve,
    decide=decide,
    state=Order,
    state_schema=3,
    owner=owner,
)
