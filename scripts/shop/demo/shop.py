"""Generates a shop: customers, products, orders, and the outcome of each order.

It is derived from a seed and the sizes alone. The outcomes don't depend on which order is first:
there is enough stock of everything that was ever in stock, and an order has at most one fault.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from scripts.shop.demo.words import CANCELLED_BECAUSE, COUNTRIES, FAMILIES, PAID_WITH, Country

__all__ = [
    "LEAST",
    "MOST",
    "Customer",
    "Fate",
    "Line",
    "Order",
    "Product",
    "Shop",
    "Sizes",
    "invent",
]

K = TypeVar("K")

CURRENCY = "EUR"


class Fate(StrEnum):
    """The outcome of an order."""

    DELIVERED = "delivered"
    SHIPPED = "shipped"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    OUT_OF_STOCK = "out of stock"
    PRICE_DIFFERS = "price differs"


CATALOGUE = [
    (family, *made)
    for family in FAMILIES
    for made in itertools.product(family.makes, family.materials, family.things)
]
SHARES = {
    Fate.DELIVERED: 45,
    Fate.SHIPPED: 16,
    Fate.CONFIRMED: 17,
    Fate.CANCELLED: 9,
    Fate.DECLINED: 5,
    Fate.OUT_OF_STOCK: 5,
    Fate.PRICE_DIFFERS: 3,
}
NEVER_IN_STOCK = 25  # one product of so many
DEARER = 20  # one product of so many; its price was raised, and some carts still have the old one
REGULAR = 3  # orders that the first customer has at least
LINES = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4]  # lines of an order, by frequency


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The number of customers, products and orders."""

    customers: int = 240
    products: int = 200
    orders: int = 200


LEAST = Sizes(customers=2, products=8, orders=len(Fate))
MOST = Sizes(customers=100_000, products=len(CATALOGUE), orders=100_000)


@dataclass(frozen=True, kw_only=True)
class Customer:
    name: str
    email: str
    address: Mapping[str, str]

    def body(self) -> dict[str, Any]:
        return {"name": self.name, "email": self.email}


@dataclass(frozen=True, kw_only=True)
class Product:
    """It is registered with `first_price`, which may change to `price`; `stock` is received."""

    sku: str
    title: str
    description: str
    tags: Sequence[str]
    first_price: int
    price: int
    stock: int = 0

    def body(self) -> dict[str, Any]:
        return {
            "sku": self.sku,
            "title": self.title,
            "description": self.description,
            "tags": self.tags,
            "price": self.first_price,
            "currency": CURRENCY,
        }


@dataclass(frozen=True, kw_only=True)
class Line:
    sku: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order. `customer` is an index into the shop's customers: the service assigns their ids."""

    customer: int
    lines: Sequence[Line]
    address: Mapping[str, str]
    payment_method: str
    fate: Fate
    cancel_reason: str

    def body(self, customer_id: str) -> dict[str, Any]:
        return {
            "customer_id": customer_id,
            "currency": CURRENCY,
            "lines": [asdict(line) for line in self.lines],
            "address": self.address,
            "payment_method": self.payment_method,
        }


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Keys, skus and e-mail addresses contain the shop's `name`, so shops of other seeds or sizes
    can be in the same deployment.
    """

    name: str
    customers: Sequence[Customer]
    products: Sequence[Product]
    orders: Sequence[Order]


def invent(seed: int, sizes: Sizes) -> Shop:
    dice = random.Random(seed)
    name = hashlib.sha256(f"{seed} {sizes}".encode()).hexdigest()[:6]
    customers = _customers(dice, name, sizes.customers)
    products = _products(dice, name, sizes.products)
    orders = _orders(dice, customers, products, sizes.orders)
    return Shop(name=name, customers=customers, products=_stocked(products, orders), orders=orders)


def _by_share(dice: random.Random, shares: Mapping[K, float], number: int) -> list[K]:
    """Each kind once if possible, the rest at random by share."""
    each = [*shares][:number]
    others = dice.choices([*shares], [*shares.values()], k=number - len(each))
    return dice.sample(each + others, number)


# Customers


def _customers(dice: random.Random, shop: str, number: int) -> list[Customer]:
    shares = {place: country.share for place, country in enumerate(COUNTRIES)}
    namesakes = Counter[str]()
    customers = []
    for country in (COUNTRIES[place] for place in _by_share(dice, shares, number)):
        first, last = dice.choice(country.first_names), dice.choice(country.last_names)
        account = f"{_ascii(first)}.{_ascii(last)}"
        namesakes[account] += 1
        nth = "" if namesakes[account] == 1 else namesakes[account]
        name = f"{first} {last}"
        customers.append(
            Customer(
                name=name,
                email=f"{account}{nth}@{shop}.example.org",
                address=_address(dice, country, name),
            )
        )
    return customers


def _address(dice: random.Random, country: Country, name: str) -> dict[str, str]:
    city = dice.choice([*country.cities])
    return {
        "name": name,
        "street": dice.choice(country.streets).format(dice.randint(1, 120)),
        "postal_code": dice.choice(country.cities[city]),
        "city": city,
        "country": country.code,
    }


def _ascii(name: str) -> str:
    """`text` in the characters of an e-mail address."""
    spelt = name.lower().translate({ord("ß"): "ss", ord("ł"): "l"})
    return "".join(c for c in unicodedata.normalize("NFKD", spelt) if c.isascii() and c.isalpha())


# Products


def _products(dice: random.Random, shop: str, number: int) -> list[Product]:
    """The products, most popular first. `stock` is the amount that will be left over."""
    products = []
    for n, (family, make, material, thing) in enumerate(dice.sample(CATALOGUE, number)):
        price = dice.randint(thing.low, thing.high) * 100 - dice.choice([0, 10, 50])
        dearer = dice.randint(1, 9) * 100 if n % DEARER == 1 else 0
        left = dice.randint(3, 60)
        products.append(
            Product(
                sku=f"{thing.name.replace(' ', '-')}-{shop}-{n}",
                title=f"{make} {material} {thing.name}".capitalize(),
                description=f"{family.makes[make]} {family.materials[material]} {thing.use}",
                tags=[family.name, material],
                first_price=price,
                price=price + dearer,
                stock=0 if n % NEVER_IN_STOCK == 2 else left,
            )
        )
    return products


def _stocked(products: Sequence[Product], orders: Sequence[Order]) -> list[Product]:
    """The products with enough stock for all orders, whatever their outcome."""
    ordered = Counter[str]()
    for line in itertools.chain.from_iterable(order.lines for order in orders):
        ordered[line.sku] += line.quantity
    return [replace(p, stock=p.stock + ordered[p.sku]) if p.stock else p for p in products]


# Orders


def _orders(
    dice: random.Random, customers: Sequence[Customer], products: Sequence[Product], number: int
) -> list[Order]:
    fates = _by_share(dice, SHARES, number)
    often = [1 / (place + 10) for place in range(len(customers))]
    others = dice.choices(range(len(customers)), often, k=number - REGULAR)
    buyers = dice.sample([0] * REGULAR + others, number)
    return [
        Order(
            customer=buyer,
            lines=_lines(dice, fate, products),
            address=_destination(dice, buyer, customers),
            payment_method="card-declined" if fate is Fate.DECLINED else dice.choice(PAID_WITH),
            fate=fate,
            cancel_reason=dice.choice(CANCELLED_BECAUSE),
        )
        for buyer, fate in zip(buyers, fates, strict=True)
    ]


def _destination(
    dice: random.Random, buyer: int, customers: Sequence[Customer]
) -> Mapping[str, str]:
    """The customer's own address, or another's, for a present."""
    is_present = dice.random() < 0.1
    return (dice.choice(customers) if is_present else customers[buyer]).address


def _lines(dice: random.Random, fate: Fate, products: Sequence[Product]) -> list[Line]:
    in_stock = [product for product in products if product.stock]
    lines = []
    if fate is Fate.OUT_OF_STOCK:
        missing = dice.choice([product for product in products if not product.stock])
        lines.append(_line(dice, missing, missing.price))
    if fate is Fate.PRICE_DIFFERS:
        dearer = dice.choice([each for each in in_stock if each.price != each.first_price])
        lines.append(_line(dice, dearer, dearer.first_price))
    often = [1 / (place + 5) for place in range(len(in_stock))]
    for product in dice.choices(in_stock, often, k=dice.choice(LINES)):
        if len(lines) < max(LINES) and product.sku not in {line.sku for line in lines}:
            lines.append(_line(dice, product, product.price))
    return lines


def _line(dice: random.Random, product: Product, unit_price: int) -> Line:
    """A line of an order. Expensive products are rarely ordered twice."""
    quantities = [1, 1, 1, 2, 2, 4, 6] if unit_price < 5_000 else [1, 1, 1, 1, 2]
    return Line(sku=product.sku, quantity=dice.choice(quantities), unit_price=unit_price)
