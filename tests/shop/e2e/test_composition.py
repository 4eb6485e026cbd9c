"""Orders composed of what the services say: the same as the views show, and what is said of a
service that is down, or takes too long.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from cqrs.plain import Value
from scripts.local.updates import reconfigure
from tests.shop.e2e.conftest import GRAZ, Shop, until

DEADLINE_SECONDS = 5  # as in terraform/shop_functions.tf
MARGIN_SECONDS = 2  # for what is not the composition itself
NOT_COMPARED = {"parts", "updated_at"}
"""What only a composition has; and a time that is the order's alone there, and also the payment's
in the view.
"""


class Ordered(Value, kw_only=False):
    customer: str
    order_id: str
    token: str


@pytest.fixture
def ordered(shop: Shop) -> Ordered:
    """One of two confirmed orders of a customer, of which everybody knows."""
    customer = shop.register_customer("Ada Lovelace")
    ids = [str(shop.place(customer).json()["order_id"]) for _ in range(2)]
    shop.settled(ids)
    shop.control.wait_until_still()
    until(lambda: all_is_told(shop.composed(f"/orders/{ids[0]}")), "all services have started")
    return Ordered(customer, ids[0], shop.order(ids[0]).headers["Consistency-Token"])


def told(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in document.keys() - NOT_COMPARED}


def statuses(answer: requests.Response) -> dict[str, str]:
    return {name: part["status"] for name, part in answer.json()["parts"].items()}


def all_is_told(answer: requests.Response) -> bool:
    return answer.ok and set(statuses(answer).values()) == {"ok"}


def test_a_composed_order_is_what_the_view_shows(shop: Shop, ordered: Ordered) -> None:
    composed = shop.composed(f"/orders/{ordered.order_id}", ordered.token)
    order = shop.order(ordered.order_id, ordered.token)

    assert composed.status_code == 200, composed.text
    assert statuses(composed) == dict.fromkeys(["order", "payment", "customer", "products"], "ok")
    document, shown = composed.json(), order.json()
    assert document.keys() - {"parts"} == shown.keys() - {"timeline"}
    assert told(document) == {name: shown[name] for name in told(document)}
    assert composed.headers["ETag"] == order.headers["ETag"]
    assert composed.headers["Consistency"] == "current"


def test_a_composed_list_is_what_the_view_shows_page_by_page(shop: Shop, ordered: Ordered) -> None:
    path = f"/customers/{ordered.customer}/orders"
    shown = shop.orders(ordered.customer).json()["orders"]

    first = shop.composed(f"{path}?limit=1")
    second = shop.composed(f"{path}?limit=1&cursor={first.json()['cursor']}")

    assert statuses(first) == dict.fromkeys(["orders", "payments", "customer", "products"], "ok")
    composed = [*first.json()["orders"], *second.json()["orders"]]
    assert [told(order) for order in composed] == [
        {name: order[name] for name in order.keys() - {"timeline"} - NOT_COMPARED}
        for order in shown
    ]
    assert second.json()["cursor"] is None


def test_what_is_composed_is_never_older_than_a_token(shop: Shop, ordered: Ordered) -> None:
    """The orders service answers from a view too, of its own."""
    shop.control.set_faults("orders_projector", stop=1)
    path = f"/orders/{ordered.order_id}"
    changed = shop.ask("PUT", f"{path}/address", {"address": GRAZ})
    renamed = shop.rename(ordered.customer, "Grace Hopper")
    token = f"{changed.headers['Consistency-Token']}, {renamed.headers['Consistency-Token']}"

    composed = shop.composed(path, token)

    assert composed.headers["Consistency"] == "folded; commits=1"
    assert composed.json()["address"] == GRAZ
    assert composed.json()["customer"]["name"] == "Grace Hopper"
    for position in token.split(", "):
        assert position in composed.headers["Consistency-Token"].split(", ")


def test_an_order_that_nobody_knows_is_not_composed(shop: Shop) -> None:
    answer = shop.composed("/orders/nowhere")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# A service in trouble


@contextmanager
def configured(shop: Shop, function: str, **environment: str) -> Iterator[None]:
    """A function is deployed with other settings for a while."""
    lambdas = shop.client("lambda")
    (name,) = shop.stack.function_names(function)
    was = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def configure(variables: dict[str, str]) -> None:
        reconfigure(lambdas, name, Environment={"Variables": variables})

    configure(was | environment)
    try:
        yield
    finally:
        configure(was)


def assert_only_the_payment_is_missing(
    shop: Shop, ordered: Ordered, composed: requests.Response, status: str
) -> None:
    order = shop.order(ordered.order_id, ordered.token).json()
    assert composed.status_code == 200, composed.text
    assert statuses(composed) == {
        "order": "ok",
        "payment": status,
        "customer": "ok",
        "products": "ok",
    }
    document = told(composed.json())
    assert document.pop("payment") is None
    assert document == {name: order[name] for name in document}
    assert order["payment"]["status"] == "authorised"  # the view has all it ever had


def test_a_service_that_is_down_is_missing_from_a_composition_and_not_from_the_view(
    shop: Shop, ordered: Ordered
) -> None:
    with configured(shop, "payments_queries", PAYMENTS_EVENTS_TABLE="gone"):
        assert shop.ask("GET", f"/payments/{ordered.order_id}").status_code >= 500
        one = shop.composed(f"/orders/{ordered.order_id}", ordered.token)
        several = shop.composed(f"/customers/{ordered.customer}/orders", ordered.token)

    assert_only_the_payment_is_missing(shop, ordered, one, "unavailable")
    assert statuses(several)["payments"] == "unavailable"
    assert [order["payment"] for order in several.json()["orders"]] == [None, None]
    for answer in (one, several):
        assert answer.elapsed.total_seconds() < DEADLINE_SECONDS + MARGIN_SECONDS
    assert shop.payment(ordered.order_id)["status"] == "authorised"


@pytest.fixture
def silence() -> Iterator[str]:
    """A URL that takes requests and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_service_that_takes_too_long_is_not_waited_for_beyond_the_deadline(
    shop: Shop, ordered: Ordered, silence: str
) -> None:
    path = f"/orders/{ordered.order_id}"
    with (
        configured(shop, "storefront_composition", DEADLINE_MS="2000"),
        configured(shop, "payments_queries", AWS_ENDPOINT_URL_DYNAMODB=silence),
    ):
        shop.composed(path)  # starting is not what is measured
        composed = shop.composed(path, ordered.token)

    assert_only_the_payment_is_missing(shop, ordered, composed, "late")
    assert 2 <= composed.elapsed.total_seconds() < 2 + MARGIN_SECONDS
    assert composed.json()["parts"]["payment"]["ms"] == pytest.approx(2000, abs=500)
