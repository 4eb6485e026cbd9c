"""The view `order_history`: a row per order, with its reservation, its payment and a timeline of
both; lists by customer and by status, newest first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, assert_never

from cqrs.history.events import Instant, Recorded
from cqrs.plain import Json, Value, replace
from cqrs.views.rows import Document, Fold, Place, RowView, States
from domain import payments
from domain.orders import (
    BY_CUSTOMER,
    ORDER_EVENTS,
    OrderEvent,
    OrderFacts,
    OrderStatus,
    by_customer,
    follow_order,
    order_facts,
)
from domain.payments import PAYMENT_EVENTS, PaymentEvent

__all__ = ["BY_CUSTOMER", "BY_STATUS", "ORDER_FOLD", "ORDER_HISTORY", "PAYMENT_FOLD"]

TIMELINE = 50  # newest events per stream in a row: an address can be changed without limit


class PaymentStatus(StrEnum):
    AUTHORISING = "authorising"
    AUTHORISED = "authorised"
    DECLINED = "declined"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    VOIDING = "voiding"
    VOIDED = "voided"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


class Moment(Value):
    """An event in a timeline."""

    at: Instant
    what: str


Timeline = tuple[Moment, ...]


def _after(timeline: Timeline, recorded: Recorded[Any]) -> Timeline:
    moment = Moment(at=recorded.at, what=type(recorded.event).__name__)
    return (*timeline, moment)[-TIMELINE:]


class OrderPart(Value):
    """The state that a row folds from the stream `order-<id>`."""

    facts: OrderFacts
    timeline: Timeline


class PaymentPart(Value):
    """The state that a row folds from the stream `payment-<id>`. `amount` is the amount to pay."""

    status: PaymentStatus | None = None
    amount: int | None = None
    reference: str | None = None
    reason: str | None = None
    timeline: Timeline = ()


def _follow_order(order: OrderPart | None, recorded: Recorded[OrderEvent]) -> OrderPart:
    return OrderPart(
        facts=follow_order(order.facts if order else None, recorded),
        timeline=_after(order.timeline if order else (), recorded),
    )


def follow_payment(payment: PaymentPart, recorded: Recorded[PaymentEvent]) -> PaymentPart:
    changed = _changed_payment(payment, recorded.event)
    return replace(changed, timeline=_after(payment.timeline, recorded))


def _changed_payment(payment: PaymentPart, event: PaymentEvent) -> PaymentPart:
    match event:
        case payments.AuthorisationRequested():
            return replace(payment, status=PaymentStatus.AUTHORISING, amount=event.amount)
        case payments.PaymentAuthorised():
            return replace(payment, status=PaymentStatus.AUTHORISED, reference=event.reference)
        case payments.PaymentDeclined():
            return replace(payment, status=PaymentStatus.DECLINED, reason=event.reason)
        case payments.CaptureRequested():
            return replace(payment, status=PaymentStatus.CAPTURING)
        case payments.PaymentCaptured():
            return replace(payment, status=PaymentStatus.CAPTURED, reference=event.reference)
        case payments.VoidRequested():
            return replace(payment, status=PaymentStatus.VOIDING)
        case payments.PaymentVoided():
            return replace(payment, status=PaymentStatus.VOIDED)
        case payments.RefundRequested():
            return replace(payment, status=PaymentStatus.REFUNDING)
        case payments.PaymentRefunded():
            return replace(payment, status=PaymentStatus.REFUNDED, reference=event.reference)
        case _:
            assert_never(event)


ORDER_FOLD: Fold[OrderPart | None, OrderEvent] = Fold(
    category="order",
    events=ORDER_EVENTS,
    state=OrderPart,
    initial=None,
    evolve=_follow_order,
)
PAYMENT_FOLD: Fold[PaymentPart, PaymentEvent] = Fold(
    category="payment",
    events=PAYMENT_EVENTS,
    state=PaymentPart,
    initial=PaymentPart(),
    evolve=follow_payment,
)


def render(states: States) -> Document | None:
    """None until there is an order, even if the events of its payment have arrived."""
    order, payment = states[ORDER_FOLD], states[PAYMENT_FOLD]
    if order is None:
        return None
    timeline = _timeline(order, payment)
    return {
        **order_facts(states.key, states.version(ORDER_FOLD), order.facts),
        "payment": _payment(payment),
        "updated_at": timeline[-1][1].at,
        "timeline": [{"at": m.at, "what": m.what, "by": by} for by, m in timeline],
    }


def _payment(payment: PaymentPart) -> Json:
    if payment.status is None:
        return None
    return {
        "status": payment.status,
        "amount": payment.amount,
        "reference": payment.reference,
        "reason": payment.reason,
    }


def _timeline(order: OrderPart, payment: PaymentPart) -> list[tuple[str, Moment]]:
    """The events of both streams by time; those of one stream with equal times keep their order."""
    moments = [("order", moment) for moment in order.timeline]
    moments += [("payment", moment) for moment in payment.timeline]
    return sorted(moments, key=lambda entry: (entry[1].at, entry[0]))


def by_status(order: Document) -> Place:
    return replace(by_customer(order), partition=str(order["status"]))


BY_STATUS = "status"

ORDER_HISTORY = RowView(
    name="order_history",
    folds=[ORDER_FOLD, PAYMENT_FOLD],
    render=render,
    lists={BY_CUSTOMER: by_customer, BY_STATUS: by_status},
    choices={BY_STATUS: OrderStatus},
)
