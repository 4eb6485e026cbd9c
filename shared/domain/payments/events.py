"""The events of a payment. The names of these classes and fields are stored for ever: to change
one, raise its schema and put an upcaster under it.

A call to the gateway is recorded before it is made (`...Requested`) and after its answer; after a
crash between the two it is made again.
"""

from __future__ import annotations

from cqrs.history.events import Data, EventTypes
from cqrs.plain import Value
from domain.kernel import Amount, Currency, CustomerId, OrderId, PaymentMethod
from domain.payments.values import Reason, Reference

PAYMENT_EVENTS = EventTypes("payments")


@PAYMENT_EVENTS.event(schema=2)
class AuthorisationRequested(Value):
    """`customer_id`: whose payment it is; None for old ones."""

    order_id: OrderId
    amount: Amount
    currency: Currency
    method: PaymentMethod
    customer_id: CustomerId | None


@PAYMENT_EVENTS.upcaster(AuthorisationRequested, schema=1)
def _authorisation_requested_1(data: Data) -> Data:
    """Before customers could ask for their payments, nobody was told whose they are."""
    return {**data, "customer_id": None}


@PAYMENT_EVENTS.event()
class PaymentAuthorised(Value):
    order_id: OrderId
    reference: Reference


@PAYMENT_EVENTS.event()
class PaymentDeclined(Value):
    order_id: OrderId
    reason: Reason


@PAYMENT_EVENTS.event()
class CaptureRequested(Value):
    order_id: OrderId


@PAYMENT_EVENTS.event()
class PaymentCaptured(Value):
    order_id: OrderId
    reference: Reference


@PAYMENT_EVENTS.event()
class VoidRequested(Value):
    order_id: OrderId


@PAYMENT_EVENTS.event()
class PaymentVoided(Value):
    order_id: OrderId


@PAYMENT_EVENTS.event()
class RefundRequested(Value):
    order_id: OrderId


@PAYMENT_EVENTS.event()
class PaymentRefunded(Value):
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
