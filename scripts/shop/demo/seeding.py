"""Puts a shop into a deployment, as its users would: command by command, through the API.

All idempotency keys are derived from the shop. So an interrupted run can be started again, and no
command has a second effect.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from scripts.shop.demo.api import AT_ONCE, Api
from scripts.shop.demo.shop import Customer, Fate, Order, Product, Shop

__all__ = ["Seeded", "seed"]

T = TypeVar("T")
R = TypeVar("R")

TOKENS = 50  # that are sent in one header
PAYMENT_IS_OVER = 4  # the version of one that was authorised, and then captured or voided

STEPS: Mapping[Fate, Sequence[str]] = {
    Fate.DELIVERED: ["ship", "deliver"],
    Fate.SHIPPED: ["ship"],
    Fate.CANCELLED: ["cancel"],
}


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """A shop in a deployment, and its orders as the storefront shows them."""

    shop: Shop
    customer_ids: Sequence[str]
    orders: Sequence[dict[str, Any]]
    has_search: bool


def seed(api: Api, shop: Shop) -> Seeded:
    """Puts `shop` into the deployment. Returns when all views show all of it."""
    seeding = _Seeding(api, shop)
    has_search = api.has_search()
    customers = _each("customers", seeding.register, [*enumerate(shop.customers)])
    customer_ids = [customer_id for customer_id, _ in customers]
    products = _each("products", seeding.offer, [*enumerate(shop.products)])
    named = [(n, order, customer_ids[order.customer]) for n, order in enumerate(shop.orders)]
    placed = _each("orders", seeding.sell, named)
    tokens = [*products, *(token for _, token in customers), *(token for _, token in placed)]
    orders = _each("order views", seeding.read, placed)
    lists = ["/sales/products?limit=1", *(["/search/orders?limit=1"] if has_search else [])]
    _each("other views", seeding.ask, [*itertools.product(lists, _batches(tokens))])
    return Seeded(shop=shop, customer_ids=customer_ids, orders=orders, has_search=has_search)


def _each(what: str, do: Callable[[T], R], things: Sequence[T]) -> list[R]:
    """The results of `do` for each item, several at a time, with a progress bar. The first failure
    ends it.
    """
    columns = (f"{what:<12}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    pool = ThreadPoolExecutor(AT_ONCE)
    with Progress(*columns) as progress:
        try:
            return [*progress.track(pool.map(do, things), total=len(things))]
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Seeding:
    """The steps of seeding, and their data. Most return the token of their last command."""

    api: Api
    shop: Shop

    def register(self, numbered: tuple[int, Customer]) -> tuple[str, str]:
        n, customer = numbered
        answer = self._send("POST", "/customers", f"customer-{n}", customer.body())
        return answer.json()["customer_id"], answer.headers["Consistency-Token"]

    def offer(self, numbered: tuple[int, Product]) -> str:
        """Registers a product with price and stock. The commands for these are guarded, so they can
        be sent again even after more commands than a stream remembers.
        """
        n, product = numbered
        path, key = f"/products/{product.sku}", f"product-{n}"
        done = "product_already_registered"
        self._send("POST", "/products", key, product.body(), unless=done)
        if product.price != product.first_price:
            self._send("PUT", f"{path}/price", f"{key}-price", {"price": product.price})
        if product.stock:
            received = {"quantity": product.stock}
            answer = self._send("POST", f"{path}/receive", f"{key}-stock", received)
            return answer.headers["Consistency-Token"]
        return f"product-{product.sku}@1"

    def sell(self, named: tuple[int, Order, str]) -> tuple[str, str]:
        """Places an order and waits for the checkout, which confirms or rejects it as version 2. An
        order that a busy machine did not finish in time is rejected, too, and not continued.
        """
        n, order, customer_id = named
        key = f"order-{n}"
        placed = self._send("POST", "/orders", key, order.body(customer_id))
        order_id = placed.json()["order_id"]
        path, token = f"/orders/{order_id}", f"order-{order_id}@2"
        if self.api.get(path, token).json()["status"] == "rejected":
            return order_id, token
        for step in STEPS.get(order.fate, ()):
            body = {"reason": order.cancel_reason} if step == "cancel" else None
            answer = self._send("POST", f"{path}/{step}", f"{key}-{step}", body)
            token = f"{answer.headers['Consistency-Token']}, payment-{order_id}@{PAYMENT_IS_OVER}"
        return order_id, token

    def read(self, placed: tuple[str, str]) -> dict[str, Any]:
        order_id, token = placed
        order: dict[str, Any] = self.api.get(f"/orders/{order_id}", token).json()
        return order

    def ask(self, question: tuple[str, str]) -> None:
        path, token = question
        self.api.get(path, token)

    def _send(
        self, method: str, path: str, key: str, body: Any = None, *, unless: str | None = None
    ) -> requests.Response:
        key = f"demo-{self.shop.name}-{key}"
        return self.api.command(method, path, key, body, unless=unless)


def _batches(tokens: Sequence[str]) -> list[str]:
    return [", ".join(tokens[n : n + TOKENS]) for n in range(0, len(tokens), TOKENS)]
