"""The views `customer_cards` and `product_cards`: a row per customer and per product, for all who
name one; and how an order is shown with its cards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, assert_never

from cqrs import plain
from cqrs.events import Recorded
from cqrs.joins import Cards, Join
from cqrs.views import Document, Fold, Parts, RowView
from domain.customers import (
    CUSTOMER_EVENTS,
    CustomerEmailChanged,
    CustomerEvent,
    CustomerRegistered,
    CustomerRenamed,
)
from domain.inventory import (
    PRODUCT_EVENTS,
    PriceChanged,
    ProductEvent,
    ProductRegistered,
    ReservationBarred,
    StockReceived,
    StockReleased,
    StockReserved,
    StockShipped,
)
from domain.kernel import Currency

__all__ = [
    "CUSTOMER",
    "CUSTOMER_CARDS",
    "ORDER_WITH_CUSTOMER",
    "ORDER_WITH_TITLES",
    "PRODUCT",
    "PRODUCT_CARDS",
    "skus_of",
    "title_of",
    "with_customer",
    "with_titles",
]


@dataclass(frozen=True, kw_only=True)
class CustomerPart:
    """What a card remembers of the stream `customer-<id>`."""

    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class ProductPart:
    """What a card remembers of the stream `product-<sku>`. Stock is none of its business."""

    title: str
    description: str
    tags: tuple[str, ...]
    price: int
    currency: Currency


def follow_customer(
    customer: CustomerPart | None, recorded: Recorded[CustomerEvent]
) -> CustomerPart:
    event = recorded.event
    if isinstance(event, CustomerRegistered):
        return CustomerPart(name=event.name, email=event.email)
    if customer is None:
        raise ValueError(f"{type(event).__name__} before CustomerRegistered")
    match event:
        case CustomerRenamed():
            return replace(customer, name=event.name)
        case CustomerEmailChanged():
            return replace(customer, email=event.email)
        case _:
            assert_never(event)


def follow_product(
    product: ProductPart | None, recorded: Recorded[ProductEvent]
) -> ProductPart | None:
    """An order may give up a product before it is registered, and so be the first in its stream."""
    event = recorded.event
    match event:
        case ProductRegistered():
            return ProductPart(
                title=event.title,
                description=event.description,
                tags=event.tags,
                price=event.price,
                currency=event.currency,
            )
        case PriceChanged():
            return product and replace(product, price=event.price)
        case StockReceived() | StockReserved() | StockReleased():
            return product
        case ReservationBarred() | StockShipped():
            return product
        case _:
            assert_never(event)


CUSTOMER: Fold[CustomerPart | None, CustomerEvent] = Fold(
    category="customer",
    events=CUSTOMER_EVENTS,
    state=CustomerPart,
    initial=None,
    evolve=follow_customer,
)
PRODUCT: Fold[ProductPart | None, ProductEvent] = Fold(
    category="product",
    events=PRODUCT_EVENTS,
    state=ProductPart | None,
    initial=None,
    evolve=follow_product,
)


def render_customer(parts: Parts) -> Document | None:
    customer = parts[CUSTOMER]
    if customer is None:
        return None
    return {"customer_id": parts.key, "name": customer.name, "email": customer.email}


def render_product(parts: Parts) -> Document | None:
    product = parts[PRODUCT]
    if product is None:
        return None
    return {
        "sku": parts.key,
        "title": product.title,
        "description": product.description,
        "tags": plain.dump(product.tags),
        "price": product.price,
        "currency": product.currency,
    }


CUSTOMER_CARDS = RowView(name="customer_cards", folds=[CUSTOMER], render=render_customer)
PRODUCT_CARDS = RowView(name="product_cards", folds=[PRODUCT], render=render_product)


# An order with its cards


def customer_of(order: Document) -> Iterable[str]:
    return [str(order["customer_id"])]


def with_customer(order: Document, cards: Cards) -> Document:
    """What is not known of the customer is null: an order may be placed before its customer's card
    is there, or by one who never registered.
    """
    customer_id = order["customer_id"]
    nothing = {"customer_id": customer_id, "name": None, "email": None}
    return {**order, "customer": {**nothing, **cards.get(str(customer_id), {})}}


def skus_of(order: Document) -> Iterable[str]:
    lines: Any = order["lines"]
    return [line["sku"] for line in lines]


def with_titles(order: Document, cards: Cards) -> Document:
    lines: Any = order["lines"]
    return {**order, "lines": [{**line, **title_of(cards.get(line["sku"], {}))} for line in lines]}


def title_of(card: Document) -> Document:
    """What is shown of a product: no more, since the price on its card is that of today."""
    problem = {"problem": card["problem"]} if "problem" in card else {}
    return {"title": card.get("title"), **problem}


ORDER_WITH_CUSTOMER = Join(view=CUSTOMER_CARDS, keys=customer_of, put=with_customer)
ORDER_WITH_TITLES = Join(view=PRODUCT_CARDS, keys=skus_of, put=with_titles)
