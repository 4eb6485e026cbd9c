"""The rules of a product and its stock: it is never oversold, and an order reserves it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from cqrs.errors import NotFound, Refused
from cqrs.history.guards import Claim, Guard
from cqrs.plain import Case, replace
from cqrs.write.decider import Decider
from domain.inventory import commands, events
from domain.inventory.commands import ProductCommand
from domain.inventory.events import PRODUCT_EVENTS, ProductEvent
from domain.inventory.values import Description, Tags, Title
from domain.kernel import Currency, Money, OrderId, Sku

__all__ = [
    "PRODUCT",
    "NoProduct",
    "OutOfStock",
    "PriceDiffers",
    "Product",
    "ProductAlreadyRegistered",
    "ProductNotFound",
    "ProductState",
    "ReservationDiffers",
    "ReservationIsOver",
    "TooManyReservations",
]

MAX_OPEN_RESERVATIONS = 5_000
"""Per product. They are in its state, which must stay small enough for a snapshot."""


class ProductNotFound(NotFound):
    code = "product_not_found"


class ProductAlreadyRegistered(Refused):
    code = "product_already_registered"


class PriceDiffers(Refused):
    code = "price_differs"


class OutOfStock(Refused):
    code = "out_of_stock"


class TooManyReservations(Refused):
    code = "too_many_reservations"


class ReservationDiffers(Refused):
    code = "reservation_differs"


class ReservationIsOver(Refused):
    code = "reservation_is_over"


class NoProduct(Case):
    """Nothing was registered yet."""


class Product(Case):
    """`reserved` has the quantity of each order whose reservation is open."""

    title: Title
    description: Description
    tags: Tags
    price: Money
    currency: Currency
    on_hand: int
    reserved: Mapping[str, int]

    @property
    def available(self) -> int:
        return self.on_hand - sum(self.reserved.values())


ProductState = NoProduct | Product


def evolve(product: ProductState, event: ProductEvent) -> ProductState:
    if isinstance(event, events.ProductRegistered):
        return _registered(event)
    return _changed(product, event) if isinstance(product, Product) else product


def _registered(event: events.ProductRegistered) -> Product:
    return Product(
        title=event.title,
        description=event.description,
        tags=event.tags,
        price=event.price,
        currency=event.currency,
        on_hand=0,
        reserved={},
    )


def _changed(
    product: Product,
    event: events.PriceChanged
    | events.StockReceived
    | events.StockReserved
    | events.StockReleased
    | events.ReservationBarred
    | events.StockShipped,
) -> Product:
    match event:
        case events.PriceChanged():
            return replace(product, price=event.price)
        case events.StockReceived():
            return replace(product, on_hand=product.on_hand + event.quantity)
        case events.StockReserved():
            return replace(product, reserved={**product.reserved, event.order_id: event.quantity})
        case events.StockReleased():
            return _closed(product, event.order_id)
        case events.ReservationBarred():
            return product
        case events.StockShipped():
            shipped = replace(product, on_hand=product.on_hand - event.quantity)
            return _closed(shipped, event.order_id)
        case _:
            assert_never(event)


def _closed(product: Product, order_id: OrderId) -> Product:
    """`product` without the reservation of an order."""
    others = {order: n for order, n in product.reserved.items() if order != order_id}
    return replace(product, reserved=others)


def decide(command: ProductCommand, product: ProductState) -> Sequence[ProductEvent]:
    match command:
        case commands.RegisterProduct():
            return _register(command, product)
        case commands.ChangePrice():
            return _change_price(command, _found(product, command.sku))
        case commands.ReceiveStock():
            return _receive(command, _found(product, command.sku))
        case commands.ReserveStock():
            return _reserve(command, _found(product, command.sku))
        case commands.ReleaseStock():
            return _release(command, product)
        case commands.ShipStock():
            return _ship(command, _found(product, command.sku))
        case _:
            assert_never(command)


def guards(product: ProductState, event: ProductEvent) -> Sequence[Guard]:
    """Claims of reservations are never released: an order reserves a product once."""
    match event:
        case events.StockReserved():
            over = f"Order {event.order_id} can't reserve {event.sku} again or any more."
            return [_claim(event.sku, event.order_id, taken=ReservationIsOver(over))]
        case events.ReservationBarred():
            return [_claim(event.sku, event.order_id, taken=None)]
        case events.ProductRegistered() | events.PriceChanged() | events.StockReceived():
            return []
        case events.StockReleased() | events.StockShipped():
            return []
        case _:
            assert_never(event)


def _claim(sku: Sku, order_id: OrderId, *, taken: Refused | None) -> Claim:
    return Claim(kind="reservation", value=f"{sku}/{order_id}", taken=taken)


def _found(product: ProductState, sku: Sku) -> Product:
    if isinstance(product, NoProduct):
        raise ProductNotFound(f"There is no product {sku}.")
    return product


def _register(command: commands.RegisterProduct, product: ProductState) -> Sequence[ProductEvent]:
    if isinstance(product, Product):
        raise ProductAlreadyRegistered(f"Product {command.sku} was registered before.")
    return [
        events.ProductRegistered(
            sku=command.sku,
            title=command.title,
            description=command.description,
            tags=command.tags,
            price=command.price,
            currency=command.currency,
        )
    ]


def _change_price(command: commands.ChangePrice, product: Product) -> Sequence[ProductEvent]:
    if command.price == product.price:
        return []
    return [events.PriceChanged(sku=command.sku, price=command.price)]


def _receive(command: commands.ReceiveStock, product: Product) -> Sequence[ProductEvent]:
    return [events.StockReceived(sku=command.sku, quantity=command.quantity)]


def _reserve(command: commands.ReserveStock, product: Product) -> Sequence[ProductEvent]:
    sku, quantity = command.sku, command.quantity
    reserved = product.reserved.get(command.order_id)
    if reserved == quantity:
        return []
    if reserved is not None:
        raise ReservationDiffers(f"Order {command.order_id} has reserved {reserved} of {sku}.")
    if (command.unit_price, command.currency) != (product.price, product.currency):
        raise PriceDiffers(f"{sku} costs {product.price} {product.currency} (in minor units).")
    if quantity > product.available:
        raise OutOfStock(f"There are {product.available} of {sku}, not {quantity}.")
    if len(product.reserved) >= MAX_OPEN_RESERVATIONS:
        raise TooManyReservations(f"Too many orders wait for {sku} to be shipped.")
    return [events.StockReserved(sku=sku, order_id=command.order_id, quantity=quantity)]


def _release(command: commands.ReleaseStock, product: ProductState) -> Sequence[ProductEvent]:
    """Is never refused, so that an order can always be undone, even if the release arrives before
    the reservation.
    """
    sku, order_id = command.sku, command.order_id
    quantity = product.reserved.get(order_id) if isinstance(product, Product) else None
    if quantity is None:
        return [events.ReservationBarred(sku=sku, order_id=order_id)]
    return [events.StockReleased(sku=sku, order_id=order_id, quantity=quantity)]


def _ship(command: commands.ShipStock, product: Product) -> Sequence[ProductEvent]:
    quantity = product.reserved.get(command.order_id)
    if quantity is None:
        return []
    return [events.StockShipped(sku=command.sku, order_id=command.order_id, quantity=quantity)]


PRODUCT: Decider[ProductCommand, ProductState, ProductEvent] = Decider(
    category="product",
    events=PRODUCT_EVENTS,
    initial=NoProduct(),
    evolve=evolve,
    decide=decide,
    state=ProductState,
    state_schema=1,
    guards=guards,
    guarded=(commands.ReceiveStock, commands.ChangePrice),
)
