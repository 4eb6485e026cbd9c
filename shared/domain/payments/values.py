"""The words of this context, and what is allowed in each."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from cqrs.inputs import text
from cqrs.plain import Value
from domain.kernel import Amount, Currency, PaymentMethod

__all__ = ["GatewayCall", "Reason", "Reference", "Terms"]

Reference = Annotated[str, text(max=200)]
"""What the gateway calls a payment, or a part of it."""
Reason = Annotated[str, text(max=500)]


class GatewayCall(StrEnum):
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class Terms(Value):
    """What the customer agreed to pay, and with what."""

    amount: Amount
    currency: Currency
    method: PaymentMethod
