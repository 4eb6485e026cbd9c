"""The words of this context, and what is allowed in each."""

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
    """`unit_price` is what the customer agreed to."""

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
    """What lies in the stock for this order."""

    sku: Sku
    quantity: Quantity


class Paid(Value):
    """What the customer's bank has set aside for this order; `reference` is the gateway's."""

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
