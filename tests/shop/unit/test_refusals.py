"""What the shop's clients are told when it says no: what is wrong with a request, and the codes of
its rules.
"""

from typing import Any

import pytest

from cqrs import inputs
from cqrs.entrypoints.http import Request, Response
from cqrs.errors import CqrsError, InvalidInput
from domain.inventory import ProductAlreadyRegistered, ProductNotFound, RegisterProduct
from domain.orders import OrderId, OrderIsCancelled, OrderNotFound, PlaceOrder, SkuOnTwoLines
from tests.library.unit.entrypoints.asking import ask_route, refused

LINE = {"sku": "book-1", "quantity": 2, "unit_price": 1250}
ADDRESS = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}
ORDER: dict[str, Any] = {
    "customer_id": "c-1",
    "currency": "EUR",
    "lines": [LINE],
    "address": ADDRESS,
}
AN_ID = "may have letters, digits and . _ - only, and must start with a letter or digit"
A_CURRENCY = "must be one of CHF, EUR, GBP, USD"
A_NUMBER = "must be a whole number"
A_LINE = "must be 1 to 1000"


def with_line(**changed: object) -> dict[str, Any]:
    return {"lines": [LINE | changed]}


def with_address(**changed: object) -> dict[str, Any]:
    return {"address": ADDRESS | changed}


def faults_of(command: Any, body: object, **given: str) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        inputs.parse(command, body, **given)
    return {fault.pointer: fault.detail for fault in error.value.faults}


def test_an_order_lacks_what_it_lacks() -> None:
    missing = ["/address", "/currency", "/customer_id", "/lines"]
    assert faults_of(PlaceOrder, {}, order_id="7") == dict.fromkeys(missing, "is missing")


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"order_id": "7"}, {"/order_id": "is not a known field"}),
        ({"customer_id": 1}, {"/customer_id": "must be a string"}),
        ({"customer_id": "c 1"}, {"/customer_id": AN_ID}),
        ({"customer_id": "c" * 65}, {"/customer_id": "must have 1 to 64 characters, has 65"}),
        ({"currency": "JPY"}, {"/currency": A_CURRENCY}),
        ({"currency": "eur"}, {"/currency": A_CURRENCY}),
        ({"currency": ["EUR"]}, {"/currency": A_CURRENCY}),
        ({"lines": []}, {"/lines": "must have 1 to 50 entries, has 0"}),
        ({"lines": {}}, {"/lines": "must be a list"}),
        ({"lines": [LINE] * 51}, {"/lines": "must have 1 to 50 entries, has 51"}),
        ({"lines": [LINE, None]}, {"/lines/1": "must be an object"}),
        (
            {"lines": [{}]},
            {
                "/lines/0/quantity": "is missing",
                "/lines/0/sku": "is missing",
                "/lines/0/unit_price": "is missing",
            },
        ),
        (with_line(quantity=0), {"/lines/0/quantity": A_LINE}),
        (with_line(quantity=1001), {"/lines/0/quantity": A_LINE}),
        (with_line(quantity=10**100), {"/lines/0/quantity": A_LINE}),
        (with_line(quantity=True), {"/lines/0/quantity": A_NUMBER}),
        (with_line(quantity=2.0), {"/lines/0/quantity": A_NUMBER}),
        (with_line(quantity="2"), {"/lines/0/quantity": A_NUMBER}),
        (with_line(quantity=None), {"/lines/0/quantity": A_NUMBER}),
        (with_line(unit_price=12.5), {"/lines/0/unit_price": A_NUMBER}),
        (with_line(unit_price=-1), {"/lines/0/unit_price": "must be 0 to 10000000"}),
        (with_line(discount=1), {"/lines/0/discount": "is not a known field"}),
        (with_address(city=" "), {"/address/city": "must not be blank"}),
        (with_address(city="A\n"), {"/address/city": "must not contain control characters"}),
        (with_address(city="\ud800"), {"/address/city": "must not contain control characters"}),
        (with_address(country="at"), {"/address/country": "must be a code like AT"}),
        (
            with_address(street="x" * 201),
            {"/address/street": "must have 1 to 200 characters, has 201"},
        ),
        ({"address": "Vienna"}, {"/address": "must be an object"}),
    ],
)
def test_an_order_that_is_not_valid_says_what_is_wrong_and_where(
    changed: dict[str, Any], faults: dict[str, str]
) -> None:
    assert faults_of(PlaceOrder, ORDER | changed, order_id=OrderId("7")) == faults


@pytest.mark.parametrize("sku", ["", "a b", "../7", "-1", "a/b", "é", "x" * 65, 7, None])
def test_a_sku_that_cannot_be_an_id_is_refused(sku: object) -> None:
    assert "/sku" in faults_of(RegisterProduct, {"sku": sku})


@pytest.mark.parametrize("price", [-1, 10_000_001])
def test_a_price_is_within_its_range(price: int) -> None:
    assert faults_of(RegisterProduct, {"price": price})["/price"] == "must be 0 to 10000000"


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (OrderNotFound, 404, "order_not_found"),
        (SkuOnTwoLines, 422, "sku_on_two_lines"),
        (OrderIsCancelled, 422, "order_is_cancelled"),
        (ProductNotFound, 404, "product_not_found"),
        (ProductAlreadyRegistered, 422, "product_already_registered"),
    ],
)
def test_a_rule_that_says_no_has_a_code_of_its_own(
    refusal: type[CqrsError], status: int, code: str
) -> None:
    def refuse(_: Request) -> Response:
        raise refusal("No.")

    refused(ask_route(refuse, "POST /orders"), status, code)
