"""The words of this context, and what is allowed in each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from cqrs.plain import Text
from domain.kernel import Amount, Currency, PaymentMethod

__all__ = ["GatewayCall", "Reason", "Reference", "Terms"]

Reference = Annotated[str, Text(max=200)]
"""What the gateway calls a payment, or a part of it."""
Reason = Annotated[str, Text(max=500)]


class GatewayCall(StrEnum):
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the customer agreed to pay, and with what."""

    amount: Amount
    currency: Currency
    method: PaymentMethod
