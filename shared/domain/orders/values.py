"""The words of this context, and what is allowed in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from cqrs.plain import Text
from domain.kernel import Amount, Currency, Money, Quantity, Sku

__all__ = [
    "Address",
    "Line",
    "Paid",
    "RejectReason",
    "Reserved",
    "total_of",
]


@dataclass(frozen=True, kw_only=True)
class Line:
    """`unit_price` is what the customer agreed to."""

    sku: Sku
    quantity: Quantity
    unit_price: Money


@dataclass(frozen=True, kw_only=True)
class Address:
    name: Annotated[str, Text(max=100)]
    street: Annotated[str, Text(max=200)]
    postal_code: Annotated[str, Text(max=20)]
    city: Annotated[str, Text(max=100)]
    country: Annotated[str, Text(max=2, pattern="[A-Z]{2}", hint="must be a code like AT")]


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """What lies in the stock for this order."""

    sku: Sku
    quantity: Quantity


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What the customer's bank has set aside for this order; `reference` is the gateway's."""

    amount: Amount
    currency: Currency
    reference: Annotated[str, Text(max=200)]


class RejectReason(StrEnum):
    OUT_OF_STOCK = "out_of_stock"
    PRICE_DIFFERS = "price_differs"
    UNKNOWN_PRODUCT = "unknown_product"
    PAYMENT_DECLINED = "payment_declined"
    TIMED_OUT = "timed_out"
    NOT_POSSIBLE = "not_possible"


def total_of(lines: Iterable[Line]) -> Amount:
    return sum(line.quantity * line.unit_price for line in lines)
