"""The checkout of an order: reserve each line, authorise the payment, confirm; or reject and undo.

The order's own stream decides between confirmation, rejection and cancellation: the first one
appended wins. Steps are undone only after that, and so is every step that may have been taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import assert_never

from cqrs.follow.process_managers import ProcessManager, Send, Sent
from cqrs.history.events import Recorded
from cqrs.plain import Value, replace
from cqrs.settings import Settings
from cqrs.views.rows import Fold, States
from domain import inventory, orders, payments
from domain.kernel import Amount, Currency, CustomerId, OrderId, PaymentMethod
from domain.orders import ORDER_EVENTS, Line, OrderEvent, Paid, RejectReason, Reserved, total_of
from domain.payments import PAYMENT_EVENTS, PaymentEvent

__all__ = ["checkout", "set_up_checkout"]


# The state folded from the order


class Stage(StrEnum):
    OPEN = "open"  # placed, and neither confirmed nor called off
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    OFF = "off"  # rejected or cancelled: every step has to be undone


class OrderSeen(Value):
    stage: Stage
    currency: Currency
    lines: tuple[Line, ...]
    payment_method: PaymentMethod
    correlation_id: str
    customer_id: CustomerId | None = None  # of orders that were followed before it was wanted


def follow_order(order: OrderSeen | None, recorded: Recorded[OrderEvent]) -> OrderSeen:
    event = recorded.event
    if isinstance(event, orders.OrderPlaced):
        return OrderSeen(
            stage=Stage.OPEN,
            currency=event.currency,
            lines=event.lines,
            payment_method=event.payment_method,
            correlation_id=recorded.correlation_id,
            customer_id=event.customer_id,
        )
    if order is None:
        raise ValueError(f"{type(event).__name__} before OrderPlaced")
    match event:
        case orders.OrderAddressChanged():
            return order
        case orders.OrderConfirmed():
            return replace(order, stage=Stage.CONFIRMED)
        case orders.OrderRejected() | orders.OrderCancelled():
            return replace(order, stage=Stage.OFF)
        case orders.OrderShipped() | orders.OrderDelivered():
            return replace(order, stage=Stage.SHIPPED)
        case _:
            assert_never(event)


ORDER_FOLD: Fold[OrderSeen | None, OrderEvent] = Fold(
    category="order",
    events=ORDER_EVENTS,
    state=OrderSeen,
    initial=None,
    evolve=follow_order,
)


# The state folded from the payment


class PaymentSeen(Value):
    """`reference` is set once the payment is authorised; `impossible` is the reason why it can't be
    authorised any more.
    """

    amount: Amount = 0
    currency: Currency = Currency.EUR
    reference: str | None = None
    impossible: str | None = None
    captured: bool = False


def follow_payment(payment: PaymentSeen, recorded: Recorded[PaymentEvent]) -> PaymentSeen:
    event = recorded.event
    match event:
        case payments.AuthorisationRequested():
            return replace(payment, amount=event.amount, currency=event.currency)
        case payments.PaymentAuthorised():
            return replace(payment, reference=event.reference)
        case payments.PaymentDeclined():
            return replace(payment, impossible=event.reason)
        case payments.VoidRequested() | payments.PaymentVoided():
            return replace(payment, impossible="The payment was voided.")
        case payments.PaymentCaptured():
            return replace(payment, captured=True)
        case payments.CaptureRequested() | payments.RefundRequested() | payments.PaymentRefunded():
            return payment
        case _:
            assert_never(event)


PAYMENT_FOLD: Fold[PaymentSeen, PaymentEvent] = Fold(
    category="payment",
    events=PAYMENT_EVENTS,
    state=PaymentSeen,
    initial=PaymentSeen(),
    evolve=follow_payment,
)


# The commands to send

DEADLINE, AUTHORISE, CONFIRM, REJECT = "deadline", "authorise", "confirm", "reject"
CAPTURE, VOID, REFUND = "capture", "void", "refund"

REASONS: Mapping[str, RejectReason] = {
    "out_of_stock": RejectReason.OUT_OF_STOCK,
    "price_differs": RejectReason.PRICE_DIFFERS,
    "product_not_found": RejectReason.UNKNOWN_PRODUCT,
}


class _Checkout(Value, kw_only=False):
    """The current state of one order's checkout."""

    order_id: OrderId
    order: OrderSeen
    payment: PaymentSeen
    sent: Sent
    seconds: int

    def wanted(self) -> Iterator[Send]:
        match self.order.stage:
            case Stage.OPEN:
                yield self._deadline()
                yield from self._get_it_confirmed()
            case Stage.CONFIRMED:
                return
            case Stage.SHIPPED:
                yield from self._take_what_was_promised()
            case Stage.OFF:
                yield from self._undo()
            case _:
                assert_never(self.order.stage)

    def _deadline(self) -> Send:
        timed_out = orders.RejectOrder(
            order_id=self.order_id,
            reason=RejectReason.TIMED_OUT,
            detail=f"It could not be confirmed within {self.seconds} seconds.",
        )
        send = self._send(DEADLINE, "orders", timed_out, refusable=True)
        return replace(send, after_seconds=self.seconds)

    def _get_it_confirmed(self) -> Iterator[Send]:
        lines = self.order.lines
        refusals = [self.sent.refusal(reserve_key(line)) for line in lines]
        if refused := next(filter(None, refusals), None):
            yield self._reject(REASONS.get(refused.code, RejectReason.NOT_POSSIBLE), refused.detail)
            return
        yield from map(self._reserve, lines)
        if all(self.sent.accepted(reserve_key(line)) for line in lines):
            yield from self._get_it_paid()

    def _get_it_paid(self) -> Iterator[Send]:
        refused = self.sent.refusal(AUTHORISE) or self.sent.refusal(CONFIRM)
        if refused:
            yield self._reject(RejectReason.NOT_POSSIBLE, refused.detail)
        elif self.payment.impossible:
            yield self._reject(RejectReason.PAYMENT_DECLINED, self.payment.impossible)
        else:
            authorise = self._authorisation()
            yield self._send(AUTHORISE, "payments", authorise, refusable=True)
            if self.payment.reference:
                confirm = self._confirmation(self.payment.reference)
                yield self._send(CONFIRM, "orders", confirm, refusable=True)

    def _take_what_was_promised(self) -> Iterator[Send]:
        yield self._send(CAPTURE, "payments", payments.CapturePayment(order_id=self.order_id))
        for line in self.order.lines:
            ship = inventory.ShipStock(sku=line.sku, order_id=self.order_id)
            yield self._send(f"ship/{line.sku}", "inventory", ship)

    def _undo(self) -> Iterator[Send]:
        """Undoes every command that was sent: one without an answer may have arrived or may still
        arrive, and a refused one may be delivered again and be accepted then.
        """
        for line in self.order.lines:
            if self.sent.asked(reserve_key(line)):
                release = inventory.ReleaseStock(sku=line.sku, order_id=self.order_id)
                yield self._send(f"release/{line.sku}", "inventory", release)
        if self.sent.asked(AUTHORISE):
            void = payments.VoidPayment(order_id=self.order_id)
            yield self._send(VOID, "payments", void, refusable=True)
        if self.sent.refusal(VOID) and self.payment.captured:
            yield self._send(REFUND, "payments", payments.RefundPayment(order_id=self.order_id))

    def _reserve(self, line: Line) -> Send:
        reserve = inventory.ReserveStock(
            sku=line.sku,
            order_id=self.order_id,
            quantity=line.quantity,
            unit_price=line.unit_price,
            currency=self.order.currency,
        )
        return self._send(reserve_key(line), "inventory", reserve, refusable=True)

    def _authorisation(self) -> payments.AuthorisePayment:
        return payments.AuthorisePayment(
            order_id=self.order_id,
            amount=total_of(self.order.lines),
            currency=self.order.currency,
            method=self.order.payment_method,
            customer_id=self.order.customer_id,
        )

    def _confirmation(self, reference: str) -> orders.ConfirmOrder:
        payment = self.payment
        return orders.ConfirmOrder(
            order_id=self.order_id,
            reserved=tuple(Reserved(sku=ln.sku, quantity=ln.quantity) for ln in self.order.lines),
            paid=Paid(amount=payment.amount, currency=payment.currency, reference=reference),
        )

    def _reject(self, reason: RejectReason, detail: str) -> Send:
        reject = orders.RejectOrder(
            order_id=self.order_id, reason=reason, detail=detail[:500] or None
        )
        return self._send(REJECT, "orders", reject, refusable=True)

    def _send(self, key: str, to: str, command: object, *, refusable: bool = False) -> Send:
        return Send(
            key=key,
            to=to,
            command=command,
            correlation_id=self.order.correlation_id,
            refusable=refusable,
        )


def reserve_key(line: Line) -> str:
    return f"reserve/{line.sku}"


def react(states: States, sent: Sent, seconds: int) -> Iterator[Send]:
    order = states[ORDER_FOLD]
    if order is not None:
        yield from _Checkout(
            OrderId(states.key), order, states[PAYMENT_FOLD], sent, seconds
        ).wanted()


def checkout(seconds: int) -> ProcessManager:
    """The process that rejects an order that is not confirmed `seconds` after it was placed."""
    return ProcessManager(
        name="checkout",
        folds=[ORDER_FOLD, PAYMENT_FOLD],
        react=partial(react, seconds=seconds),
        commands=["inventory", "orders", "payments"],
        deadlines=["orders"],
    )


def set_up_checkout(settings: Settings) -> ProcessManager:
    """The checkout with the deadline CHECKOUT_SECONDS."""
    return checkout(settings.number("checkout_seconds"))
