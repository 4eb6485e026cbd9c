"""What can happen to a payment. The names of these classes and fields are stored for ever: to
change one, raise its schema and put an upcaster under it.

Each call to the gateway is recorded before it is made (`...Requested`) and after it was answered:
after a crash between the two it is made again.
"""

from __future__ import annotations

from dataclasses import dataclass

from cqrs.history.events import EventTypes
from domain.kernel import Amount, Currency, OrderId, PaymentMethod
from domain.payments.values import Reason, Reference

PAYMENT_EVENTS = EventTypes("payments")


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class AuthorisationRequested:
    order_id: OrderId
    amount: Amount
    currency: Currency
    method: PaymentMethod


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class PaymentAuthorised:
    order_id: OrderId
    reference: Reference


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class PaymentDeclined:
    order_id: OrderId
    reason: Reason


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class CaptureRequested:
    order_id: OrderId


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class PaymentCaptured:
    order_id: OrderId
    reference: Reference


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class VoidRequested:
    order_id: OrderId


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class PaymentVoided:
    order_id: OrderId


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class RefundRequested:
    order_id: OrderId


@PAYMENT_EVENTS.event()
@dataclass(frozen=True, kw_only=True)
class PaymentRefunded:
    order_id: OrderId
    reference: Reference


PaymentEvent = (
    AuthorisationRequested
    | PaymentAuthorised
    | PaymentDeclined
    | CaptureRequested
    | PaymentCaptured
    | VoidRequested
    | PaymentVoided
    | RefundRequested
    | PaymentRefunded
)
