"""A view is rebuilt while it is read and written, switched to, and switched back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.shop.e2e.conftest import Shop, answered, put_back, put_edited, until
from tests.shop.e2e.test_faults import listed, place_many, shown, told
from tests.shop.e2e.test_overload import killed

VIEWS = ("order_history", "sales", "order_search")
KILLS = (0.7, 1.4, 2.1)  # seconds from one to the next
WALKED_SECONDS = 180


class Traffic:
    """Somebody who orders all the time, and reads what was written, in every way there is. `wrong`
    is what was older than its token, or not answered.
    """

    def __init__(self, shop: Shop, customer: str) -> None:
        self.tokens: dict[str, str] = {}
        self.wrong: list[str] = []
        self._shop, self._customer = shop, customer
        self._over = Event()
        self._thread = Thread(target=self._go)

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._over.is_set():
            answer = answered(lambda: self._shop.place(self._customer))
            order_id, token = answer.json()["order_id"], answer.headers["Consistency-Token"]
            self.tokens[order_id] = token
            self._read(order_id, token)

    def _read(self, order_id: str, token: str) -> None:
        alone = self._shop.order(order_id, token)
        if not alone.ok or alone.json()["version"] < 1:
            self.wrong.append(f"GET {order_id}: {alone.status_code} {alone.text}")
        for ask in (
            self._shop.orders,
            lambda _, token: self._shop.orders_that_are("placed", token),
        ):
            page = ask(self._customer, token)
            if not page.ok:
                self.wrong.append(f"list: {page.status_code} {page.text}")
        if order_id not in ids(self._shop.orders(self._customer, token)):
            self.wrong.append(f"{order_id} is not in the list")
        search = {"q": "", "limit": "1"}
        for answer in (self._shop.sales(token), self._shop.search(search, token)):
            # they may have to wait for their view, and say so
            if not (answer.ok or (answer.status_code == 503 and answer.headers.get("Retry-After"))):
                self.wrong.append(f"{answer.url}: {answer.status_code} {answer.text}")


def ids(page: requests.Response) -> set[str]:
    return {order.get("order_id", "") for order in page.json()["orders"]}


def ask_walker(shop: Shop, event: dict[str, Any]) -> Any:
    """What the walker answers as soon as it has room, and is not killed meanwhile."""
    told: dict[str, Any] = {}

    def is_told() -> bool:
        with suppress(AssertionError, ClientError):
            told.update(shop.invoke("walker", event))
        return bool(told)

    until(is_told, event, WALKED_SECONDS)
    return told


def ended(shop: Shop, told: Any) -> Any:
    """The walk that was started, at its end."""
    walk: dict[str, Any] = {}

    def has_ended() -> bool:
        walk.update(ask_walker(shop, {"walks": True})["walks"][told["walk"]["purpose"]])
        return bool(walk["ended"])

    until(has_ended, walk, WALKED_SECONDS)
    return walk


def switch(shop: Shop, view: str, generation: str) -> Any:
    return ask_walker(shop, {"switch": view, "generation": generation})


def rebuild(shop: Shop, view: str) -> Any:
    started = ask_walker(shop, {"rebuild": view})
    assert "error" not in started, started
    return started


@pytest.fixture
def as_it_was(shop: Shop) -> Iterator[Callable[[str], None]]:
    """Drops what a test has made of a view beside its first generation."""
    yield lambda view: None
    for view, known in shop.invoke("walker", {"views": True})["views"].items():
        if known["active"] != "1":
            shop.invoke("walker", {"switch": view, "generation": "1"})
        for copy in known["live"]:
            if copy["generation"] != "1":
                shop.invoke("walker", {"drop": view, "generation": copy["generation"]})


@pytest.mark.usefixtures("as_it_was")
def test_rebuilds_under_traffic_that_are_killed_come_to_the_same_rows(
    shop: Shop, customer: str
) -> None:
    """Of rows, of a tally, and of a search, all at once."""
    before = place_many(shop, customer, 6)
    with Traffic(shop, customer) as traffic:
        started = {view: rebuild(shop, view) for view in VIEWS}
        with killed(shop, "walker", KILLS):
            walks = {view: ended(shop, started[view]) for view in VIEWS}
        switched = {view: switch(shop, view, started[view]["generation"]) for view in VIEWS}
        seen = len(traffic.tokens)
        until(lambda: len(traffic.tokens) > seen + 2, "queries go on in the new generation")

    for view, walk in walks.items():
        assert walk["gave_up"] == {}
        assert walk["aside"] == []
        assert walk["compared"]["differing"] == 0, walk["compared"]["differences"]
        assert walk["compared"]["equal"] >= len(before)
        assert switched[view]["active"] == started[view]["generation"] != started[view]["active"]
    assert traffic.wrong == []
    shop.settled([*before, *traffic.tokens])
    shop.control.wait_until_still()
    orders = listed(shop, customer)
    assert orders.keys() == {*before, *traffic.tokens}
    assert all(shown(order) == told(shop, order_id) for order_id, order in orders.items())

    for view in VIEWS:
        back = shop.invoke("walker", {"rollback": view})
        assert back["active"] == started[view]["active"]
    assert listed(shop, customer).keys() == orders.keys()


@pytest.mark.usefixtures("as_it_was")
def test_a_changed_render_shows_everywhere_after_the_switch_and_nowhere_after_the_rollback(
    shop: Shop, customer: str, tmp_path: Path
) -> None:
    tokens = place_many(shop, customer, 4)
    shop.settled(tokens)
    changed = "generation=2, render=lambda parts: (found := render(parts)) and {**found, 'new': 1},"
    module = "python/domain/storefront/order_history.py"

    def new_fields() -> set[Any]:
        return {order.get("new") for order in listed(shop, customer).values()}

    put_edited(shop, tmp_path, "layer", module, "render=render,", changed)
    try:
        assert shop.invoke("walker", {})["changed"] == ["order_history"]
        assert new_fields() == {None}

        started = rebuild(shop, "order_history")
        walk = ended(shop, started)
        assert started["generation"] == "2"
        assert walk["compared"]["differing"] >= len(tokens)
        assert "new null -> 1" in walk["compared"]["differences"][0]
        assert new_fields() == {None}

        shop.invoke("walker", {"switch": "order_history", "generation": "2"})
        until(lambda: new_fields() == {1}, "all rows show it")

        shop.invoke("walker", {"rollback": "order_history"})
        until(lambda: new_fields() == {None}, "no row shows it")
    finally:
        put_back(shop)


def test_what_makes_no_sense_is_refused(shop: Shop) -> None:
    def refused(**event: str) -> str:
        return str(shop.invoke("walker", event)["error"])

    assert refused(rebuild="no_view").startswith("There is no view or process 'no_view'")
    assert refused(rollback="sales") == "There is no generation to go back to."
    assert refused(drop="sales", generation="1").startswith("Generation 1 is the one that queries")
    assert refused(switch="sales", generation="7").startswith("Generation 7 is not live")
