"""The words of this context, and what is allowed in each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NewType

from cqrs.plain import Between, Text

__all__ = ["Address", "Currency", "CustomerId", "Line", "Money", "OrderId", "Quantity", "Sku"]

_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_ID_HINT = "may have letters, digits and . _ - only, and must start with a letter or digit"

OrderId = NewType("OrderId", str)
CustomerId = Annotated[str, Text(max=64, pattern=_ID, hint=_ID_HINT)]
Sku = Annotated[str, Text(max=64, pattern=_ID, hint=_ID_HINT)]
Quantity = Annotated[int, Between(1, 1_000)]
Money = Annotated[int, Between(0, 10_000_000)]
"""In minor units of the order's currency: 1250 is 12.50 euros."""


class Currency(StrEnum):
    CHF = "CHF"
    EUR = "EUR"
    GBP = "GBP"
    USD = "USD"


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
