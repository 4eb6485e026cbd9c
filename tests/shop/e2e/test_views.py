"""What customers see of an order, and where: alone, in lists, in what was sold, and in a search."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest

from cqrs.plain import Value
from tests.shop.e2e.conftest import PRICE, VIENNA, Shop, answered

DETAILS = {"timeline", "reservation", "payment", "reject_reason", "reject_detail", "cancel_reason"}
"""What an order shows, and a hit of a search does not."""


def word() -> str:
    """One that nobody else uses."""
    return "".join(random.choices(string.ascii_lowercase, k=12))


class Purchase(Value):
    """Somebody has bought two of something. Nobody else has these names, or lives in this street.

    `token` is for all that was seen of it.
    """

    customer: str
    name: str
    sku: str
    title: str
    street: str
    order_id: str
    token: str


@pytest.fixture
def purchase(shop: Shop) -> Purchase:
    """A confirmed order that all views show."""
    name, title, street, sku = f"Ada {word()}", f"The {word()} lamp", f"{word()} lane", word()
    customer = shop.register_customer(name)
    shop.register_product(sku, stock=10, title=title)
    order = {
        "lines": [{"sku": sku, "quantity": 2, "unit_price": PRICE}],
        "address": VIENNA | {"street": street},
    }
    order_id = shop.place(customer, order).json()["order_id"]
    shop.settled([order_id])
    shop.control.wait_until_still()
    return Purchase(
        customer=customer,
        name=name,
        sku=sku,
        title=title,
        street=street,
        order_id=order_id,
        token=shop.order(order_id).headers["Consistency-Token"],
    )


def listed(shop: Shop, status: str, token: str | None = None) -> list[str]:
    """The newest orders of a status."""
    page = shop.orders_that_are(status, token)
    return [order["order_id"] for order in page.json()["orders"]]


def found(shop: Shop, token: str | None = None, **query: str) -> list[str]:
    page = answered(lambda: shop.search(query, token))
    return [order["order_id"] for order in page.json()["orders"]]


def test_an_order_shows_its_customer_titles_stock_payment_and_what_happened(
    shop: Shop, purchase: Purchase
) -> None:
    read = shop.order(purchase.order_id, purchase.token)

    order: dict[str, Any] = read.json()
    assert read.headers["Consistency"] == "current"
    assert order["customer"].items() >= {
        ("customer_id", purchase.customer),
        ("name", purchase.name),
    }
    assert order["lines"] == [
        {"sku": purchase.sku, "quantity": 2, "unit_price": PRICE, "title": purchase.title}
    ]
    assert (order["status"], order["total"]) == ("confirmed", 2 * PRICE)
    assert (order["payment"]["status"], order["payment"]["amount"]) == ("authorised", 2 * PRICE)
    assert order["reservation"] == {
        "status": "held",
        "lines": [{"sku": purchase.sku, "quantity": 2}],
    }
    assert [(moment["by"], moment["what"]) for moment in order["timeline"]] == [
        ("order", "OrderPlaced"),
        ("payment", "AuthorisationRequested"),
        ("payment", "PaymentAuthorised"),
        ("order", "OrderConfirmed"),
    ]
    streams = {entry.split("@")[0] for entry in read.headers["Consistency-Token"].split(", ")}
    assert streams == {
        f"order-{purchase.order_id}",
        f"payment-{purchase.order_id}",
        f"customer-{purchase.customer}",
        f"product-{purchase.sku}",
    }


def test_an_order_is_in_the_list_of_its_customer_and_in_that_of_its_status(
    shop: Shop, purchase: Purchase
) -> None:
    order = shop.order(purchase.order_id).json()
    assert shop.orders(purchase.customer).json() == {"orders": [order], "cursor": None}
    assert purchase.order_id in listed(shop, "confirmed")

    token = shop.cancel(purchase.order_id).headers["Consistency-Token"]

    assert purchase.order_id in listed(shop, "cancelled", token)
    assert purchase.order_id not in listed(shop, "confirmed", token)
    (cancelled,) = shop.orders(purchase.customer, token).json()["orders"]
    assert cancelled["status"] == "cancelled"


def test_what_is_confirmed_is_sold_until_it_is_cancelled(shop: Shop, purchase: Purchase) -> None:
    (confirmed,) = [
        moment["at"]
        for moment in shop.order(purchase.order_id).json()["timeline"]
        if moment["what"] == "OrderConfirmed"
    ]
    assert shop.sold(purchase.sku, purchase.token) == [
        {
            "day": confirmed[:10],
            "sku": purchase.sku,
            "title": purchase.title,
            "currency": "EUR",
            "units": 2,
            "revenue": 2 * PRICE,
        }
    ]

    token = shop.cancel(purchase.order_id).headers["Consistency-Token"]

    assert shop.sold(purchase.sku, token) == []


def test_a_renamed_customer_has_the_new_name_wherever_the_token_is_shown(
    shop: Shop, purchase: Purchase
) -> None:
    name = f"Grace {word()}"

    renamed = shop.rename(purchase.customer, name)

    token = renamed.headers["Consistency-Token"]
    assert shop.order(purchase.order_id, token).json()["customer"]["name"] == name
    (in_list,) = shop.orders(purchase.customer, token).json()["orders"]
    assert in_list["customer"]["name"] == name
    assert found(shop, token, q=name) == [purchase.order_id]
    assert found(shop, token, q=purchase.name) == []


def test_an_order_is_found_by_whatever_it_is_about_and_with_a_slip_of_the_pen(
    shop: Shop, purchase: Purchase
) -> None:
    (_, name), (_, called, _) = purchase.name.split(), purchase.title.split()
    misspelt = called[:4] + ("x" if called[4] != "x" else "y") + called[5:]
    asked_for = [
        purchase.order_id,
        purchase.sku,
        purchase.title,
        called.upper(),
        purchase.name,
        purchase.street,
        misspelt,
        f"{name} {misspelt} vienna",
    ]

    hits = {text: found(shop, purchase.token, q=text) for text in asked_for}

    assert hits == {text: [purchase.order_id] for text in asked_for}
    assert found(shop, q=f"{called} {word()}") == []


def test_a_search_shows_what_the_list_shows_and_why_it_was_found(
    shop: Shop, purchase: Purchase
) -> None:
    page = shop.search({"q": purchase.title, "status": "cancelled,confirmed"}, purchase.token)

    assert page.headers["Consistency"] == "current"
    (hit,) = page.json()["orders"]
    (order,) = shop.orders(purchase.customer).json()["orders"]
    assert {name: hit[name] for name in order.keys() - DETAILS} == {
        name: order[name] for name in order.keys() - DETAILS
    }
    assert hit["highlights"]["lines.title"] == [
        " ".join(f"<em>{each}</em>" for each in purchase.title.split())
    ]
    assert page.json()["facets"] == {
        "status": {"confirmed": 1},
        "country": {"AT": 1},
        "product": [{"sku": purchase.sku, "title": purchase.title, "orders": 1}],
    }
    narrowed = shop.search({"q": purchase.title, "status": "cancelled"}).json()
    assert (narrowed["total"], narrowed["facets"]["status"]) == (0, {"confirmed": 1})
