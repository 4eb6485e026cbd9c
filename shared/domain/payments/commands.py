"""What can be asked of a payment, and what the gateway answered."""

from __future__ import annotations

from cqrs.plain import Value
from domain.kernel import Amount, Currency, OrderId, PaymentMethod
from domain.payments.values import GatewayCall, Reason, Reference


class AuthorisePayment(Value):
    order_id: OrderId
    amount: Amount
    currency: Currency
    method: PaymentMethod


class CapturePayment(Value):
    order_id: OrderId


class VoidPayment(Value):
    order_id: OrderId


class RefundPayment(Value):
    order_id: OrderId


class RecordAnswer(Value):
    """What the gateway answered to `call`: an approval with its reference, or why not."""

    order_id: OrderId
    call: GatewayCall
    approved: bool
    reference: Reference | None = None
    reason: Reason | None = None


PaymentCommand = AuthorisePayment | CapturePayment | VoidPayment | RefundPayment | RecordAnswer
