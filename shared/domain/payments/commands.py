"""The commands to a payment."""

from __future__ import annotations

from cqrs.plain import Value
from domain.kernel import Amount, Currency, CustomerId, OrderId, PaymentMethod
from domain.payments.values import GatewayCall, Reason, Reference


class AuthorisePayment(Value, omit_defaults=True):
    """Without a customer it is what was sent when there was no such field: it can be repeated."""

    order_id: OrderId
    amount: Amount
    currency: Currency
    method: PaymentMethod
    customer_id: CustomerId | None = None


class CapturePayment(Value):
    order_id: OrderId


class VoidPayment(Value):
    order_id: OrderId


class RefundPayment(Value):
    order_id: OrderId


class RecordAnswer(Value):
    """Records the gateway's answer to `call`: an approval with a reference, or a reason."""

    order_id: OrderId
    call: GatewayCall
    approved: bool
    reference: Reference | None = None
    reason: Reason | None = None


PaymentCommand = AuthorisePayment | CapturePayment | VoidPayment | RefundPayment | RecordAnswer
