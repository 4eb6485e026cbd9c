"""A story in which every route is asked by somebody who may, and answers well: the examples in the
API's document are from it (`make examples`), and hostile requests are made of it (`make hostile`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from scripts.shop.demo.api import Api
from scripts.shop.smoke import ADDRESS

__all__ = ["Asked", "tell"]

PRICE, QUANTITY = 1250, 2
MONEY = {"amount": PRICE * QUANTITY, "currency": "EUR"}


@dataclass(frozen=True)
class Asked:
    """A request that was answered well, and its answer. `id` stands in the route's path."""

    route: str
    role: str
    id: str | None
    query: Mapping[str, str]
    key: str | None
    body: Any
    status: int
    answer: Any


class _Story:
    def __init__(self, apis: Mapping[str, Api]) -> None:
        self._apis = apis
        self.asked: list[Asked] = []

    def do(self, role: str, route: str, id_: str | None = None, body: Any = None) -> Any:
        """Sends a command. What it returns has the token, too."""
        method, _, path = route.partition(" ")
        key = token_hex(8)
        answer = self._apis[role].command(method, path.format(id=id_), key, body)
        self._keep(Asked(route, role, id_, {}, key, body, answer.status_code, answer.json()))
        return {**answer.json(), "token": answer.headers["Consistency-Token"]}

    def see(
        self, role: str, route: str, id_: str | None = None, *, token: str = "", **query: str
    ) -> None:
        """Asks a query, once what it shows is as new as `token`."""
        path = route.partition(" ")[2].format(id=id_)
        asked = f"{path}?{urlencode(query)}" if query else path
        answer = self._apis[role].get(asked, token)
        self._keep(Asked(route, role, id_, query, None, None, answer.status_code, answer.json()))

    def wait(self, path: str, token: str) -> None:
        self._apis["operator"].get(path, token)

    def _keep(self, asked: Asked) -> None:
        self.asked.append(asked)


def tell(api_of: Callable[[str], Api]) -> list[Asked]:
    """Every route of the shop but those of files. `api_of` a role, as which it is asked; that of a
    `customer` must not be registered yet. The checkout does its part meanwhile.
    """
    story = _Story({role: api_of(role) for role in ("customer", "staff", "operator")})
    sku = f"teapot-{token_hex(4)}"
    customer = _customer(story)
    _product(story, sku)
    order = _orders(story, sku)
    _stock(story, sku)
    payment = _payments(story)
    _queries(story, customer, sku, order, payment)
    return story.asked


def _customer(story: _Story) -> str:
    body = {"name": "Ada Byron", "email": _email()}
    customer = str(story.do("customer", "POST /customers", body=body)["customer_id"])
    story.do(
        "staff", "POST /customers", body={"name": "Charles Babbage", "email": _email("charles")}
    )
    story.do("customer", "PUT /customers/{id}/name", "me", {"name": "Ada Lovelace"})
    story.do("customer", "PUT /customers/{id}/email", "me", {"email": _email()})
    return customer


def _email(name: str = "ada") -> str:
    return f"{name}.{token_hex(4)}@example.com"


def _product(story: _Story, sku: str) -> None:
    teapot = {
        "sku": sku,
        "title": "A teapot",
        "description": "Round, for two.",
        "tags": ["kitchen"],
        "price": PRICE + 200,
        "currency": "EUR",
    }
    story.do("staff", "POST /products", body=teapot)
    story.do("staff", "PUT /products/{id}/price", sku, {"price": PRICE})
    story.do("staff", "POST /products/{id}/receive", sku, {"quantity": 1000})


def _orders(story: _Story, sku: str) -> str:
    """One that is delivered, one that is cancelled, one that is rejected, and one that stays."""

    def placed(**also: str) -> str:
        line = {"sku": sku, "quantity": QUANTITY, "unit_price": PRICE}
        body = {"currency": "EUR", "lines": [line], "address": ADDRESS, **also}
        order = str(story.do("customer", "POST /orders", body=body)["order_id"])
        story.wait(f"/orders/{order}", f"order-{order}@2")  # the checkout has decided
        return order

    delivered, stays, cancelled = placed(), placed(), placed()
    rejected = placed(payment_method="card-declined")
    moved = {"address": ADDRESS | {"street": "2 Example Street"}}
    story.do("customer", "PUT /orders/{id}/address", stays, moved)
    paid = {**MONEY, "reference": "by hand"}
    covered = {"reserved": [{"sku": sku, "quantity": QUANTITY}], "paid": paid}
    story.do("operator", "POST /orders/{id}/confirm", delivered, covered)
    story.do("operator", "POST /orders/{id}/reject", rejected, {"reason": "payment_declined"})
    story.do("customer", "POST /orders/{id}/cancel", cancelled, {"reason": "too many teapots"})
    story.do("staff", "POST /orders/{id}/ship", delivered)
    story.do("staff", "POST /orders/{id}/deliver", delivered)
    return delivered


def _stock(story: _Story, sku: str) -> None:
    """As the checkout asks for it."""
    terms = {"quantity": QUANTITY, "unit_price": PRICE, "currency": "EUR"}
    for order, then in ((f"order-{token_hex(4)}", "release"), (f"order-{token_hex(4)}", "ship")):
        story.do("operator", "POST /products/{id}/reserve", sku, {"order_id": order, **terms})
        story.do("operator", f"POST /products/{{id}}/{then}", sku, {"order_id": order})


def _payments(story: _Story) -> str:
    """As the checkout asks for them. The gateway answers each call with a commit of its own."""
    first, second = (f"order-{token_hex(4)}" for _ in range(2))

    def called(order: str, what: str, body: Any = None) -> None:
        asked = story.do("operator", f"POST /payments/{{id}}/{what}", order, body)
        story.wait(f"/payments/{order}", f"payment-{order}@{asked['version'] + 1}")

    for order, calls in ((first, ("capture", "refund")), (second, ("void",))):
        called(order, "authorise", {**MONEY, "method": "card"})
        for what in calls:
            called(order, what)
    return first


def _queries(story: _Story, customer: str, sku: str, order: str, payment: str) -> None:
    placed = f"order-{order}@1"
    see = story.see
    see("customer", "GET /customers", id=customer)
    see("customer", "GET /customers/{id}", "me")
    see("customer", "GET /products", sku=sku)
    see("customer", "GET /products/{id}", sku)
    see("customer", "GET /order-facts", customer=customer, token=placed)
    see("customer", "GET /order-facts/{id}", order)
    see("operator", "GET /payments", order=payment)
    see("customer", "GET /payments/{id}", order)
    see("staff", "GET /orders", status="delivered")
    see("customer", "GET /orders/{id}", order)
    see("customer", "GET /customers/{id}/orders", "me", token=placed)
    see("staff", "GET /sales/products")
    see("customer", "GET /health")
    see("customer", "GET /search/orders", q="teapot", token=placed)
    see("customer", "GET /composed/orders/{id}", order)
    see("customer", "GET /composed/customers/{id}/orders", "me")
