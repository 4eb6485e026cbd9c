"""Orders composed of what services tell: whom they are asked of, how they are joined, and what an
order shows when something is missing.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.errors import Unavailable
from cqrs.read.compositions import Composition, Plan, Reply
from cqrs.read.tokens import Token
from domain.storefront import composed_order, composed_orders
from tests.library.services import FakeServices, problem, told


def order(order_id: str = "7", *skus: str) -> dict[str, Any]:
    """An order as the orders service tells it, with what else there may be."""
    lines = [{"sku": sku, "quantity": 2, "unit_price": 1250} for sku in skus or ("book-1", "pen")]
    return {
        "order_id": order_id,
        "version": 3,
        "status": "confirmed",
        "customer_id": "c-1",
        "lines": lines,
        "placed_at": "2026-01-01T00:01:00.000000Z",
    }


PAYMENT = {
    "order_id": "7",
    "version": 2,
    "status": "authorised",
    "amount": 2599,
    "currency": "EUR",
    "method": "card-on-file",
    "reference": "auth-1",
    "reason": None,
}
ADA = {"customer_id": "c-1", "version": 1, "name": "Ada", "email": "ada@example.com"}
BOOK = {"sku": "book-1", "version": 9, "title": "On engines", "price": 1300, "on_hand": 4}

ORDER, PAYMENTS_OF_7 = "/order-facts/7", "/payments/7"
CUSTOMER = "/customers/c-1"
PRODUCTS = "/products?sku=book-1,pen"
ORDERS = "/order-facts?customer=c-1&limit=20"
PAYMENTS = "/payments?order=7,8"

WHOLE = {
    **order(),
    "customer": {"customer_id": "c-1", "name": "Ada", "email": "ada@example.com"},
    "lines": [
        {"sku": "book-1", "quantity": 2, "unit_price": 1250, "title": "On engines"},
        {"sku": "pen", "quantity": 2, "unit_price": 1250, "title": None},
    ],
    "payment": {
        "status": "authorised",
        "amount": 2599,
        "reference": "auth-1",
        "reason": None,
    },
}
NO_CUSTOMER = {"customer_id": "c-1", "name": None, "email": None}
NO_TITLES = [{**line, "title": None} for line in order()["lines"]]
PROBLEM = {"id": "9", "problem": {"code": "view_parked", "stream": "order-9", "version": 2}}


def services() -> FakeServices:
    """All four, with what they know. Nobody ever registered a pen; order 8 is not paid."""
    return FakeServices(
        {
            ORDER: told(order()),
            PAYMENTS_OF_7: told(PAYMENT),
            CUSTOMER: told(ADA),
            PRODUCTS: told({"products": {"book-1": BOOK, "pen": None}}),
            ORDERS: told({"orders": [order("7"), PROBLEM, order("8")], "cursor": "more"}),
            PAYMENTS: told({"payments": {"7": PAYMENT, "8": None}}),
        },
        otherwise=problem(404, "not_found"),
    )


def ask(services: FakeServices, plan: Plan) -> tuple[Any, dict[str, str]]:
    """The document, as JSON has it, and how each part ended."""
    found = Composition(services, 10).answer(plan, Token(), {})
    return (
        json.loads(json.dumps(found.document)),
        {name: part.status.value for name, part in found.parts.items()},
    )


def test_an_order_is_composed_with_four_questions() -> None:
    asked = services()
    document, parts = ask(asked, composed_order("7"))
    assert document == WHOLE
    assert parts == dict.fromkeys(("order", "payment", "customer", "products"), "ok")
    assert sorted(asked.asked) == sorted([ORDER, PAYMENTS_OF_7, CUSTOMER, PRODUCTS])


def test_a_page_of_orders_is_composed_with_four_questions() -> None:
    asked = services()
    document, parts = ask(asked, composed_orders("c-1", 20, None))
    assert document == {
        "orders": [WHOLE, PROBLEM, {**WHOLE, "order_id": "8", "payment": None}],
        "cursor": "more",
    }
    assert parts == dict.fromkeys(("orders", "customer", "payments", "products"), "ok")
    assert sorted(asked.asked) == sorted([ORDERS, CUSTOMER, PAYMENTS, PRODUCTS])


def test_a_page_goes_on_where_the_orders_service_says() -> None:
    asked = FakeServices({"/order-facts?customer=c-1&limit=5&cursor=more": services().does[ORDERS]})
    document, _ = ask(asked, composed_orders("c-1", 5, "more"))
    assert len(document["orders"]) == 3


def test_of_no_orders_nothing_else_is_asked() -> None:
    asked = services()
    asked.does[ORDERS] = told({"orders": [], "cursor": None})
    document, parts = ask(asked, composed_orders("c-1", 20, None))
    assert document == {"orders": [], "cursor": None}
    assert parts == {"orders": "ok", "customer": "ok"}


def test_products_are_asked_for_fifty_at_a_time_and_each_once() -> None:
    skus = [f"sku-{n}" for n in range(120)]
    page = [order("7", *skus[:60]), order("8", *skus[40:])]
    batches = [skus[:50], skus[50:100], skus[100:]]
    asked = services()
    asked.does[ORDERS] = told({"orders": page, "cursor": None})
    for batch in batches:
        titles = {sku: {**BOOK, "title": sku.upper()} for sku in batch}
        asked.does[f"/products?sku={','.join(batch)}"] = told({"products": titles})
    asked.does[f"/products?sku={','.join(batches[1])}"] = Unavailable("it is down")

    document, parts = ask(asked, composed_orders("c-1", 20, None))

    assert {name: status for name, status in parts.items() if "products" in name} == {
        "products": "ok",
        "products_2": "unavailable",
        "products_3": "ok",
    }
    titles = {line["sku"]: line["title"] for o in document["orders"] for line in o["lines"]}
    assert titles == {sku: None if sku in batches[1] else sku.upper() for sku in skus}


BROKEN: list[tuple[Any, str]] = [
    (Unavailable("it is down"), "unavailable"),
    (TimeoutError("it is slow"), "late"),
    (problem(404, "not_found"), "not_found"),
    (problem(500, "internal_error"), "unavailable"),
    (Reply(200, b"<html>"), "unavailable"),
    (told({"products": {"book-1": "On engines"}, "payments": {"7": []}}), "unavailable"),
    (told({"products": [], "payments": None}), "unavailable"),
    (told("name email status amount"), "unavailable"),
]
breakage = st.sampled_from(BROKEN)


@given(
    st.dictionaries(st.sampled_from(["payment", "customer", "products"]), breakage, max_size=3),
)
def test_whatever_is_missing_of_an_order_the_rest_is_whole_and_it_is_named(
    broken: dict[str, tuple[Any, str]],
) -> None:
    asked = services()
    paths = {"payment": PAYMENTS_OF_7, "customer": CUSTOMER, "products": PRODUCTS}
    asked.does |= {paths[name]: behaviour for name, (behaviour, _) in broken.items()}
    without = {
        "payment": {"payment": None},
        "customer": {"customer": NO_CUSTOMER},
        "products": {"lines": NO_TITLES},
    }

    document, parts = ask(asked, composed_order("7"))

    expected = dict(WHOLE)
    for name in broken:
        expected |= without[name]
    assert document == expected
    ended = {name: status for name, (_, status) in broken.items()}
    assert parts == dict.fromkeys(("order", *paths), "ok") | ended


@given(
    st.dictionaries(st.sampled_from(["payments", "customer", "products"]), breakage, max_size=3),
)
def test_whatever_is_missing_of_a_page_the_rest_is_whole_and_it_is_named(
    broken: dict[str, tuple[Any, str]],
) -> None:
    asked = services()
    paths = {"payments": PAYMENTS, "customer": CUSTOMER, "products": PRODUCTS}
    asked.does |= {paths[name]: behaviour for name, (behaviour, _) in broken.items()}

    document, parts = ask(asked, composed_orders("c-1", 20, None))

    first, parked, second = document["orders"]
    assert parked == PROBLEM
    assert first["payment"] == (None if "payments" in broken else WHOLE["payment"])
    for found in (first, second):
        assert found["customer"] == (NO_CUSTOMER if "customer" in broken else WHOLE["customer"])
        assert found["lines"] == (NO_TITLES if "products" in broken else WHOLE["lines"])
        assert found.keys() == WHOLE.keys()
    ended = {name: status for name, (_, status) in broken.items()}
    assert parts == dict.fromkeys(("orders", *paths), "ok") | ended


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "order",
        {**order(), "customer_id": 1},
        {**order(), "lines": None},
        {**order(), "lines": ["book-1"]},
        {**order(), "lines": [{"sku": None}]},
        {**order(), "order_id": {}},
    ],
)
def test_an_order_that_leads_nowhere_is_no_answer(body: Any) -> None:
    asked = services()
    asked.does[ORDER] = told(body)
    with pytest.raises(Unavailable):
        ask(asked, composed_order("7"))
    asked.does[ORDERS] = told({"orders": [order(), body], "cursor": None})
    with pytest.raises(Unavailable):
        ask(asked, composed_orders("c-1", 20, None))
