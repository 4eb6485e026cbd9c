"""The rules of the payment of an order: money is taken only if it was set aside before, once, and
not after the payment was voided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from cqrs.errors import NotFound, Refused, Unreadable
from cqrs.plain import Case
from cqrs.write.decider import Decider
from domain.kernel import OrderId
from domain.payments import commands, events
from domain.payments.commands import PaymentCommand
from domain.payments.events import PAYMENT_EVENTS, PaymentEvent
from domain.payments.values import GatewayCall, Reason, Reference, Terms

__all__ = [
    "PAYMENT",
    "AnswerNotUnderstood",
    "Authorised",
    "Authorising",
    "Captured",
    "Capturing",
    "Declined",
    "NoPayment",
    "Payment",
    "PaymentDiffers",
    "PaymentIsCaptured",
    "PaymentIsVoided",
    "PaymentNotAuthorised",
    "PaymentNotCaptured",
    "PaymentNotFound",
    "Refunded",
    "Refunding",
    "Voided",
    "Voiding",
]


class PaymentNotFound(NotFound):
    code = "payment_not_found"


class PaymentDiffers(Refused):
    code = "payment_differs"


class PaymentNotAuthorised(Refused):
    code = "payment_not_authorised"


class PaymentNotCaptured(Refused):
    code = "payment_not_captured"


class PaymentIsCaptured(Refused):
    code = "payment_is_captured"


class PaymentIsVoided(Refused):
    code = "payment_is_voided"


class AnswerNotUnderstood(Refused):
    """The gateway gave an answer that the port `PaymentGateway` does not allow."""

    code = "answer_not_understood"


class NoPayment(Case):
    """No payment was requested yet."""


class Authorising(Case):
    terms: Terms


class Authorised(Case):
    terms: Terms
    reference: Reference


class Declined(Case):
    terms: Terms
    reason: Reason


class Capturing(Case):
    terms: Terms
    reference: Reference


class Captured(Case):
    terms: Terms
    reference: Reference


class Voiding(Case):
    terms: Terms


class Voided(Case):
    """A final state. No terms if the void arrived before the authorisation."""

    terms: Terms | None


class Refunding(Case):
    terms: Terms
    reference: Reference


class Refunded(Case):
    terms: Terms
    reference: Reference


Payment = (
    NoPayment
    | Authorising
    | Authorised
    | Declined
    | Capturing
    | Captured
    | Voiding
    | Voided
    | Refunding
    | Refunded
)


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    match payment, event:
        case NoPayment(), events.AuthorisationRequested():
            return Authorising(
                terms=Terms(
                    amount=event.amount,
                    currency=event.currency,
                    method=event.method,
                    customer_id=event.customer_id,
                )
            )
        case Authorising(terms=terms), events.PaymentAuthorised(reference=reference):
            return Authorised(terms=terms, reference=reference)
        case Authorising(terms=terms), events.PaymentDeclined(reason=reason):
            return Declined(terms=terms, reason=reason)
        case Authorised(terms=terms, reference=reference), events.CaptureRequested():
            return Capturing(terms=terms, reference=reference)
        case Capturing(terms=terms), events.PaymentCaptured(reference=reference):
            return Captured(terms=terms, reference=reference)
        case Authorising(terms=terms) | Authorised(terms=terms), events.VoidRequested():
            return Voiding(terms=terms)
        case Voiding(terms=terms), events.PaymentVoided():
            return Voided(terms=terms)
        case NoPayment(), events.PaymentVoided():
            return Voided(terms=None)
        case Captured(terms=terms, reference=reference), events.RefundRequested():
            return Refunding(terms=terms, reference=reference)
        case Refunding(terms=terms), events.PaymentRefunded(reference=reference):
            return Refunded(terms=terms, reference=reference)
        case _:
            # no decision leads to this event here: where money is involved, fail
            what, state = type(event).__name__, type(payment).__name__
            raise Unreadable(f"{what} can't happen to a payment that is {state}")


def decide(command: PaymentCommand, payment: Payment) -> Sequence[PaymentEvent]:
    match command:
        case commands.AuthorisePayment():
            return _authorise(command, payment)
        case commands.CapturePayment():
            return _capture(command.order_id, payment)
        case commands.VoidPayment():
            return _void(command.order_id, payment)
        case commands.RefundPayment():
            return _refund(command.order_id, payment)
        case commands.RecordAnswer():
            return _record(command, payment)
        case _:
            assert_never(command)


def _authorise(command: commands.AuthorisePayment, payment: Payment) -> Sequence[PaymentEvent]:
    match payment:
        case NoPayment():
            return [
                events.AuthorisationRequested(
                    order_id=command.order_id,
                    amount=command.amount,
                    currency=command.currency,
                    method=command.method,
                    customer_id=command.customer_id,
                )
            ]
        case Voiding() | Voided():
            raise _voided(command.order_id)
        case _:
            agreed = payment.terms
            asked = (command.amount, command.currency, command.method)
            if asked != (agreed.amount, agreed.currency, agreed.method):
                raise PaymentDiffers(
                    f"{agreed.amount} {agreed.currency} by {agreed.method} was agreed to before."
                )
            return []


def _capture(order_id: OrderId, payment: Payment) -> Sequence[PaymentEvent]:
    match payment:
        case NoPayment():
            raise _not_found(order_id)
        case Authorising() | Declined():
            raise PaymentNotAuthorised(f"The payment of order {order_id} is not authorised.")
        case Authorised():
            return [events.CaptureRequested(order_id=order_id)]
        case Capturing() | Captured() | Refunding() | Refunded():
            return []
        case Voiding() | Voided():
            raise _voided(order_id)
        case _:
            assert_never(payment)


def _void(order_id: OrderId, payment: Payment) -> Sequence[PaymentEvent]:
    """Without a payment the void is recorded all the same, so a late authorisation is refused."""
    match payment:
        case NoPayment():
            return [events.PaymentVoided(order_id=order_id)]
        case Authorising() | Authorised():
            return [events.VoidRequested(order_id=order_id)]
        case Declined() | Voiding() | Voided():
            return []
        case Capturing() | Captured() | Refunding() | Refunded():
            raise PaymentIsCaptured(f"The payment of order {order_id} is taken; refund it.")
        case _:
            assert_never(payment)


def _refund(order_id: OrderId, payment: Payment) -> Sequence[PaymentEvent]:
    match payment:
        case NoPayment():
            raise _not_found(order_id)
        case Authorising() | Authorised() | Declined() | Capturing() | Voiding() | Voided():
            raise PaymentNotCaptured(f"Nothing was taken for order {order_id}.")
        case Captured():
            return [events.RefundRequested(order_id=order_id)]
        case Refunding() | Refunded():
            return []
        case _:
            assert_never(payment)


def _record(command: commands.RecordAnswer, payment: Payment) -> Sequence[PaymentEvent]:
    """No event if the payment does not wait for this answer: it came twice, or too late."""
    order_id = command.order_id
    match command.call, payment:
        case GatewayCall.AUTHORISE, Authorising() if command.approved:
            return [events.PaymentAuthorised(order_id=order_id, reference=_reference(command))]
        case GatewayCall.AUTHORISE, Authorising():
            return [
                events.PaymentDeclined(
                    order_id=order_id, reason=command.reason or "No reason given."
                )
            ]
        case GatewayCall.CAPTURE, Capturing():
            return [events.PaymentCaptured(order_id=order_id, reference=_reference(command))]
        case GatewayCall.VOID, Voiding():
            _reference(command)
            return [events.PaymentVoided(order_id=order_id)]
        case GatewayCall.REFUND, Refunding():
            return [events.PaymentRefunded(order_id=order_id, reference=_reference(command))]
        case _:
            return []


def _reference(command: commands.RecordAnswer) -> Reference:
    if command.approved and command.reference:
        return command.reference
    raise AnswerNotUnderstood(f"A {command.call} is approved, with a reference, or not answered.")


def _not_found(order_id: OrderId) -> PaymentNotFound:
    return PaymentNotFound(f"There is no payment of order {order_id}.")


def _voided(order_id: OrderId) -> PaymentIsVoided:
    return PaymentIsVoided(f"The payment of order {order_id} is voided.")


def owner(order_id: str, payment: Payment) -> str | None:
    terms = None if isinstance(payment, NoPayment) else payment.terms
    return terms.customer_id if terms else None


PAYMENT: Decider[PaymentCommand, Payment, PaymentEvent] = Decider(
    category="payment",
    events=PAYMENT_EVENTS,
    initial=NoPayment(),
    evolve=evolve,
    decide=decide,
    state=Payment,
    state_schema=2,
    owner=owner,
)
