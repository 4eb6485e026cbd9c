"""What is said of an error where no personal data may be."""

import pytest
from botocore.exceptions import ClientError

from cqrs import plain
from cqrs.discretion import said, traced
from cqrs.errors import CqrsError, InvalidInput, NotFound, Refused, Unavailable, Unreadable
from cqrs.plain import Value

ADA = "ada@example.com"
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": f"no {ADA}"}}, "PutItem")


class AddressTaken(Refused):
    code = "address_taken"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unavailable("orders is down"), "Unavailable: orders is down"),
        (Refused(f"{ADA} is taken"), "Refused: refused"),
        (AddressTaken(f"{ADA} is taken"), "AddressTaken: address_taken"),
        (NotFound(f"There is nothing at /people/{ADA}."), "NotFound: not_found"),
        (InvalidInput(f"'{ADA}' is not known."), "InvalidInput: invalid_input"),
        (KeyError(ADA), "KeyError"),
        (DENIED, "ClientError: AccessDenied at PutItem"),
        (ExceptionGroup(ADA, [KeyError(ADA), Unavailable("down")]), "KeyError; Unavailable: down"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_error_is_told_by_its_type_and_by_its_text_only_if_that_is_ours(
    error: Exception, told: str
) -> None:
    assert said(error).removeprefix("ExceptionGroup: ") == told


def test_a_traceback_says_where_and_what_led_there_and_not_with_which_values() -> None:
    def first(name: str) -> None:
        raise ValueError(f"can't do anything with {name}")

    def second(name: str) -> None:
        try:
            first(name)
        except ValueError as error:
            error.add_note(name)
            raise CqrsError("gave up") from error

    with pytest.raises(CqrsError) as raised:
        second(ADA)

    told = traced(raised.value)
    assert ADA not in told
    assert told.count("Traceback (most recent call last):") == 2
    before, after = told.split("This led to:")
    assert ", in first" in before
    assert before.rstrip().endswith("ValueError")
    assert after.endswith("CqrsError: gave up\n")


class Person(Value):
    name: str
    age: int


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ({"name": ADA, "age": ADA}, "Expected `int`, got `str` - at `$.stored.age`"),
        ({"name": ADA}, "missing required field `age`"),
        ({"name": ADA, "age": 3, "mail": 1}, "unknown field `mail`"),
        ({"name": ADA, "age": 3, ADA: 1}, "unknown field"),
    ],
    ids=str,
)
def test_stored_data_that_cannot_be_read_is_told_by_where_and_what_was_expected(
    stored: object, told: str
) -> None:
    with pytest.raises(Unreadable) as raised:
        plain.load(Person, stored)
    assert told in str(raised.value)
    assert ADA not in str(raised.value)
