"""The field types of this context, with their rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from cqrs.inputs import text
from cqrs.plain import Value
from domain.kernel import Amount, Currency, CustomerId, PaymentMethod

__all__ = ["GatewayCall", "Reason", "Reference", "Terms"]

Reference = Annotated[str, text(max=200)]
"""The gateway's own id of a payment, or of one call for it."""
Reason = Annotated[str, text(max=500)]


class GatewayCall(StrEnum):
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class Terms(Value):
    """The amount that the customer agreed to pay, and the means of payment. `customer_id`: None if
    nobody said whose payment it is.
    """

    amount: Amount
    currency: Currency
    method: PaymentMethod
    customer_id: CustomerId | None = None
