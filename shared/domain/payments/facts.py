"""The document that this service answers for the payment of an order."""

from __future__ import annotations

from typing import assert_never

from cqrs.views.rows import Document
from domain.payments.payment import (
    Authorised,
    Authorising,
    Captured,
    Capturing,
    Declined,
    NoPayment,
    Payment,
    Refunded,
    Refunding,
    Voided,
    Voiding,
)
from domain.payments.values import Terms

__all__ = ["payment_facts"]


def payment_facts(order_id: str, payment: Payment) -> Document | None:
    match payment:
        case NoPayment():
            return None
        case Authorising():
            return _facts(order_id, "authorising", payment.terms)
        case Authorised():
            return _facts(order_id, "authorised", payment.terms, reference=payment.reference)
        case Declined():
            return _facts(order_id, "declined", payment.terms, reason=payment.reason)
        case Capturing():
            return _facts(order_id, "capturing", payment.terms, reference=payment.reference)
        case Captured():
            return _facts(order_id, "captured", payment.terms, reference=payment.reference)
        case Voiding():
            return _facts(order_id, "voiding", payment.terms)
        case Voided():
            return _facts(order_id, "voided", payment.terms)
        case Refunding():
            return _facts(order_id, "refunding", payment.terms, reference=payment.reference)
        case Refunded():
            return _facts(order_id, "refunded", payment.terms, reference=payment.reference)
        case _:
            assert_never(payment)


def _facts(
    order_id: str,
    status: str,
    terms: Terms | None,
    *,
    reference: str | None = None,
    reason: str | None = None,
) -> Document:
    return {
        "order_id": order_id,
        "customer_id": terms.customer_id if terms else None,
        "status": status,
        "amount": terms.amount if terms else None,
        "currency": terms.currency if terms else None,
        "method": terms.method if terms else None,
        "reference": reference,
        "reason": reason,
    }
