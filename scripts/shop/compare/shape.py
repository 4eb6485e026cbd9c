"""The queries, their data, and the work of an answer, which a test checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = [
    "ORDERS",
    "PAGE",
    "PRODUCTS",
    "STORING",
    "WORK",
    "Question",
    "Storing",
    "Way",
    "Work",
    "order",
    "path",
    "product",
    "sku",
]

ORDERS = 25  # of the customer in the queries: more than a page
PAGE = 20
PRODUCTS = 5
PRICE = 1250


class Question(StrEnum):
    ORDER = "one order"
    PAGE = f"a page of {PAGE} orders"


class Way(StrEnum):
    VIEW = "view"
    COMPOSITION = "composition"


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work of one answer. Every HTTP request is an invocation of a function. `reads` are calls
    to DynamoDB, `units` their read units.
    """

    requests: int
    reads: int
    units: float


WORK: Mapping[tuple[Question, Way], Work] = {
    (Question.ORDER, Way.VIEW): Work(requests=1, reads=2, units=3.5),
    (Question.ORDER, Way.COMPOSITION): Work(requests=5, reads=5, units=6.5),
    (Question.PAGE, Way.VIEW): Work(requests=1, reads=2, units=9.5),
    (Question.PAGE, Way.COMPOSITION): Work(requests=5, reads=27, units=33.5),
}


@dataclass(frozen=True, kw_only=True)
class Storing:
    """The writes until a confirmed order is in the views that are read."""

    writes: int
    units: int


STORING: Mapping[Way, Storing] = {
    Way.VIEW: Storing(writes=6, units=25),
    Way.COMPOSITION: Storing(writes=2, units=6),
}


def path(question: Question, way: Way, order_id: str, customer_id: str) -> str:
    root = "/composed" if way is Way.COMPOSITION else ""
    match question:
        case Question.ORDER:
            return f"{root}/orders/{order_id}"
        case Question.PAGE:
            return f"{root}/customers/{customer_id}/orders?limit={PAGE}"


def sku(run: str, number: int) -> str:
    return f"compared-{run}-{number % PRODUCTS + 1}"


def product(run: str, number: int) -> dict[str, Any]:
    return {
        "sku": sku(run, number),
        "title": f"The book of comparisons, volume {number + 1}",
        "description": "Two ways to the same answer, and what each of them takes.",
        "tags": ["books", "comparisons"],
        "price": PRICE,
        "currency": "EUR",
    }


def order(run: str, customer_id: str, number: int) -> dict[str, Any]:
    """An order of two products."""
    lines = [
        {"sku": sku(run, first), "quantity": 1, "unit_price": PRICE}
        for first in (number, number + 1)
    ]
    return {
        "customer_id": customer_id,
        "currency": "EUR",
        "lines": lines,
        "address": {
            "name": "Ada Lovelace",
            "street": f"{number + 1} Example Street",
            "postal_code": "1010",
            "city": "Vienna",
            "country": "AT",
        },
    }
