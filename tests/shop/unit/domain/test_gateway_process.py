"""The calls to the gateway: what it answers is recorded, however it says so."""

from dataclasses import dataclass
from typing import Any

import pytest

from cqrs import inputs, plain
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_managers import ProcessManager, entries_of
from cqrs.history.events import Instant, Recorded
from cqrs.views.rows import Part, Row
from domain.kernel import Currency, OrderId
from domain.payments import (
    PAYMENT_GATEWAY,
    AuthorisationRequested,
    GatewayReceiver,
    RecordAnswer,
    Refusal,
    SimulatedGateway,
)
from domain.payments.gateway_process import MAX_REASON

SEVEN = OrderId("7")
requested = AuthorisationRequested(
    order_id=SEVEN,
    amount=2599,
    currency=Currency.EUR,
    method="card-on-file",
    customer_id="c-1",
)


@dataclass
class Declining(SimulatedGateway):
    """Declines, and says why."""

    reason: str

    def authorise(self, *_: Any) -> Refusal:
        return Refusal(reason=self.reason)


def asked(process: ProcessManager = PAYMENT_GATEWAY) -> Row:
    """The row of a payment that is to be authorised."""
    (fold,) = process.folds
    at = Instant("2026-01-01T12:00:00.000000Z")
    recorded = Recorded(event=requested, version=1, at=at, actor="a", correlation_id="c")
    state = plain.dump(fold.evolve(fold.initial, recorded))
    return process.shown(Row(key="7", parts={"payment-7": Part(version=1, state=state)}))


def message(row: Row, key: str) -> Message:
    found = entries_of(row)[key].message
    assert found
    return found


def recorded_after(answer: Answer) -> RecordAnswer:
    """What is sent to the payment once the gateway has answered, as it is understood there."""
    row = PAYMENT_GATEWAY.answered(asked(), {"authorise": answer})
    data: Any = message(row, "authorise/record").data
    fields = {name: value for name, value in data.items() if name != "order_id"}
    return inputs.parse(RecordAnswer, fields, order_id=SEVEN)


def declined(reason: str) -> RecordAnswer:
    return recorded_after(GatewayReceiver(Declining(reason)).send(message(asked(), "authorise")))


def test_an_approval_is_recorded_with_its_reference() -> None:
    answer = GatewayReceiver(SimulatedGateway()).send(message(asked(), "authorise"))
    record = recorded_after(answer)
    assert (record.approved, record.reason) == (True, None)
    assert record.reference == answer.reference


def test_a_decline_is_an_answer_and_what_is_recorded_of_it_must_be_accepted() -> None:
    row = PAYMENT_GATEWAY.answered(asked(), {"authorise": Answer(accepted=False, detail="no")})
    assert entries_of(asked())["authorise"].refusable
    assert not entries_of(row)["authorise/record"].refusable


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("The card was declined.", "The card was declined."),
        (" Not\ntoday,\r\n\tsir.\n", "Not today, sir."),
        ("a\x00b\x7fc\x85d\ud800e", "a b c d e"),
        ("x" * 10_000, "x" * MAX_REASON),
        ("\n" * 10_000 + "y", "y"),
        ("Zoë 日本語", "Zoë 日本語"),
        ("", "No reason was given."),
        (" \n\x00", "No reason was given."),
    ],
)
def test_a_decline_is_recorded_with_its_reason_in_one_line(reason: str, line: str) -> None:
    record = declined(reason)
    assert (record.approved, record.reference, record.reason) == (False, None, line)
