"""The first order gets through whatever was done to the shop, and the session that is printed is
bash.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from requests import Response

from scripts.local.application import TimedOutError
from scripts.local.errors import LocalError
from scripts.local.home import ROOT
from scripts.shop import smoke

URL = "http://127.0.0.1:4566/_aws/execute-api/e0a10001/$default"
BOOK = {"sku": "book-1", "price": 1250, "currency": "EUR", "available": 98}


def answer(status: int, body: Any, **headers: str) -> Response:
    made = Response()
    made.status_code = status
    made._content = json.dumps(body).encode()
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@dataclass
class Shop:
    """A shop with a history of its own, and what the views show of its orders, one after another:
    a look at each until it is settled.
    """

    views: list[list[tuple[str, str]]] = field(default_factory=lambda: [[("confirmed", "current")]])
    products: dict[str, Any] = field(default_factory=dict)
    customer: str = "registered"
    reason: str | None = None
    orders: list[Any] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)

    def command(
        self, method: str, path: str, key: str, body: Any = None, *, unless: str | None = None
    ) -> Response:
        match path.split("/")[1:]:
            case ["customers"]:
                return self._registered(body)
            case ["products"] if body["sku"] in self.products:
                return answer(422, {"code": "product_already_registered"})
            case ["products"]:
                self.products[body["sku"]] = BOOK | body | {"available": 0}
                return answer(201, {})
            case ["products", sku, "receive"]:
                self.received.append(sku)
                return answer(200, {})
        self.orders.append(body)
        return answer(201, {"order_id": len(self.orders)}, Consistency_Token="order@1")

    def _registered(self, body: Mapping[str, str]) -> Response:
        if self.customer == "email_taken" and body["email"] == "ada@example.com":
            return answer(422, {"code": "email_taken"})
        if self.customer == "customer_already_registered":
            return answer(422, {"code": "customer_already_registered"})
        self.registered.append(body["email"])
        return answer(201, {"customer_id": "ada"})

    def get(self, path: str) -> Response:
        return answer(200, self.products[path.split("/")[-1]])

    def look(self, path: str, token: str) -> Response:
        status, consistency = self.views[len(self.orders) - 1].pop(0)
        if status == "503":
            return answer(503, {"code": "unavailable"})
        shown = {"status": status, "reject_reason": self.reason}
        return answer(200, shown, Consistency=consistency)


Run = Callable[[Shop], str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def until(missing: Callable[[], str]) -> None:
        while missing():
            pass

    def run(shop: Shop) -> str:
        monkeypatch.setattr(smoke, "Api", lambda url, token: shop)
        return smoke.run(URL, until, lambda who: f"token of {who}")

    return run


def lines_of(shop: Shop) -> list[tuple[str, int, str]]:
    """What was ordered, for how much and in which currency."""
    return [
        (order["lines"][0]["sku"], order["lines"][0]["unit_price"], order["currency"])
        for order in shop.orders
    ]


def test_in_a_new_shop_customer_and_product_are_registered_and_an_order_is_placed(run: Run) -> None:
    shop = Shop()
    session = run(shop)
    assert lines_of(shop) == [("book-1", 1250, "EUR")]
    assert shop.received == ["book-1"]
    assert shop.registered == ["ada@example.com"]
    assert json.dumps(shop.orders[0]) in session


def test_what_is_ordered_has_the_price_and_the_currency_of_now(run: Run) -> None:
    shop = Shop(products={"book-1": BOOK | {"price": 1300, "currency": "USD"}})
    assert '"unit_price": 1300' in run(shop)
    assert lines_of(shop) == [("book-1", 1300, "USD")]
    assert shop.received == []


def test_what_is_sold_out_is_received_again(run: Run) -> None:
    shop = Shop(products={"book-1": BOOK | {"available": 1}})
    run(shop)
    assert shop.received == ["book-1"]


def test_a_customer_whose_registration_is_long_ago_is_the_same_one(run: Run) -> None:
    shop = Shop(customer="customer_already_registered")
    run(shop)
    assert (len(shop.orders), shop.registered) == (1, [])


def test_if_another_has_the_address_she_has_another_one(run: Run) -> None:
    shop = Shop(customer="email_taken")
    run(shop)
    (other,) = shop.registered
    assert other != "ada@example.com"
    assert len(shop.orders) == 1


def test_the_order_is_waited_for_until_the_view_itself_shows_it_settled(run: Run) -> None:
    looks = [
        ("503", ""),
        ("placed", "folded; commits=1"),
        ("placed", "current"),
        ("confirmed", "folded; commits=2"),
        ("confirmed", "waited; ms=12"),
    ]
    shop = Shop(views=[looks])
    run(shop)
    assert (len(shop.orders), looks) == (1, [])


def test_if_others_are_faster_the_second_order_is_for_a_product_that_nobody_else_knows(
    run: Run,
) -> None:
    shop = Shop([[("rejected", "current")], [("confirmed", "current")]], reason="price_differs")
    session = run(shop)
    (first, *_), (second, *_) = lines_of(shop)
    assert first == "book-1"
    assert second.startswith("book-")
    assert second != first
    assert f"/products/{second}" in session


@pytest.mark.parametrize(
    ("reason", "error"), [("timed_out", TimedOutError), ("price_differs", LocalError)]
)
def test_an_order_that_does_not_get_through_is_told_with_the_reason(
    run: Run, reason: str, error: type[Exception]
) -> None:
    shop = Shop(views=[[("rejected", "current")], [("rejected", "current")]], reason=reason)
    with pytest.raises(LocalError, match=f"did not get through: .*{reason}") as raised:
        run(shop)
    assert type(raised.value) is error


ORDER: Any = {"lines": [{"sku": "book-1", "quantity": 2}]}


def test_the_session_is_good_bash() -> None:
    subprocess.run(["bash", "-n"], input=smoke.session(URL, ORDER), text=True, check=True)


def test_the_stage_is_not_taken_for_a_variable() -> None:
    script = smoke.session(URL, ORDER).split("# Who")[0] + 'echo "$API"'
    said = subprocess.run(["bash"], input=script, text=True, check=True, capture_output=True)
    assert said.stdout.strip() == URL


def test_every_session_has_its_own_key() -> None:
    assert smoke.session(URL, ORDER) != smoke.session(URL, ORDER)


def test_the_readme_orders_the_product_that_is_there() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"make -s token AS={smoke.WHO}" in readme
    assert '{"sku": "book-1", "quantity": 2, "unit_price": 1250}' in readme
