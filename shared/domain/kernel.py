"""The types that all contexts of the shop share: ids and money."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NewType

from cqrs.inputs import between, text

__all__ = [
    "Amount",
    "Currency",
    "CustomerId",
    "Money",
    "OrderId",
    "PaymentMethod",
    "Quantity",
    "Sku",
]

_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_ID_HINT = "may have letters, digits and . _ - only, and must start with a letter or digit"

OrderId = NewType("OrderId", Annotated[str, text(max=64, pattern=_ID, hint=_ID_HINT)])
CustomerId = Annotated[str, text(max=64, pattern=_ID, hint=_ID_HINT)]
Sku = Annotated[str, text(max=64, pattern=_ID, hint=_ID_HINT)]
Quantity = Annotated[int, between(1, 1_000)]
Money = Annotated[int, between(0, 10_000_000)]
"""A price in minor units of its currency: 1250 is 12.50 euros."""
Amount = Annotated[int, between(0, 10**12)]
"""A sum of money in minor units of its currency."""
PaymentMethod = Annotated[str, text(max=64)]
"""The payment gateway's name for a means of payment; never a card number."""


class Currency(StrEnum):
    CHF = "CHF"
    EUR = "EUR"
    GBP = "GBP"
    USD = "USD"
