"""The simulated gateway: what it approves, what it declines, and when it does not answer."""

import pytest

from cqrs.errors import Unavailable
from domain.kernel import Currency
from domain.payments import (
    Approved,
    GatewayTimeout,
    PaymentGateway,
    Refusal,
    SimulatedGateway,
)

KEY = "payment-7"


@pytest.fixture
def gateway() -> PaymentGateway:
    return SimulatedGateway()


def authorise(gateway: PaymentGateway, method: str, key: str = KEY) -> Approved | Refusal:
    return gateway.authorise(key, 2599, Currency.EUR, method)


@pytest.mark.parametrize("method", ["card-on-file", "invoice"])
def test_a_payment_is_authorised(gateway: PaymentGateway, method: str) -> None:
    assert isinstance(authorise(gateway, method), Approved)


def test_a_card_that_is_to_be_declined_is_declined_with_a_reason(gateway: PaymentGateway) -> None:
    assert authorise(gateway, "card-declined") == Refusal(reason="The card was declined.")


def test_a_card_that_is_to_time_out_does_so_every_time(gateway: PaymentGateway) -> None:
    for _ in range(3):
        with pytest.raises(GatewayTimeout):
            authorise(gateway, "card-timeout")


def test_after_a_timeout_the_same_may_be_asked_again() -> None:
    assert issubclass(GatewayTimeout, Unavailable)
    assert GatewayTimeout.retryable


def test_what_timed_out_can_be_voided(gateway: PaymentGateway) -> None:
    with pytest.raises(GatewayTimeout):
        authorise(gateway, "card-timeout")
    assert isinstance(gateway.void(KEY), Approved)


def test_the_same_call_with_the_same_key_has_the_same_answer(gateway: PaymentGateway) -> None:
    again = SimulatedGateway()
    assert authorise(gateway, "card-on-file") == authorise(again, "card-on-file")
    assert authorise(gateway, "card-declined") == authorise(again, "card-declined")
    assert gateway.capture(KEY) == again.capture(KEY)
    assert gateway.void(KEY) == again.void(KEY)
    assert gateway.refund(KEY) == again.refund(KEY)


def test_every_call_of_every_payment_has_a_reference_of_its_own(gateway: PaymentGateway) -> None:
    answers = [
        answer
        for key in ("payment-7", "payment-8")
        for answer in (
            authorise(gateway, "card-on-file", key),
            gateway.capture(key),
            gateway.void(key),
            gateway.refund(key),
        )
    ]
    assert all(isinstance(answer, Approved) for answer in answers)
    assert len(set(answers)) == 8
