"""The rules of a product and its stock: it is never oversold, and an order reserves it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from cqrs.errors import Conflict, CqrsError, NotFound, Refused
from cqrs.history.guards import Claim, Guard
from cqrs.plain import Case, field, replace
from cqrs.write.decider import Decider, Recall
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
]

MOST_LISTED = 50  # open reservations, so that the state stays small


class ProductNotFound(NotFound):
    code = "product_not_found"


class ProductAlreadyRegistered(Refused):
    code = "product_already_registered"


class PriceDiffers(Refused):
    code = "price_differs"


class OutOfStock(Refused):
    code = "out_of_stock"


class ReservationDiffers(Refused):
    code = "reservation_differs"


class ReservationIsOver(Refused):
    code = "reservation_is_over"


class NoProduct(Case):
    """Nothing was registered yet."""


class Product(Case):
    """`listed` has the quantity of each order whose reservation is open, as long as there are few.
    The pieces of all others are `counted`: of whom they are, claims tell.
    """

    title: Title
    description: Description
    tags: Tags
    price: Money
    currency: Currency
    on_hand: int
    listed: Mapping[str, int] = field(name="reserved")
    counted: int = 0

    @property
    def reserved(self) -> int:
        return self.counted + sum(self.listed.values())

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


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
        listed={},
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
        case events.StockReserved() if event.listed:
            return replace(product, listed={**product.listed, event.order_id: event.quantity})
        case events.StockReserved():
            return replace(product, counted=product.counted + event.quantity)
        case events.StockReleased():
            return _without(product, event.order_id, event.quantity)
        case events.ReservationBarred():
            return product
        case events.StockShipped():
            shipped = replace(product, on_hand=product.on_hand - event.quantity)
            return _without(shipped, event.order_id, event.quantity)
        case _:
            assert_never(event)


def _without(product: Product, order_id: OrderId, quantity: int) -> Product:
    """`product` without the reservation of an order."""
    if order_id not in product.listed:
        return replace(product, counted=product.counted - quantity)
    others = {order: n for order, n in product.listed.items() if order != order_id}
    return replace(product, listed=others)


def decide(
    command: ProductCommand, product: ProductState, past: Sequence[ProductEvent] = ()
) -> Sequence[ProductEvent]:
    """`past` has what was recalled of the reservation that the command is about."""
    match command:
        case commands.RegisterProduct():
            return _register(command, product)
        case commands.ChangePrice():
            return _change_price(command, _found(product, command.sku))
        case commands.ReceiveStock():
            return _receive(command, _found(product, command.sku))
        case commands.ReserveStock():
            return _reserve(command, _found(product, command.sku), past)
        case commands.ReleaseStock():
            return _release(command, product, past)
        case commands.ShipStock():
            return _ship(command, _found(product, command.sku), past)
        case _:
            assert_never(command)


def guards(product: ProductState, event: ProductEvent) -> Sequence[Guard]:
    """Claims of reservations are never released: an order reserves a product once, and its
    reservation ends once. The end of a listed one is claimed by nobody: it is not listed any more.
    """
    match event:
        case events.StockReserved():
            over = f"Order {event.order_id} can't reserve {event.sku} again or any more."
            return [_begin(event.sku, event.order_id, taken=ReservationIsOver(over))]
        case events.ReservationBarred():
            # if it was recalled as free it was made meanwhile; else it is over
            meanwhile = Conflict(PRODUCT.stream(event.sku), 1) if _counts(product) else None
            return [_begin(event.sku, event.order_id, taken=meanwhile)]
        case events.StockReleased() | events.StockShipped():
            is_listed = isinstance(product, Product) and event.order_id in product.listed
            return [] if is_listed else [_end(event.sku, event.order_id)]
        case events.ProductRegistered() | events.PriceChanged() | events.StockReceived():
            return []
        case _:
            assert_never(event)


def claims(command: ProductCommand, product: ProductState) -> Sequence[Claim]:
    """Those that tell of the reservation that a command is about, if the state does not."""
    match command:
        case commands.ReserveStock():
            sku, order_id = command.sku, command.order_id
            both = [_begin(sku, order_id), _end(sku, order_id)]
            return both if _may_count(product, order_id) else []
        case commands.ReleaseStock() | commands.ShipStock():
            # not the end: who ends it a second time meets that claim, and has nothing left to do
            begin = [_begin(command.sku, command.order_id)]
            return begin if _may_count(product, command.order_id) else []
        case commands.RegisterProduct() | commands.ChangePrice() | commands.ReceiveStock():
            return []
        case _:
            assert_never(command)


def _counts(product: ProductState) -> bool:
    return isinstance(product, Product) and product.counted > 0


def _may_count(product: ProductState, order_id: OrderId) -> bool:
    """Whether the order may have an open reservation that is not listed."""
    return isinstance(product, Product) and product.counted > 0 and order_id not in product.listed


def _begin(sku: Sku, order_id: OrderId, taken: CqrsError | None = None) -> Claim:
    return Claim(kind="reservation", value=f"{sku}/{order_id}", taken=taken)


def _end(sku: Sku, order_id: OrderId) -> Claim:
    return Claim(kind="reservation end", value=f"{sku}/{order_id}", taken=None)


def _open(product: ProductState, order_id: OrderId, past: Sequence[ProductEvent]) -> int | None:
    """The quantity that an order has reserved; None if it has not, or not any more."""
    if isinstance(product, Product) and order_id in product.listed:
        return product.listed[order_id]
    match past:
        case [events.StockReserved(listed=False, quantity=quantity)]:
            return quantity
    return None


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


def _reserve(
    command: commands.ReserveStock, product: Product, past: Sequence[ProductEvent]
) -> Sequence[ProductEvent]:
    sku, order_id, quantity = command.sku, command.order_id, command.quantity
    reserved = _open(product, order_id, past)
    if reserved == quantity:
        return []
    if reserved is not None:
        raise ReservationDiffers(f"Order {order_id} has reserved {reserved} of {sku}.")
    if past:
        raise ReservationIsOver(f"Order {order_id} can't reserve {sku} any more.")
    if (command.unit_price, command.currency) != (product.price, product.currency):
        raise PriceDiffers(f"{sku} costs {product.price} {product.currency} (in minor units).")
    if quantity > product.available:
        raise OutOfStock(f"There are {product.available} of {sku}, not {quantity}.")
    listed = len(product.listed) < MOST_LISTED
    return [events.StockReserved(sku=sku, order_id=order_id, quantity=quantity, listed=listed)]


def _release(
    command: commands.ReleaseStock, product: ProductState, past: Sequence[ProductEvent]
) -> Sequence[ProductEvent]:
    """Is never refused, so that an order can always be undone, even if the release arrives before
    the reservation.
    """
    sku, order_id = command.sku, command.order_id
    if quantity := _open(product, order_id, past):
        return [events.StockReleased(sku=sku, order_id=order_id, quantity=quantity)]
    return [] if past else [events.ReservationBarred(sku=sku, order_id=order_id)]


def _ship(
    command: commands.ShipStock, product: Product, past: Sequence[ProductEvent]
) -> Sequence[ProductEvent]:
    sku, order_id = command.sku, command.order_id
    if quantity := _open(product, order_id, past):
        return [events.StockShipped(sku=sku, order_id=order_id, quantity=quantity)]
    return []


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
    recall=Recall(claims=claims, decide=decide),
)
