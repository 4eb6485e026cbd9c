"""The process that calls the payment gateway: it repeats each requested call until the gateway
answers, and records the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from cqrs import plain
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_managers import ProcessManager, Send, Sent
from cqrs.history.events import Recorded
from cqrs.plain import Value, replace
from cqrs.settings import Settings
from cqrs.views.rows import Fold, States
from domain.kernel import OrderId
from domain.payments import events
from domain.payments.commands import RecordAnswer
from domain.payments.events import PAYMENT_EVENTS, PaymentEvent
from domain.payments.gateway import Approved, PaymentGateway, Refusal, SimulatedGateway
from domain.payments.values import GatewayCall, Terms

__all__ = ["PAYMENT_GATEWAY", "AskGateway", "GatewayReceiver", "set_up_gateway"]


MAX_REASON = 500  # characters of a `Reason`, which must be one line: gateways have other rules


class AskGateway(Value):
    """A call to the gateway; `payment` is its idempotency key."""

    call: GatewayCall
    payment: str
    terms: Terms


class Calling(Value):
    """The call whose answer a payment waits for; `call` is None if it waits for none."""

    terms: Terms
    call: GatewayCall | None
    correlation_id: str


def follow(calling: Calling | None, recorded: Recorded[PaymentEvent]) -> Calling | None:
    event = recorded.event
    if isinstance(event, events.AuthorisationRequested):
        return Calling(
            terms=Terms(amount=event.amount, currency=event.currency, method=event.method),
            call=GatewayCall.AUTHORISE,
            correlation_id=recorded.correlation_id,
        )
    call = _waited_for(event)
    # None: the payment was voided before it was requested, so the gateway is not called
    return calling and replace(calling, call=call, correlation_id=recorded.correlation_id)


def _waited_for(event: PaymentEvent) -> GatewayCall | None:
    match event:
        case events.AuthorisationRequested():
            return GatewayCall.AUTHORISE
        case events.CaptureRequested():
            return GatewayCall.CAPTURE
        case events.VoidRequested():
            return GatewayCall.VOID
        case events.RefundRequested():
            return GatewayCall.REFUND
        case events.PaymentAuthorised() | events.PaymentDeclined():
            return None
        case events.PaymentCaptured() | events.PaymentVoided() | events.PaymentRefunded():
            return None
        case _:
            assert_never(event)


PAYMENT_FOLD: Fold[Calling | None, PaymentEvent] = Fold(
    category="payment",
    events=PAYMENT_EVENTS,
    state=Calling | None,
    initial=None,
    evolve=follow,
)


def react(states: States, sent: Sent) -> Iterator[Send]:
    calling = states[PAYMENT_FOLD]
    if calling is None or calling.call is None:
        return
    ask = AskGateway(call=calling.call, payment=f"payment-{states.key}", terms=calling.terms)
    correlation = calling.correlation_id
    yield Send(key=ask.call, to="gateway", command=ask, correlation_id=correlation, refusable=True)
    if answer := sent.answer(ask.call):
        record = _record(OrderId(states.key), ask.call, answer)
        yield Send(
            key=f"{ask.call}/record", to="payments", command=record, correlation_id=correlation
        )


def _record(order_id: OrderId, call: GatewayCall, answer: Answer) -> RecordAnswer:
    return RecordAnswer(
        order_id=order_id,
        call=call,
        approved=answer.accepted,
        reference=answer.reference or None,
        reason=answer.detail or None,
    )


PAYMENT_GATEWAY = ProcessManager(
    name="payment_gateway", folds=[PAYMENT_FOLD], react=react, commands=["payments"]
)


class GatewayReceiver:
    """Makes the calls that the process sends as messages."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    def send(self, message: Message) -> Answer:
        """Calls the gateway. Raises GatewayTimeout."""
        answer = self._ask(plain.load(AskGateway, message.data))
        if isinstance(answer, Approved):
            return Answer(accepted=True, reference=answer.reference)
        reason = _in_a_line(answer.reason) or "No reason was given."
        return Answer(accepted=False, code="declined", detail=reason)

    def _ask(self, ask: AskGateway) -> Approved | Refusal:
        match ask.call:
            case GatewayCall.AUTHORISE:
                terms = ask.terms
                return self._gateway.authorise(
                    ask.payment, terms.amount, terms.currency, terms.method
                )
            case GatewayCall.CAPTURE:
                return self._gateway.capture(ask.payment)
            case GatewayCall.VOID:
                return self._gateway.void(ask.payment)
            case GatewayCall.REFUND:
                return self._gateway.refund(ask.payment)
            case _:
                assert_never(ask.call)


def set_up_gateway(settings: Settings) -> ProcessManager:
    """The process with the simulated gateway. A real one is put in here, with its settings."""
    return replace(PAYMENT_GATEWAY, receivers={"gateway": GatewayReceiver(SimulatedGateway())})


def _in_a_line(text: str) -> str:
    visible = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(visible.split())[:MAX_REASON]
