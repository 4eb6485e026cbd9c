"""The demo, with a small shop: it ends as it is meant to, and its tour keeps what it says."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from scripts.shop.demo.api import Api
from scripts.shop.demo.seeding import Seeded, seed
from scripts.shop.demo.shop import Fate, Sizes, invent
from scripts.shop.demo.tour import opening, stops
from tests.shop.e2e.conftest import Shop

SMALL = Sizes(customers=6, products=8, orders=10)
ENDS: Mapping[Fate, tuple[str, str | None, str | None]] = {
    Fate.DELIVERED: ("delivered", None, "captured"),
    Fate.SHIPPED: ("shipped", None, "captured"),
    Fate.CONFIRMED: ("confirmed", None, "authorised"),
    Fate.CANCELLED: ("cancelled", None, "voided"),
    Fate.DECLINED: ("rejected", "payment_declined", "declined"),
    Fate.OUT_OF_STOCK: ("rejected", "out_of_stock", None),
    Fate.PRICE_DIFFERS: ("rejected", "price_differs", None),
}
# Every answer's status goes where the answer does not.
CURL = r"""curl() { command curl -w '%{stderr}%{http_code}\n' "$@"; }"""


def demo(shop: Shop) -> Seeded:
    return seed(Api(shop.url, shop.stack.token("staff")), invent(7, SMALL))


def ends(order: dict[str, Any]) -> tuple[str, str | None, str | None]:
    payment = order["payment"] or {"status": None}
    return order["status"], order["reject_reason"], payment["status"]


def test_every_order_ends_as_it_is_meant_to_and_a_second_demo_changes_nothing(shop: Shop) -> None:
    first = demo(shop)
    shop.control.wait_until_still()
    stock = [shop.product(product.sku) for product in first.shop.products]

    second = demo(shop)
    shop.control.wait_until_still()

    assert [ends(order) for order in first.orders] == [ENDS[o.fate] for o in first.shop.orders]
    assert second == first
    assert stock == [shop.product(product.sku) for product in second.shop.products]


@pytest.mark.parametrize("time", ["the first time", "again"])
def test_every_command_of_the_tour_is_answered_as_the_tour_says(shop: Shop, time: str) -> None:
    for stop in stops(demo(shop)):
        script = f"set -euo pipefail\n{CURL}\n{opening(shop.url)}\n{stop.command}"

        done = subprocess.run(
            ["bash"],
            input=script,
            env=os.environ | {"ACCESS_TOKEN": shop.stack.token("staff")},
            text=True,
            capture_output=True,
        )

        told = f"{time}: {stop.says}\n{stop.command}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, told
        assert {*done.stderr.split()} == {str(stop.status)}, told
        for promised in re.findall("`([^`]+)`", stop.says):
            assert promised in done.stdout, told
