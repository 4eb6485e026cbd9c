"""One order through the whole system: commands, streams, view, queries."""

from __future__ import annotations

import pytest

from tests.shop.e2e.conftest import GRAZ, VIENNA, Shop, order_of


@pytest.fixture
def no_checkout(shop: Shop) -> None:
    """Nobody but the test does anything to its orders."""
    shop.control.set_faults("checkout_process", stop=1)


@pytest.mark.usefixtures("no_checkout")
def test_an_order_is_placed_and_read_with_its_token(shop: Shop, customer: str) -> None:
    placed = shop.place(customer)
    order_id = placed.json()["order_id"]

    assert placed.status_code == 201
    assert placed.headers["Location"] == f"/orders/{order_id}"
    assert placed.headers["ETag"] == '"1"'
    assert placed.headers["Consistency-Token"] == f"order-{order_id}@1"

    read = shop.order(order_id, placed.headers["Consistency-Token"])

    assert read.status_code == 200
    assert read.json()["total"] == 2500
    assert read.json()["address"] == VIENNA
    assert read.headers["ETag"] == '"1"'


def test_an_order_reaches_its_view(shop: Shop, customer: str) -> None:
    placed = shop.place(customer)
    shop.control.wait_until_still()

    read = shop.order(placed.json()["order_id"], placed.headers["Consistency-Token"])
    listed = shop.orders(customer)

    assert read.headers["Consistency"] == "current"
    assert listed.json()["orders"] == [read.json()]
    assert listed.headers["Consistency"] == "eventual"


def test_a_repeat_gets_the_same_answer_and_makes_no_second_order(shop: Shop, customer: str) -> None:
    key = f"key-{customer}"
    first = shop.place(customer, Idempotency_Key=key)
    second = shop.place(customer, Idempotency_Key=key)
    other = shop.ask("POST", "/orders", order_of(customer, currency="USD"), Idempotency_Key=key)
    shop.control.wait_until_still()

    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(shop.orders(customer).json()["orders"]) == 1


@pytest.mark.usefixtures("no_checkout")
def test_an_order_is_changed_at_the_version_that_the_client_has_seen(
    shop: Shop, customer: str
) -> None:
    placed = shop.place(customer)
    path = f"/orders/{placed.json()['order_id']}"

    changed = shop.ask("PUT", f"{path}/address", {"address": GRAZ}, If_Match='"1"')
    stale = shop.ask("POST", f"{path}/cancel", {"reason": "late"}, If_Match='"1"')
    cancelled = shop.ask("POST", f"{path}/cancel", {"reason": "late"}, If_Match='"2"')
    refused = shop.ask("PUT", f"{path}/address", {"address": VIENNA})
    again = shop.ask("POST", f"{path}/cancel")

    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (cancelled.status_code, cancelled.json()["events"]) == (200, ["OrderCancelled"])
    assert (refused.status_code, refused.json()["code"]) == (422, "order_is_cancelled")
    assert (again.status_code, again.json()["events"]) == (200, [])
    seen = shop.order(placed.json()["order_id"], cancelled.headers["Consistency-Token"]).json()
    assert (seen["status"], seen["version"], seen["address"]) == ("cancelled", 3, GRAZ)


def test_a_list_is_paged_newest_first(shop: Shop, customer: str) -> None:
    placed = [shop.place(customer).json()["order_id"] for _ in range(5)]
    shop.control.wait_until_still()

    first = shop.orders(customer, query="?limit=2").json()
    second = shop.orders(customer, query=f"?limit=2&cursor={first['cursor']}").json()
    third = shop.orders(customer, query=f"?limit=2&cursor={second['cursor']}").json()

    pages = [first, second, third]
    assert [o["order_id"] for page in pages for o in page["orders"]] == placed[::-1]
    assert third["cursor"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/orders", b"{", 400, "invalid_input"),
        ("POST", "/orders", b"", 400, "invalid_input"),
        ("POST", "/orders", {"customer_id": 7}, 400, "invalid_input"),
        ("POST", "/orders", b'"' + b"x" * 200_000 + b'"', 413, "too_large"),
        ("POST", "/orders/nowhere/cancel", {}, 404, "order_not_found"),
        ("GET", "/orders/nowhere", None, 404, "not_found"),
        ("GET", "/nowhere", None, 404, "not_found"),
        ("DELETE", "/orders", None, 405, "method_not_allowed"),
        ("GET", "/customers/c-1/orders?limit=0", None, 400, "invalid_input"),
        ("GET", "/customers/c-1/orders?cursor=x", None, 400, "invalid_cursor"),
    ],
)
def test_bad_input_gets_a_problem_document(
    shop: Shop, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = shop.ask(method, path, body)

    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "detail", "correlation_id"} <= problem.keys()


def test_a_token_for_a_version_that_does_not_exist_is_refused(shop: Shop, customer: str) -> None:
    placed = shop.place(customer)
    order_id = placed.json()["order_id"]

    answer = shop.order(order_id, f"order-{order_id}@7")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_consistency_token")


def test_health_says_ok(shop: Shop) -> None:
    assert shop.ask("GET", "/health").json() == {"status": "ok"}


def test_one_correlation_id_connects_the_logs_from_request_to_view(
    shop: Shop, customer: str
) -> None:
    shop.place(customer, X_Correlation_Id=f"trace-{customer}")
    shop.control.wait_until_still()

    lines = {
        name: [line for line in shop.logged(name) if f"trace-{customer}" in str(line)]
        for name in (
            "orders_commands",
            "inventory_commands",
            "payments_commands",
            "event_publisher",
            "checkout_process",
            "payments_gateway",
            "storefront_projector",
            "storefront_indexer",
            "orders_projector",
        )
    }

    assert all(lines.values()), {name: len(found) for name, found in lines.items()}
    request = lines["orders_commands"][0]
    assert request["correlation_id"] == f"trace-{customer}"
    for name in ("event_publisher", "storefront_projector", "storefront_indexer"):
        assert request["causation_id"] in lines[name][0]["causation_ids"]
        assert request["commit"] in lines[name][0]["commits"]
