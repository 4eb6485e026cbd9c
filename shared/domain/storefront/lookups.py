"""The views `customer_lookups` and `product_lookups`, a row per customer and per product; and how
they are joined into orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from cqrs import plain
from cqrs.history.events import Recorded
from cqrs.plain import Value, replace
from cqrs.views.joins import Join, Lookups
from cqrs.views.rows import Document, Fold, RowView, States
from domain import customers, inventory
from domain.customers import CUSTOMER_EVENTS, CustomerEvent
from domain.inventory import PRODUCT_EVENTS, ProductEvent
from domain.kernel import Currency

__all__ = [
    "CUSTOMER_FOLD",
    "CUSTOMER_LOOKUPS",
    "ORDER_WITH_CUSTOMER",
    "ORDER_WITH_TITLES",
    "PRODUCT_FOLD",
    "PRODUCT_LOOKUPS",
    "skus_of",
    "title_of",
    "with_customer",
    "with_titles",
]


class CustomerPart(Value):
    """The state that a lookup folds from the stream `customer-<id>`."""

    name: str
    email: str


class ProductPart(Value):
    """The state that a lookup folds from the stream `product-<sku>`. It ignores stock."""

    title: str
    description: str
    tags: tuple[str, ...]
    price: int
    currency: Currency


def follow_customer(
    customer: CustomerPart | None, recorded: Recorded[CustomerEvent]
) -> CustomerPart:
    event = recorded.event
    if isinstance(event, customers.CustomerRegistered):
        return CustomerPart(name=event.name, email=event.email)
    if customer is None:
        raise ValueError(f"{type(event).__name__} before CustomerRegistered")
    match event:
        case customers.CustomerRenamed():
            return replace(customer, name=event.name)
        case customers.CustomerEmailChanged():
            return replace(customer, email=event.email)
        case _:
            assert_never(event)


def follow_product(
    product: ProductPart | None, recorded: Recorded[ProductEvent]
) -> ProductPart | None:
    """None until the product is registered. An order may bar a reservation of it before that."""
    event = recorded.event
    match event:
        case inventory.ProductRegistered():
            return ProductPart(
                title=event.title,
                description=event.description,
                tags=event.tags,
                price=event.price,
                currency=event.currency,
            )
        case inventory.PriceChanged():
            return product and replace(product, price=event.price)
        case inventory.StockReceived() | inventory.StockReserved() | inventory.StockReleased():
            return product
        case inventory.ReservationBarred() | inventory.StockShipped():
            return product
        case _:
            assert_never(event)


CUSTOMER_FOLD: Fold[CustomerPart | None, CustomerEvent] = Fold(
    category="customer",
    events=CUSTOMER_EVENTS,
    state=CustomerPart,
    initial=None,
    evolve=follow_customer,
)
PRODUCT_FOLD: Fold[ProductPart | None, ProductEvent] = Fold(
    category="product",
    events=PRODUCT_EVENTS,
    state=ProductPart | None,
    initial=None,
    evolve=follow_product,
)


def render_customer(states: States) -> Document | None:
    customer = states[CUSTOMER_FOLD]
    if customer is None:
        return None
    return {"customer_id": states.key, "name": customer.name, "email": customer.email}


def render_product(states: States) -> Document | None:
    product = states[PRODUCT_FOLD]
    if product is None:
        return None
    return {
        "sku": states.key,
        "title": product.title,
        "description": product.description,
        "tags": plain.dump(product.tags),
        "price": product.price,
        "currency": product.currency,
    }


CUSTOMER_LOOKUPS = RowView(name="customer_lookups", folds=[CUSTOMER_FOLD], render=render_customer)
PRODUCT_LOOKUPS = RowView(name="product_lookups", folds=[PRODUCT_FOLD], render=render_product)


# An order with its lookups


def customer_of(order: Document) -> Iterable[str]:
    return [str(order["customer_id"])]


def with_customer(order: Document, lookups: Lookups) -> Document:
    """`order` with its customer. Unknown fields are null: an order may be placed before its
    customer's lookup is there, or for a customer who never registered.
    """
    customer_id = order["customer_id"]
    nothing = {"customer_id": customer_id, "name": None, "email": None}
    return {**order, "customer": {**nothing, **lookups.get(str(customer_id), {})}}


def skus_of(order: Document) -> Iterable[str]:
    lines: Any = order["lines"]
    return [line["sku"] for line in lines]


def with_titles(order: Document, lookups: Lookups) -> Document:
    lines: Any = order["lines"]
    return {
        **order,
        "lines": [{**line, **title_of(lookups.get(line["sku"], {}))} for line in lines],
    }


def title_of(lookup: Document) -> Document:
    """The title, and a problem if there is one. Not the price: that in the lookup is today's."""
    problem = {"problem": lookup["problem"]} if "problem" in lookup else {}
    return {"title": lookup.get("title"), **problem}


ORDER_WITH_CUSTOMER = Join(view=CUSTOMER_LOOKUPS, keys=customer_of, put=with_customer)
ORDER_WITH_TITLES = Join(view=PRODUCT_LOOKUPS, keys=skus_of, put=with_titles)
