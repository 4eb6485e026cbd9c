"""What the payments service tells of a payment."""

import pytest

from domain.kernel import Currency
from domain.payments import payment_facts
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

TERMS = Terms(amount=2500, currency=Currency.EUR, method="card-on-file", customer_id="c-1")
AGREED = {
    "order_id": "7",
    "customer_id": "c-1",
    "amount": 2500,
    "currency": "EUR",
    "method": "card-on-file",
}


@pytest.mark.parametrize(
    ("payment", "status"),
    [
        (Authorised(terms=TERMS, reference="auth-7"), "authorised"),
        (Capturing(terms=TERMS, reference="auth-7"), "capturing"),
        (Captured(terms=TERMS, reference="auth-7"), "captured"),
        (Refunding(terms=TERMS, reference="auth-7"), "refunding"),
        (Refunded(terms=TERMS, reference="auth-7"), "refunded"),
    ],
)
def test_what_the_gateway_has_taken_on_has_its_reference(payment: Payment, status: str) -> None:
    told = AGREED | {"status": status, "reference": "auth-7", "reason": None}
    assert payment_facts("7", payment) == told


@pytest.mark.parametrize(
    ("payment", "status"),
    [
        (Authorising(terms=TERMS), "authorising"),
        (Voiding(terms=TERMS), "voiding"),
        (Voided(terms=TERMS), "voided"),
    ],
)
def test_what_it_has_not_has_none(payment: Payment, status: str) -> None:
    told = AGREED | {"status": status, "reference": None, "reason": None}
    assert payment_facts("7", payment) == told


def test_a_declined_payment_says_why() -> None:
    told = payment_facts("7", Declined(terms=TERMS, reason="no funds"))
    assert told == AGREED | {"status": "declined", "reference": None, "reason": "no funds"}


def test_a_payment_that_was_voided_before_it_was_asked_for_has_no_terms() -> None:
    told = payment_facts("7", Voided(terms=None))
    assert told == {
        "order_id": "7",
        "customer_id": None,
        "status": "voided",
        "amount": None,
        "currency": None,
        "method": None,
        "reference": None,
        "reason": None,
    }


def test_without_a_payment_there_is_nothing_to_tell() -> None:
    assert payment_facts("7", NoPayment()) is None
