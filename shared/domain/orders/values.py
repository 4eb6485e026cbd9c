"""The field types of this context, with their rules."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from cqrs.inputs import text
from cqrs.plain import Value
from domain.kernel import Amount, Currency, Money, Quantity, Sku

__all__ = [
    "Address",
    "Line",
    "Paid",
    "RejectReason",
    "Reserved",
    "total_of",
]


class Line(Value):
    """A line of an order. `unit_price` is the price that the customer agreed to."""

    sku: Sku
    quantity: Quantity
    unit_price: Money


class Address(Value):
    name: Annotated[str, text(max=100)]
    street: Annotated[str, text(max=200)]
    postal_code: Annotated[str, text(max=20)]
    city: Annotated[str, text(max=100)]
    country: Annotated[str, text(max=2, pattern="[A-Z]{2}", hint="must be a code like AT")]


class Reserved(Value):
    """Stock that is reserved for this order."""

    sku: Sku
    quantity: Quantity


class Paid(Value):
    """The amount that the customer's bank has set aside; `reference` is the payment gateway's."""

    amount: Amount
    currency: Currency
    reference: Annotated[str, text(max=200)]


class RejectReason(StrEnum):
    OUT_OF_STOCK = "out_of_stock"
    PRICE_DIFFERS = "price_differs"
    UNKNOWN_PRODUCT = "unknown_product"
    PAYMENT_DECLINED = "payment_declined"
    TIMED_OUT = "timed_out"
    NOT_POSSIBLE = "not_possible"


def total_of(lines: Iterable[Line]) -> Amount:
    return sum(line.quantity * line.unit_price for line in lines)
