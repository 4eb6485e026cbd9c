"""What can be asked of a payment, and what the gateway answered."""

from __future__ import annotations

from dataclasses import dataclass

from domain.kernel import Amount, Currency, OrderId, PaymentMethod
from domain.payments.values import GatewayCall, Reason, Reference


@dataclass(frozen=True, kw_only=True)
class AuthorisePayment:
    order_id: OrderId
    amount: Amount
    currency: Currency
    method: PaymentMethod


@dataclass(frozen=True, kw_only=True)
class CapturePayment:
    order_id: OrderId


@dataclass(frozen=True, kw_only=True)
class VoidPayment:
    order_id: OrderId


@dataclass(frozen=True, kw_only=True)
class RefundPayment:
    order_id: OrderId


@dataclass(frozen=True, kw_only=True)
class RecordAnswer:
    """What the gateway answered to `call`: an approval with its reference, or why not."""

    order_id: OrderId
    call: GatewayCall
    approved: bool
    reference: Reference | None = None
    reason: Reason | None = None


PaymentCommand = AuthorisePayment | CapturePayment | VoidPayment | RefundPayment | RecordAnswer
