"""The rules of one customer: what each command does, when it is refused, when it stays quiet; and
that no two customers have the same e-mail address.
"""

import pytest

from cqrs import inputs
from cqrs.errors import InvalidInput
from cqrs.history.guards import Claim, Release
from cqrs.plain import replace
from cqrs.testing.deciders import given
from domain.customers import (
    CUSTOMER,
    ChangeEmail,
    Customer,
    CustomerAlreadyRegistered,
    CustomerEmailChanged,
    CustomerNotFound,
    CustomerRegistered,
    CustomerRenamed,
    EmailTaken,
    NoCustomer,
    RegisterCustomer,
    RenameCustomer,
    customer_facts,
)

register = RegisterCustomer(customer_id="c-1", name="Ada Lovelace", email="Ada@Example.com")
registered = CustomerRegistered(customer_id="c-1", name="Ada Lovelace", email="Ada@Example.com")
rename = RenameCustomer(customer_id="c-1", name="Ada King")
renamed = CustomerRenamed(customer_id="c-1", name="Ada King")
change = ChangeEmail(customer_id="c-1", email="countess@example.com")
changed = CustomerEmailChanged(customer_id="c-1", email="countess@example.com")
in_capitals = ChangeEmail(customer_id="c-1", email="ADA@EXAMPLE.COM")


def claim(email: str) -> Claim:
    return Claim(kind="email", value=email, taken=EmailTaken())


def release(email: str) -> Release:
    return Release(kind="email", value=email)


def test_a_customer_can_be_registered() -> None:
    given(CUSTOMER).when(register).then(registered)


def test_a_customer_is_registered_only_once() -> None:
    given(CUSTOMER, registered).when(register).then_refused(CustomerAlreadyRegistered)


def test_registering_claims_the_address_whatever_its_capitals() -> None:
    given(CUSTOMER).when(register).then_guards(claim("ada@example.com"))


def test_a_customer_can_be_renamed() -> None:
    given(CUSTOMER, registered).when(rename).then(renamed)


def test_an_unknown_customer_cannot_be_renamed() -> None:
    given(CUSTOMER).when(rename).then_refused(CustomerNotFound)


def test_renaming_to_the_same_name_does_nothing() -> None:
    given(CUSTOMER, registered, renamed).when(rename).then_nothing()


def test_renaming_claims_nothing() -> None:
    given(CUSTOMER, registered).when(rename).then_guards()


def test_the_address_can_be_changed() -> None:
    given(CUSTOMER, registered, renamed).when(change).then(changed)


def test_the_address_of_an_unknown_customer_cannot_be_changed() -> None:
    given(CUSTOMER).when(change).then_refused(CustomerNotFound)


def test_changing_the_address_to_what_it_is_does_nothing() -> None:
    given(CUSTOMER, registered, changed).when(change).then_nothing()


def test_changing_the_address_claims_the_new_one_and_releases_the_old_one() -> None:
    given(CUSTOMER, registered).when(change).then_guards(
        claim("countess@example.com"), release("ada@example.com")
    )


def test_an_address_can_be_changed_back() -> None:
    back = ChangeEmail(customer_id="c-1", email="Ada@Example.com")
    given(CUSTOMER, registered, changed).when(back).then_guards(
        claim("ada@example.com"), release("countess@example.com")
    )


def test_the_capitals_of_an_address_can_be_changed() -> None:
    given(CUSTOMER, registered).when(in_capitals).then(
        CustomerEmailChanged(customer_id="c-1", email="ADA@EXAMPLE.COM")
    )


def test_changing_only_capitals_keeps_the_claim_that_the_customer_holds() -> None:
    given(CUSTOMER, registered).when(in_capitals).then_guards()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zo\u00eb@example.com", "zoe\u0308@example.com"),
        ("ZO\u00cb@example.com", "zoe\u0308@example.com"),
        ("zo\u00eb@example.com", "ZOE\u0308@EXAMPLE.COM"),
        ("stra\u00dfe@example.com", "STRASSE@example.com"),
        ("\u0390@example.com", "\u03aa\u0301@example.com"),
    ],
)
def test_an_address_is_the_same_however_its_accents_and_capitals_are_written(
    one: str, other: str
) -> None:
    register_one, register_other = (replace(register, email=email) for email in (one, other))
    (claimed,) = CUSTOMER.guards(NoCustomer(), replace(registered, email=one))
    assert isinstance(claimed, Claim)
    given(CUSTOMER).when(register_one).then_guards(claim(claimed.value))
    given(CUSTOMER).when(register_other).then_guards(claim(claimed.value))
    change_to_other = replace(change, email=other)
    given(CUSTOMER, replace(registered, email=one)).when(change_to_other).then_guards()


def test_an_address_with_another_accent_is_another() -> None:
    one, other = (replace(registered, email=f"zo{e}@example.com") for e in "\u00eb\u00e9")
    assert CUSTOMER.guards(NoCustomer(), one) != CUSTOMER.guards(NoCustomer(), other)


@pytest.mark.parametrize(
    "email", ["ada@example.com", "a.b+c@mail.example.co.uk", "zoë@exämple.org"]
)
def test_an_address_is_accepted(email: str) -> None:
    body = {"customer_id": "c-1", "name": "Ada Lovelace", "email": email}
    assert inputs.parse(RegisterCustomer, body) == replace(register, email=email)


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@example", "@example.com", "ada@.com", "a@b@c.com", "a da@b.com", "a" * 255],
)
def test_what_is_no_address_is_not_understood(email: str) -> None:
    with pytest.raises(InvalidInput) as error:
        inputs.parse(ChangeEmail, {"email": email}, customer_id="c-1")
    assert [fault.pointer for fault in error.value.faults] == ["/email"]


def test_a_customer_is_told_with_name_and_address() -> None:
    assert customer_facts("c-1", Customer(name="Ada Lovelace", email="Ada@Example.com")) == {
        "customer_id": "c-1",
        "name": "Ada Lovelace",
        "email": "Ada@Example.com",
    }


def test_nothing_is_told_of_a_customer_who_was_never_registered() -> None:
    assert customer_facts("c-1", NoCustomer()) is None
