"""The tour is printed for people who paste it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from scripts.shop.demo.seeding import Seeded
from scripts.shop.demo.shop import LEAST, Fate, Order, Shop, invent
from scripts.shop.demo.tour import opening, printed, stops, summary

URL = "http://127.0.0.1:4566/_aws/execute-api/e0a10001/$default"
STATUSES: Mapping[Fate, tuple[str, str | None]] = {
    Fate.DELIVERED: ("delivered", None),
    Fate.SHIPPED: ("shipped", None),
    Fate.CONFIRMED: ("confirmed", None),
    Fate.CANCELLED: ("cancelled", None),
    Fate.DECLINED: ("rejected", "payment_declined"),
    Fate.OUT_OF_STOCK: ("rejected", "out_of_stock"),
    Fate.PRICE_DIFFERS: ("rejected", "price_differs"),
}


def shown(n: int, order: Order, shop: Shop) -> dict[str, Any]:
    """An order, as far as the tour looks at it."""
    titles = {product.sku: product.title for product in shop.products}
    status, reason = STATUSES[order.fate]
    return {
        "order_id": f"order-{n}",
        "customer_id": f"customer-{order.customer}",
        "status": status,
        "reject_reason": reason,
        "placed_at": "2026-11-24T00:24:46.100246Z",
        "address": order.address,
        "lines": [{"sku": line.sku, "title": titles[line.sku]} for line in order.lines],
    }


def seeded(*, has_search: bool = True, called: str = "Ada Lovelace") -> Seeded:
    """Everybody is called the same."""
    shop = invent(7, LEAST)
    named = [
        replace(each, name=called, address={**each.address, "name": called})
        for each in shop.customers
    ]
    orders = [replace(each, address=named[each.customer].address) for each in shop.orders]
    shop = replace(shop, customers=named, orders=orders)
    return Seeded(
        shop=shop,
        customer_ids=[f"customer-{n}" for n in range(len(shop.customers))],
        orders=[shown(n, order, shop) for n, order in enumerate(shop.orders)],
        has_search=has_search,
    )


@pytest.mark.parametrize("has_search", [True, False])
def test_the_tour_is_good_bash_whatever_people_are_called(has_search: bool) -> None:
    tour = printed(URL, stops(seeded(has_search=has_search, called="Róisín O'Connor")))

    subprocess.run(["bash", "-n"], input=tour, text=True, check=True)


def test_the_url_is_taken_as_it_is() -> None:
    script = opening(URL) + 'echo "$API"'

    said = subprocess.run(["bash"], input=script, text=True, check=True, capture_output=True)

    assert said.stdout.strip() == URL


def test_without_search_only_one_command_is_about_it_and_says_why() -> None:
    searching = [stop for stop in stops(seeded(has_search=False)) if "/search/" in stop.command]

    assert [stop.status for stop in searching] == [501]


def test_the_summary_counts_what_became_of_the_orders() -> None:
    told = summary(seeded()).splitlines()

    assert told[0] == "2 customers, 8 products, 7 orders:"
    assert told[1].startswith("    3 rejected: 1 ")
    assert sorted(told[2:]) == [
        f"    1 {status}" for status in ("cancelled", "confirmed", "delivered", "shipped")
    ]
