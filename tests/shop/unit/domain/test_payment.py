"""The rules of one payment: what each command does, when it is refused, when it stays quiet; and
that the gateway and the history agree about the money, whatever comes in whichever order.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cqrs import plain
from cqrs.errors import NotFound, Refused, Unreadable
from cqrs.plain import replace
from cqrs.testing.deciders import given
from domain.kernel import Amount, Currency, OrderId
from domain.payments import (
    PAYMENT,
    AnswerNotUnderstood,
    Approved,
    AuthorisationRequested,
    Authorised,
    AuthorisePayment,
    Authorising,
    Captured,
    CapturePayment,
    CaptureRequested,
    Capturing,
    GatewayCall,
    NoPayment,
    Payment,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentCommand,
    PaymentDeclined,
    PaymentDiffers,
    PaymentEvent,
    PaymentGateway,
    PaymentIsCaptured,
    PaymentIsVoided,
    PaymentNotAuthorised,
    PaymentNotCaptured,
    PaymentNotFound,
    PaymentRefunded,
    PaymentVoided,
    RecordAnswer,
    Refunded,
    Refunding,
    RefundPayment,
    RefundRequested,
    Refusal,
    Voiding,
    VoidPayment,
    VoidRequested,
)
from tests.examples import examples

SEVEN = OrderId("7")

authorise = AuthorisePayment(
    order_id=SEVEN,
    amount=2599,
    currency=Currency.EUR,
    method="card-on-file",
    customer_id="c-1",
)
capture = CapturePayment(order_id=SEVEN)
void = VoidPayment(order_id=SEVEN)
refund = RefundPayment(order_id=SEVEN)


def approval(call: GatewayCall) -> RecordAnswer:
    return RecordAnswer(order_id=SEVEN, call=call, approved=True, reference=f"{call}-1")


def refusal(call: GatewayCall) -> RecordAnswer:
    return RecordAnswer(order_id=SEVEN, call=call, approved=False, reason="No money left.")


asked = AuthorisationRequested(
    order_id=SEVEN,
    amount=2599,
    currency=Currency.EUR,
    method="card-on-file",
    customer_id="c-1",
)
authorised = PaymentAuthorised(order_id=SEVEN, reference="authorise-1")
declined = PaymentDeclined(order_id=SEVEN, reason="No money left.")
capture_asked = CaptureRequested(order_id=SEVEN)
captured = PaymentCaptured(order_id=SEVEN, reference="capture-1")
void_asked = VoidRequested(order_id=SEVEN)
voided = PaymentVoided(order_id=SEVEN)
refund_asked = RefundRequested(order_id=SEVEN)
refunded = PaymentRefunded(order_id=SEVEN, reference="refund-1")

History = tuple[PaymentEvent, ...]
AUTHORISING: History = (asked,)
AUTHORISED = (*AUTHORISING, authorised)
DECLINED = (*AUTHORISING, declined)
CAPTURING = (*AUTHORISED, capture_asked)
CAPTURED = (*CAPTURING, captured)
REFUNDING = (*CAPTURED, refund_asked)
REFUNDED = (*REFUNDING, refunded)
VOIDING = (*AUTHORISED, void_asked)
VOIDED = (*VOIDING, voided)
OVERTAKEN = (*AUTHORISING, void_asked)  # voided before the authorisation was answered
BARRED: History = (voided,)  # voided before there was anything to void
HISTORIES: dict[str, History] = {
    "none": (),
    "authorising": AUTHORISING,
    "authorised": AUTHORISED,
    "declined": DECLINED,
    "capturing": CAPTURING,
    "captured": CAPTURED,
    "refunding": REFUNDING,
    "refunded": REFUNDED,
    "voiding": VOIDING,
    "voided": VOIDED,
    "overtaken": OVERTAKEN,
    "barred": BARRED,
}


def each(*histories: History) -> pytest.MarkDecorator:
    names = [name for known in histories for name, h in HISTORIES.items() if h == known]
    return pytest.mark.parametrize("history", histories, ids=names)


class TestAuthorisePayment:
    def test_a_payment_can_be_authorised(self) -> None:
        given(PAYMENT).when(authorise).then(asked)

    @each(AUTHORISING, AUTHORISED, DECLINED, CAPTURING, CAPTURED, REFUNDING, REFUNDED)
    @pytest.mark.parametrize(
        "other",
        [
            replace(authorise, amount=2600),
            replace(authorise, currency=Currency.USD),
            replace(authorise, method="invoice"),
        ],
        ids=["amount", "currency", "method"],
    )
    def test_what_was_agreed_to_cannot_be_changed(
        self, history: History, other: AuthorisePayment
    ) -> None:
        given(PAYMENT, *history).when(other).then_refused(PaymentDiffers)

    @each(VOIDING, VOIDED, OVERTAKEN, BARRED)
    def test_what_is_voided_cannot_be_authorised_any_more(self, history: History) -> None:
        given(PAYMENT, *history).when(authorise).then_refused(PaymentIsVoided)

    @each(AUTHORISING, AUTHORISED, DECLINED, CAPTURING, CAPTURED, REFUNDING, REFUNDED)
    def test_authorising_the_same_again_does_nothing(self, history: History) -> None:
        given(PAYMENT, *history).when(authorise).then_nothing()


class TestCapturePayment:
    def test_what_is_authorised_can_be_captured(self) -> None:
        given(PAYMENT, *AUTHORISED).when(capture).then(capture_asked)

    @each(AUTHORISING, DECLINED)
    def test_what_is_not_authorised_cannot_be_captured(self, history: History) -> None:
        given(PAYMENT, *history).when(capture).then_refused(PaymentNotAuthorised)

    @each(VOIDING, VOIDED, OVERTAKEN, BARRED)
    def test_what_is_voided_cannot_be_captured(self, history: History) -> None:
        given(PAYMENT, *history).when(capture).then_refused(PaymentIsVoided)

    def test_an_unknown_payment_cannot_be_captured(self) -> None:
        given(PAYMENT).when(capture).then_refused(PaymentNotFound)

    @each(CAPTURING, CAPTURED, REFUNDING, REFUNDED)
    def test_capturing_again_does_nothing(self, history: History) -> None:
        given(PAYMENT, *history).when(capture).then_nothing()


class TestVoidPayment:
    @each(AUTHORISING, AUTHORISED)
    def test_what_is_not_captured_can_be_voided(self, history: History) -> None:
        given(PAYMENT, *history).when(void).then(void_asked)

    def test_a_void_that_overtakes_the_authorisation_leaves_a_mark(self) -> None:
        given(PAYMENT).when(void).then(voided)

    @each(CAPTURING, CAPTURED, REFUNDING, REFUNDED)
    def test_what_is_captured_cannot_be_voided(self, history: History) -> None:
        given(PAYMENT, *history).when(void).then_refused(PaymentIsCaptured)

    @each(DECLINED, VOIDING, VOIDED, OVERTAKEN, BARRED)
    def test_voiding_where_nothing_is_set_aside_does_nothing(self, history: History) -> None:
        given(PAYMENT, *history).when(void).then_nothing()


class TestRefundPayment:
    def test_what_is_captured_can_be_refunded(self) -> None:
        given(PAYMENT, *CAPTURED).when(refund).then(refund_asked)

    @each(AUTHORISING, AUTHORISED, DECLINED, CAPTURING, VOIDING, VOIDED, OVERTAKEN, BARRED)
    def test_what_is_not_captured_cannot_be_refunded(self, history: History) -> None:
        given(PAYMENT, *history).when(refund).then_refused(PaymentNotCaptured)

    def test_an_unknown_payment_cannot_be_refunded(self) -> None:
        given(PAYMENT).when(refund).then_refused(PaymentNotFound)

    @each(REFUNDING, REFUNDED)
    def test_refunding_again_does_nothing(self, history: History) -> None:
        given(PAYMENT, *history).when(refund).then_nothing()


WAITS_FOR = {
    "authorising": GatewayCall.AUTHORISE,
    "capturing": GatewayCall.CAPTURE,
    "refunding": GatewayCall.REFUND,
    "voiding": GatewayCall.VOID,
    "overtaken": GatewayCall.VOID,
}


class TestRecordAnswer:
    @pytest.mark.parametrize(
        ("history", "call", "event"),
        [
            (AUTHORISING, GatewayCall.AUTHORISE, authorised),
            (CAPTURING, GatewayCall.CAPTURE, captured),
            (VOIDING, GatewayCall.VOID, voided),
            (OVERTAKEN, GatewayCall.VOID, voided),
            (REFUNDING, GatewayCall.REFUND, refunded),
        ],
    )
    def test_an_approval_is_recorded(
        self, history: History, call: GatewayCall, event: PaymentEvent
    ) -> None:
        given(PAYMENT, *history).when(approval(call)).then(event)

    def test_an_authorisation_that_is_declined_is_recorded_with_the_reason(self) -> None:
        given(PAYMENT, *AUTHORISING).when(refusal(GatewayCall.AUTHORISE)).then(declined)

    def test_a_gateway_need_not_say_why_it_declines(self) -> None:
        mute = replace(refusal(GatewayCall.AUTHORISE), reason=None)
        given(PAYMENT, *AUTHORISING).when(mute).then(replace(declined, reason="No reason given."))

    @pytest.mark.parametrize("name", sorted(WAITS_FOR.keys() - {"authorising"}))
    def test_only_an_authorisation_can_be_declined(self, name: str) -> None:
        answer = refusal(WAITS_FOR[name])
        given(PAYMENT, *HISTORIES[name]).when(answer).then_refused(AnswerNotUnderstood)

    @pytest.mark.parametrize("name", WAITS_FOR)
    def test_an_approval_says_under_which_reference(self, name: str) -> None:
        nameless = replace(approval(WAITS_FOR[name]), reference=None)
        given(PAYMENT, *HISTORIES[name]).when(nameless).then_refused(AnswerNotUnderstood)

    @pytest.mark.parametrize("answer", [approval, refusal])
    @pytest.mark.parametrize("call", GatewayCall)
    @pytest.mark.parametrize("name", HISTORIES)
    def test_an_answer_that_is_not_waited_for_does_nothing(
        self, name: str, call: GatewayCall, answer: Callable[[GatewayCall], RecordAnswer]
    ) -> None:
        if WAITS_FOR.get(name) is not call:
            given(PAYMENT, *HISTORIES[name]).when(answer(call)).then_nothing()


@pytest.mark.parametrize("name", HISTORIES)
def test_what_is_remembered_of_a_payment_can_be_stored_and_read(name: str) -> None:
    payment = state_after(HISTORIES[name])
    assert plain.load(PAYMENT.state, plain.dump(payment)) == payment


def test_the_newest_reference_is_remembered() -> None:
    payment = state_after(REFUNDED)
    assert isinstance(payment, Refunded)
    assert payment.reference == "refund-1"


def test_a_history_that_no_decision_leads_to_is_not_made_sense_of() -> None:
    with pytest.raises(Unreadable, match=r"PaymentCaptured can't happen to .* Voided"):
        state_after((*VOIDED, captured))


def state_after(history: Sequence[PaymentEvent]) -> Payment:
    return reduce(PAYMENT.evolve, history, PAYMENT.initial)


REQUESTS: dict[type, GatewayCall] = {
    AuthorisationRequested: GatewayCall.AUTHORISE,
    CaptureRequested: GatewayCall.CAPTURE,
    VoidRequested: GatewayCall.VOID,
    RefundRequested: GatewayCall.REFUND,
}
ANSWERS: dict[type, GatewayCall] = {
    PaymentAuthorised: GatewayCall.AUTHORISE,
    PaymentDeclined: GatewayCall.AUTHORISE,
    PaymentCaptured: GatewayCall.CAPTURE,
    PaymentVoided: GatewayCall.VOID,
    PaymentRefunded: GatewayCall.REFUND,
}


def handle(history: list[PaymentEvent], command: PaymentCommand) -> bool:
    """Whether it was not refused."""
    with suppress(Refused, NotFound):
        history += PAYMENT.decide(command, state_after(history))
        return True
    return False


def calls_of(history: Sequence[PaymentEvent], kinds: dict[type, GatewayCall]) -> list[GatewayCall]:
    return [kinds[type(event)] for event in history if type(event) in kinds]


def assert_sound(history: Sequence[PaymentEvent]) -> None:
    """Taken at most once, never after a void; nothing is answered twice, or without a request."""
    happened = [type(event) for event in history]
    assert max(Counter(happened).values(), default=0) <= 1
    after_void = happened[happened.index(PaymentVoided) + 1 :] if PaymentVoided in happened else []
    assert after_void == []
    if VoidRequested in happened:
        assert {CaptureRequested, PaymentCaptured}.isdisjoint(happened)
    for answer in set(happened) & ANSWERS.keys():
        requests = {kind for kind, call in REQUESTS.items() if call is ANSWERS[answer]}
        before = happened[: happened.index(answer)]
        assert requests & set(before) or history == [voided]


def assert_settled(history: Sequence[PaymentEvent]) -> None:
    """Every request has one answer. That to an authorisation which a void has overtaken is the
    void's.
    """
    requested, answered = calls_of(history, REQUESTS), calls_of(history, ANSWERS)
    if GatewayCall.VOID in requested and GatewayCall.AUTHORISE not in answered:
        requested.remove(GatewayCall.AUTHORISE)
    assert Counter(requested) == Counter(answered) or history == [voided]


ONWARDS: dict[type, PaymentCommand] = {
    NoPayment: authorise,
    Authorising: approval(GatewayCall.AUTHORISE),
    Authorised: capture,
    Capturing: approval(GatewayCall.CAPTURE),
    Captured: refund,
    Refunding: approval(GatewayCall.REFUND),
    Voiding: approval(GatewayCall.VOID),
}
"""What leads a payment on to its end, so that random steps come to every place on its way."""

on = st.just("on")
anything = st.sampled_from(
    [authorise, replace(authorise, amount=1), capture, void, refund]
    + [answer(call) for call in GatewayCall for answer in (approval, refusal)]
)


@examples(400)
@for_all(st.lists(on | on | anything, max_size=20))
def test_no_commands_and_answers_take_money_twice_or_after_a_void(
    steps: list[PaymentCommand | str],
) -> None:
    history: list[PaymentEvent] = []
    is_voided = False
    for step in steps:
        command = ONWARDS.get(type(state_after(history))) if isinstance(step, str) else step
        if command and handle(history, command) and command == void:
            is_voided = True
        assert_sound(history)
        assert not (is_voided and capture_asked in history)

    for call in calls_of(history, REQUESTS):
        handle(history, approval(call))

    assert_sound(history)
    assert_settled(history)


@dataclass
class Bank:
    """A gateway that keeps what its port promises, and counts the money."""

    declines: bool = False
    set_aside: int = 0
    taken: int = 0
    answers: dict[tuple[GatewayCall, str], Approved | Refusal] = field(default_factory=dict)

    def authorise(
        self, key: str, amount: Amount, currency: Currency, method: str
    ) -> Approved | Refusal:
        barred = (GatewayCall.VOID, key) in self.answers
        answer = Refusal(reason="Declined.") if self.declines or barred else None
        if self._is_new(GatewayCall.AUTHORISE, key, answer) and not answer:
            self.set_aside += amount
        return self.answers[GatewayCall.AUTHORISE, key]

    def capture(self, key: str) -> Approved:
        if self._is_new(GatewayCall.CAPTURE, key):
            assert self.set_aside, "nothing to capture"
            self.taken, self.set_aside = self.set_aside, 0
        return self._approved(GatewayCall.CAPTURE, key)

    def void(self, key: str) -> Approved:
        if self._is_new(GatewayCall.VOID, key):
            assert not self.taken, "voided what was captured"
            self.set_aside = 0
        return self._approved(GatewayCall.VOID, key)

    def refund(self, key: str) -> Approved:
        if self._is_new(GatewayCall.REFUND, key):
            assert self.taken, "nothing to refund"
            self.taken = 0
        return self._approved(GatewayCall.REFUND, key)

    def _is_new(self, call: GatewayCall, key: str, answer: Refusal | None = None) -> bool:
        if (call, key) in self.answers:
            return False
        self.answers[call, key] = answer or Approved(reference=f"{call}-1")
        return True

    def _approved(self, call: GatewayCall, key: str) -> Approved:
        answer = self.answers[call, key]
        assert isinstance(answer, Approved)
        return answer


def made(gateway: PaymentGateway, request: PaymentEvent) -> RecordAnswer | None:
    """The call that an event asks for, as it is recorded."""
    key, call = PAYMENT.stream(SEVEN), REQUESTS.get(type(request))
    match call:
        case None:
            return None
        case GatewayCall.AUTHORISE:
            assert isinstance(request, AuthorisationRequested)
            answer = gateway.authorise(key, request.amount, request.currency, request.method)
        case GatewayCall.CAPTURE:
            answer = gateway.capture(key)
        case GatewayCall.VOID:
            answer = gateway.void(key)
        case GatewayCall.REFUND:
            answer = gateway.refund(key)
    return approval(call) if isinstance(answer, Approved) else refusal(call)


steps = st.lists(
    on
    | on
    | st.sampled_from([authorise, capture, void, refund])
    | st.tuples(st.sampled_from(["call", "record"]), st.integers(0, 8)),
    max_size=30,
)


@examples(400)
@for_all(steps, st.booleans())
def test_the_gateway_and_the_history_agree_about_the_money(
    steps: list[PaymentCommand | tuple[str, int] | str], declines: bool
) -> None:
    """Calls are made late, in any order and again, and so are their answers recorded."""
    bank, history, answers = Bank(declines=declines), list[PaymentEvent](), list[RecordAnswer]()
    for step in steps:
        match step:
            case "on":
                answer = made(bank, history[-1]) if history else None
                command = answer or ONWARDS.get(type(state_after(history)))
                if command:
                    handle(history, command)
            case ("call", int(n)):
                answers += [a for event in history[n : n + 1] if (a := made(bank, event))]
            case ("record", int(n)):
                for answer in answers[n : n + 1]:
                    handle(history, answer)
            case str() | tuple():
                raise AssertionError(step)
            case _:
                handle(history, step)

    # what was not called yet is called at last, in the worst order
    for event in history[::-1]:
        if answer := made(bank, event):
            handle(history, answer)

    assert_settled(history)
    happened = {type(event) for event in history}
    is_taken = PaymentCaptured in happened and PaymentRefunded not in happened
    is_set_aside = PaymentAuthorised in happened and not happened & {PaymentCaptured, PaymentVoided}
    assert bank.taken == (2599 if is_taken else 0)
    assert bank.set_aside == (2599 if is_set_aside else 0)
