"""A search that is down, slow, overrun, forgetful or late: what it says of itself, what goes on all
the same, and that in the end it shows everything.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import pytest
import requests

from cqrs.adapters.opensearch_rows import READ_SECONDS
from tests.library.opensearch import FAULTS, Fault
from tests.shop.e2e.conftest import Shop, answered, until
from tests.shop.e2e.test_faults import listed, place_many


@pytest.fixture
def name() -> str:
    """What a customer is called, and nobody else."""
    return f"Ada {uuid.uuid4().hex[:12]}"


@pytest.fixture
def ada(shop: Shop, name: str) -> str:
    customer = shop.register_customer(name)
    answered(lambda: shop.search({"q": name}, f"customer-{customer}@1"))
    shop.orders(customer)  # what starts now answers at once later
    return customer


def all_of(tokens: Iterable[str]) -> str:
    return ", ".join(tokens)


def asked(shop: Shop, name: str, token: str | None = None) -> requests.Response:
    """For all orders of a customer."""
    return shop.search({"q": name, "sort": "newest", "limit": "50"}, token)


def assert_refused(answer: requests.Response, code: str = "unavailable") -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, code), answer.text
    assert answer.headers["Retry-After"] == "1"


def found(answer: requests.Response) -> dict[str, Any]:
    return {order["order_id"]: order for order in answer.json()["orders"]}


def assert_shows_what_the_list_shows(shop: Shop, customer: str, hits: dict[str, Any]) -> None:
    orders = listed(shop, customer)
    assert hits.keys() == orders.keys()
    for order_id, hit in hits.items():
        both = hit.keys() & orders[order_id].keys()
        assert both >= {"version", "status", "total", "address", "lines", "customer"}
        assert {k: hit[k] for k in both} == {k: orders[order_id][k] for k in both}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_search_in_trouble_says_so_holds_up_nothing_else_and_misses_nothing(
    shop: Shop, ada: str, name: str, fault: Fault
) -> None:
    shop.proxy.fault = fault

    # while it lasts, the rest goes on, and no slower
    tokens = place_many(shop, ada, 4)
    for order_id, token in tokens.items():
        order, in_list = shop.order(order_id, token), shop.orders(ada, token)
        assert order_id in [each["order_id"] for each in in_list.json()["orders"]]
        sales = answered(lambda token=token: shop.sales(token))
        slowest = max(answer.elapsed.total_seconds() for answer in (order, in_list, sales))
        assert slowest < READ_SECONDS  # which is what it takes to wait for a search
    if fault != "refuses half":  # which is said of writes only
        assert_refused(asked(shop, name))
    assert shop.settled(tokens).keys() == tokens.keys()

    # when it is over, nothing is missing
    shop.proxy.fault = None
    page = answered(lambda: asked(shop, name, all_of(tokens.values())))
    assert found(page).keys() == tokens.keys()
    shop.control.wait_until_still()
    assert_shows_what_the_list_shows(shop, ada, found(asked(shop, name)))
    assert not any(shop.parked().values())


def test_a_search_that_has_lost_everything_says_so_until_the_walker_has_filled_it_again(
    shop: Shop, ada: str, name: str
) -> None:
    tokens = place_many(shop, ada, 3)
    shop.control.wait_until_still()
    everything = shop.search({}).json()["total"]
    assert found(asked(shop, name)).keys() == tokens.keys()

    shop.opensearch.restart()

    assert_refused(asked(shop, name), "view_not_filled")
    tokens |= place_many(shop, ada, 2)
    assert_refused(asked(shop, name), "view_not_filled")
    shop.invoke("walker", {})  # as every minute
    until(lambda: asked(shop, name).ok, "it is filled again")
    page = answered(lambda: asked(shop, name, all_of(tokens.values())))
    assert found(page).keys() == tokens.keys()
    shop.control.wait_until_still()
    assert shop.search({}).json()["total"] == everything + 2
    assert_shows_what_the_list_shows(shop, ada, found(asked(shop, name)))
    assert not any(shop.parked().values())


# Views that lag


@pytest.fixture
def shown(shop: Shop, ada: str) -> str:
    """A confirmed order of hers that every view shows, and that searches see as it is now, whatever
    happens to it.
    """
    order_id = str(shop.place(ada).json()["order_id"])
    shop.settled([order_id])
    shop.control.wait_until_still()
    shop.proxy.refresh()
    shop.proxy.lags = True
    return order_id


def test_no_view_that_lags_is_older_than_a_token(
    shop: Shop, ada: str, name: str, shown: str
) -> None:
    shop.control.set_faults("storefront_projector", stop=1)

    token = shop.cancel(shown).headers["Consistency-Token"]

    # without the token they are as old as they are
    assert shop.order(shown).json()["status"] == "confirmed"
    assert found(asked(shop, name))[shown]["status"] == "confirmed"
    # with it, rows and lists are completed; what can't be is refused
    order, in_list = shop.order(shown, token), shop.orders(ada, token)
    for answer in (order, in_list):
        assert answer.headers["Consistency"].startswith("folded; commits=")
    assert order.json()["status"] == "cancelled"
    assert [order["status"] for order in in_list.json()["orders"]] == ["cancelled"]
    assert_refused(asked(shop, name, token))
    assert_refused(shop.sales(token))
    # until they have caught up
    shop.control.clear_faults()
    shop.control.wait_until_still()
    assert_refused(asked(shop, name, token))
    shop.proxy.refresh()
    page, sales = asked(shop, name, token), shop.sales(token)
    assert found(page)[shown]["status"] == "cancelled"
    for answer in (page, sales, shop.order(shown, token), shop.orders(ada, token)):
        assert answer.headers["Consistency"] == "current"
