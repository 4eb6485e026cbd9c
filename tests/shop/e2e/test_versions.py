"""Functions of older and newer code side by side, and code that is broken for one event type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.local.updates import reconfigure
from tests.shop.e2e.conftest import Shop, put_back, put_edited, until

HISTORY = "python/domain/storefront/order_history.py"
EVENTS = "python/domain/orders/events.py"
BROKEN = "case payments.PaymentCaptured():\n            "


@pytest.fixture
def edited(shop: Shop, tmp_path: Path) -> Iterator[Any]:
    """Edits a file of the layer. In the end all is as it was."""

    def edit(file: str, old: str, new: str) -> None:
        put_edited(shop, tmp_path, "layer", file, old, new)

    yield edit
    put_back(shop)


def layers_of(shop: Shop, function: str) -> list[str]:
    (name,) = shop.stack.function_names(function)
    found = shop.client("lambda").get_function_configuration(FunctionName=name)
    return [layer["Arn"] for layer in found["Layers"]]


def confirmed(shop: Shop, customer: str, number: int) -> list[str]:
    ids = [shop.place(customer).json()["order_id"] for _ in range(number)]
    shop.settled(ids)
    shop.control.wait_until_still()
    return ids


def test_what_newer_code_has_written_waits_and_goes_on_by_itself_once_it_is_deployed(
    shop: Shop, customer: str, edited: Any
) -> None:
    new_layers = layers_of(shop, "orders_commands")
    shipped, other = confirmed(shop, customer, 2)
    # all are older than the event, but for the function that writes it
    edited(EVENTS, "OrderEvent = ", "ORDER_EVENTS._by_name.pop('OrderShipped')\nOrderEvent = ")
    (name,) = shop.stack.function_names("orders_commands")
    reconfigure(shop.client("lambda"), name, Layers=new_layers)

    answer = shop.ship(shipped)
    assert answer.json()["events"] == ["OrderShipped"]
    shop.control.wait_until_still()

    problem = shop.order(shipped).json()
    assert problem["code"] == "view_parked"
    assert "newer code" in problem["detail"]
    assert shop.order(other).json()["status"] == "confirmed"
    mark = shop.parked()["order_history"][f"order-{shipped}"]
    assert (mark["cause"], mark["events"]) == ("ahead", ["order.OrderShipped@1"])

    put_back(shop)
    shop.recover()  # as every minute
    shop.control.wait_until_still()

    assert not any(shop.parked().values())
    assert shop.order(shipped, answer.headers["Consistency-Token"]).json()["status"] == "shipped"
    until(lambda: shop.payment(shipped)["status"] == "captured", "the checkout goes on, too")


def test_a_projector_that_is_broken_for_one_event_parks_its_streams_until_they_are_redriven(
    shop: Shop, customer: str, edited: Any
) -> None:
    *broken, whole = confirmed(shop, customer, 3)
    edited(HISTORY, BROKEN, BROKEN + "raise KeyError('captured')\n            ")

    for order_id in broken:
        assert shop.ship(order_id).ok
    until(lambda: all(shop.payment(o)["status"] == "captured" for o in broken), "they are paid")
    shop.control.wait_until_still()

    marks = shop.parked()["order_history"]
    assert marks.keys() == {f"payment-{order_id}" for order_id in broken}
    for mark in marks.values():
        assert (mark["cause"], mark["error"]) == ("error", "KeyError")
        assert mark["events"] == ["payment.PaymentCaptured@1"]
        assert "raise KeyError" in mark["trace"]
        assert mark["at"]
    assert shop.order(whole).json()["status"] == "confirmed"

    put_back(shop)
    told = shop.invoke("operator", {"redrive": "all", "error": "KeyError"})["redrive"]

    for view in ("order_history", "order_search"):  # which fold payments alike
        assert told[view]["applied"].keys() == marks.keys()
    assert not any(shop.parked().values())
    for order_id in broken:
        order = shop.order(order_id).json()
        assert order["status"] == "shipped"
        assert order["payment"]["status"] == "captured"
        assert [entry["at"] for entry in order["timeline"]] == sorted(
            entry["at"] for entry in order["timeline"]
        )
