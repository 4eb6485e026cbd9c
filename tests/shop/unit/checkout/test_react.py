"""What a checkout must have sent, after what happened and what was answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from cqrs import plain
from cqrs.follow.messages import Answer
from cqrs.follow.process_managers import Entry, ProcessManager, Send, Sent
from cqrs.history.events import Instant, Recorded
from cqrs.plain import replace
from cqrs.views.rows import Part, States
from domain.checkout import checkout
from domain.inventory import ReleaseStock, ReserveStock, ShipStock
from domain.kernel import Currency, OrderId
from domain.orders import (
    Address,
    ConfirmOrder,
    Line,
    OrderAddressChanged,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    Paid,
    RejectOrder,
    RejectReason,
    Reserved,
)
from domain.payments import (
    AuthorisationRequested,
    AuthorisePayment,
    CapturePayment,
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentVoided,
    RefundPayment,
    RefundRequested,
    VoidPayment,
    VoidRequested,
)

SEVEN = OrderId("7")
CHECKOUT: ProcessManager = checkout(900)
EUR = Currency.EUR
VIENNA = Address(name="Ada", street="Gasse 1", postal_code="1010", city="Wien", country="AT")

placed = OrderPlaced(
    order_id=SEVEN,
    customer_id="c-1",
    currency=EUR,
    lines=(
        Line(sku="book", quantity=2, unit_price=1250),
        Line(sku="pen", quantity=1, unit_price=99),
    ),
    address=VIENNA,
    payment_method="card-on-file",
)
moved = OrderAddressChanged(order_id=SEVEN, customer_id="c-1", address=VIENNA)
covered = (Reserved(sku="book", quantity=2), Reserved(sku="pen", quantity=1))
paid = Paid(amount=2599, currency=EUR, reference="r-1")
confirmed = OrderConfirmed(order_id=SEVEN, reserved=covered, paid=paid)
rejected = OrderRejected(order_id=SEVEN, reason=RejectReason.TIMED_OUT, detail=None)
cancelled = OrderCancelled(order_id=SEVEN, reason=None)
shipped = OrderShipped(order_id=SEVEN)
delivered = OrderDelivered(order_id=SEVEN)

requested = AuthorisationRequested(
    order_id=SEVEN, amount=2599, currency=EUR, method="card-on-file", customer_id="c-1"
)
authorised = PaymentAuthorised(order_id=SEVEN, reference="r-1")
declined = PaymentDeclined(order_id=SEVEN, reason="The card was declined.")
captured = PaymentCaptured(order_id=SEVEN, reference="r-2")

YES, NO_ANSWER = Answer(accepted=True), None
RESERVED: dict[str, Answer | None] = {"reserve/book": YES, "reserve/pen": YES}


def no(code: str, detail: str = "So it is.") -> Answer:
    return Answer(accepted=False, code=code, detail=detail)


def sends(events: Iterable[object], asked: dict[str, Answer | None] | None = None) -> list[Send]:
    """What must have been sent after `events`, when `asked` was sent, and answered so."""
    parts: dict[str, Part] = {}
    for event in events:
        category = "order" if type(event).__name__.startswith("Order") else "payment"
        name, fold = f"{category}-7", next(f for f in CHECKOUT.folds if f.category == category)
        state = States("7", parts)[fold]
        at = Instant("2026-01-01T12:00:00.000000Z")
        recorded = Recorded(event=event, version=1, at=at, actor="a", correlation_id="c-1")
        parts[name] = Part(version=1, state=plain.dump(fold.evolve(state, recorded)))
    entries = {key: Entry(answer=answer) for key, answer in (asked or {}).items()}
    return list(CHECKOUT.react(States("7", parts), Sent(entries)))


def commands(events: Iterable[object], asked: dict[str, Answer | None] | None = None) -> list[Any]:
    """The same without the deadline, which an open order always has."""
    return [send.command for send in sends(events, asked) if not send.after_seconds]


def reserve(line: Line) -> ReserveStock:
    return ReserveStock(
        sku=line.sku,
        order_id=SEVEN,
        quantity=line.quantity,
        unit_price=line.unit_price,
        currency=EUR,
    )


RESERVES = [reserve(line) for line in placed.lines]
RELEASES = [ReleaseStock(sku=line.sku, order_id=SEVEN) for line in placed.lines]
AUTHORISE = AuthorisePayment(
    order_id=SEVEN, amount=2599, currency=EUR, method="card-on-file", customer_id="c-1"
)
CONFIRM = ConfirmOrder(order_id=SEVEN, reserved=covered, paid=paid)
VOID, REFUND = VoidPayment(order_id=SEVEN), RefundPayment(order_id=SEVEN)
ASKED_FOR_ALL: dict[str, Answer | None] = {**RESERVED, "authorise": YES}


def reject(reason: RejectReason, detail: str | None = "So it is.") -> RejectOrder:
    return RejectOrder(order_id=SEVEN, reason=reason, detail=detail)


def test_before_the_order_is_known_nothing_is_wanted() -> None:
    assert sends([requested, authorised]) == []


def test_a_placed_order_has_a_deadline() -> None:
    deadline = next(send for send in sends([placed]) if send.after_seconds)
    why = "It could not be confirmed within 900 seconds."
    assert (deadline.to, deadline.after_seconds, deadline.correlation_id) == ("orders", 900, "c-1")
    assert deadline.command == reject(RejectReason.TIMED_OUT, why)


@pytest.mark.parametrize("events", [[placed], [placed, moved]])
def test_of_a_placed_order_every_line_is_to_be_reserved(events: list[object]) -> None:
    assert commands(events) == RESERVES
    assert {send.to for send in sends(events)[1:]} == {"inventory"}


@pytest.mark.parametrize("answer", [NO_ANSWER, YES])
def test_while_a_line_has_no_answer_no_money_is_asked_for(answer: Answer | None) -> None:
    assert commands([placed], {"reserve/book": answer, "reserve/pen": NO_ANSWER}) == RESERVES


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("out_of_stock", RejectReason.OUT_OF_STOCK),
        ("price_differs", RejectReason.PRICE_DIFFERS),
        ("product_not_found", RejectReason.UNKNOWN_PRODUCT),
        ("too_many_reservations", RejectReason.NOT_POSSIBLE),
        ("anything_else", RejectReason.NOT_POSSIBLE),
    ],
)
@pytest.mark.parametrize("others", [NO_ANSWER, YES, no("price_differs", "Later.")])
def test_a_refused_line_rejects_the_order_for_its_reason_and_nothing_more_is_asked_for(
    code: str, reason: RejectReason, others: Answer | None
) -> None:
    asked = {"reserve/book": no(code), "reserve/pen": others}
    assert commands([placed], asked) == [reject(reason)]


@pytest.mark.parametrize(("detail", "told"), [("", None), ("x" * 600, "x" * 500)])
def test_a_reason_is_told_as_far_as_an_order_has_room_for_it(detail: str, told: str | None) -> None:
    asked = {"reserve/book": no("out_of_stock", detail), "reserve/pen": YES}
    assert commands([placed], asked) == [reject(RejectReason.OUT_OF_STOCK, told)]


def test_when_all_is_reserved_the_payment_is_to_be_authorised() -> None:
    assert commands([placed], RESERVED) == [*RESERVES, AUTHORISE]
    assert commands([placed, requested], ASKED_FOR_ALL) == [*RESERVES, AUTHORISE]


def test_an_authorised_order_is_confirmed_with_what_was_reserved_and_paid() -> None:
    assert commands([placed, requested, authorised], ASKED_FOR_ALL) == [
        *RESERVES,
        AUTHORISE,
        CONFIRM,
    ]


def test_what_is_paid_is_what_the_payment_says_not_what_was_asked_for() -> None:
    other = replace(requested, amount=1, currency=Currency.USD)
    *_, confirm = commands([placed, other, authorised], ASKED_FOR_ALL)
    assert confirm.paid == Paid(amount=1, currency=Currency.USD, reference="r-1")


def test_a_declined_payment_rejects_the_order() -> None:
    assert commands([placed, requested, declined], ASKED_FOR_ALL) == [
        *RESERVES,
        reject(RejectReason.PAYMENT_DECLINED, "The card was declined."),
    ]


@pytest.mark.parametrize("void", [VoidRequested(order_id=SEVEN), PaymentVoided(order_id=SEVEN)])
def test_a_payment_that_somebody_voided_rejects_the_order(void: object) -> None:
    assert commands([placed, requested, authorised, void], ASKED_FOR_ALL) == [
        *RESERVES,
        reject(RejectReason.PAYMENT_DECLINED, "The payment was voided."),
    ]


@pytest.mark.parametrize("key", ["authorise", "confirm"])
def test_an_authorisation_or_confirmation_that_is_refused_rejects_the_order(key: str) -> None:
    asked = {**ASKED_FOR_ALL, key: no("not_now")}
    wanted = commands([placed, requested, authorised], asked)
    assert wanted == [*RESERVES, reject(RejectReason.NOT_POSSIBLE)]


def test_a_confirmed_order_wants_nothing() -> None:
    assert sends([placed, requested, authorised, confirmed], ASKED_FOR_ALL) == []


@pytest.mark.parametrize("end", [rejected, cancelled])
class TestUndoing:
    def test_before_anything_was_asked_for_there_is_nothing_to_undo(self, end: object) -> None:
        assert sends([placed, end]) == []

    @pytest.mark.parametrize("answer", [NO_ANSWER, YES, no("out_of_stock")])
    def test_every_line_that_was_asked_for_is_released_whatever_was_answered(
        self, end: object, answer: Answer | None
    ) -> None:
        assert commands([placed, end], {"reserve/pen": answer}) == RELEASES[1:]
        asked = {"reserve/book": answer, "reserve/pen": answer}
        assert commands([placed, end], asked) == RELEASES

    @pytest.mark.parametrize("answer", [NO_ANSWER, YES, no("payment_is_voided")])
    def test_a_payment_that_was_asked_for_is_voided_whatever_was_answered(
        self, end: object, answer: Answer | None
    ) -> None:
        asked = {**RESERVED, "authorise": answer}
        assert commands([placed, end], asked) == [*RELEASES, VOID]

    def test_a_confirmed_order_is_undone_too(self, end: object) -> None:
        history = [placed, requested, authorised, confirmed, end]
        assert commands(history, ASKED_FOR_ALL) == [*RELEASES, VOID]

    def test_a_void_that_is_refused_refunds_once_the_money_was_taken(self, end: object) -> None:
        asked = {**ASKED_FOR_ALL, "void": no("payment_is_captured")}
        capturing = [placed, requested, authorised, end, CaptureRequested(order_id=SEVEN)]
        refunding = [*capturing, captured, RefundRequested(order_id=SEVEN)]
        assert commands(capturing, asked) == [*RELEASES, VOID]
        assert commands([*capturing, captured], asked) == [*RELEASES, VOID, REFUND]
        assert commands(refunding, asked) == [*RELEASES, VOID, REFUND]

    @pytest.mark.parametrize("answer", [NO_ANSWER, YES])
    def test_a_void_that_is_not_refused_refunds_nothing(
        self, end: object, answer: Answer | None
    ) -> None:
        history = [placed, requested, authorised, captured, end]
        assert commands(history, {**ASKED_FOR_ALL, "void": answer}) == [*RELEASES, VOID]


@pytest.mark.parametrize("end", [[shipped], [shipped, delivered]])
def test_of_a_shipped_order_the_money_is_taken_and_the_stock_is_gone(end: list[object]) -> None:
    assert commands([placed, requested, authorised, confirmed, *end], ASKED_FOR_ALL) == [
        CapturePayment(order_id=SEVEN),
        ShipStock(sku="book", order_id=SEVEN),
        ShipStock(sku="pen", order_id=SEVEN),
    ]


def test_what_was_promised_or_must_be_undone_is_not_to_be_refused() -> None:
    """A refusal is an answer only where there is something else to do then."""
    void_refused = {**ASKED_FOR_ALL, "void": no("payment_is_captured")}
    history = [placed, requested, authorised]
    wanted = [
        *sends(history, ASKED_FOR_ALL),
        *sends([placed], {"reserve/book": no("out_of_stock")}),
        *sends([*history, captured, cancelled], void_refused),
        *sends([*history, confirmed, shipped], ASKED_FOR_ALL),
    ]
    refusable = {send.key.partition("/")[0] for send in wanted if send.refusable}
    firm = {send.key.partition("/")[0] for send in wanted if not send.refusable}
    assert refusable == {"deadline", "reserve", "authorise", "confirm", "reject", "void"}
    assert firm == {"capture", "ship", "release", "refund"}
