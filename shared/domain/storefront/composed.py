"""Orders by API composition: answers the queries of `order_history` from the services themselves.

The documents are those of the view, except that they have no timeline, since services answer with
their current state, and that `updated_at` ignores the payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cqrs.plain import Json
from cqrs.read.compositions import AllTold, Ask, Plan
from cqrs.views.rows import Document
from domain.storefront.lookups import skus_of, with_customer, with_titles

__all__ = ["composed_order", "composed_orders"]

MOST = 50  # ids in one question to a service


def composed_order(order_id: str) -> Plan:
    """The plan for one order. Four calls, of which customer and products wait for the order."""
    return Plan(
        root=Ask(part="order", of=["order-facts", order_id], read=_order),
        beside=[Ask(part="payment", of=["payments", order_id], read=_payment)],
        after=lambda order: [_customer(order["customer_id"]), *_products([order])],
        join=_joined_order,
    )


def composed_orders(customer_id: str, limit: int, cursor: str | None) -> Plan:
    """The plan for a page of a customer's orders. Four calls, and one more for every further fifty
    products. Payments and products are asked for once the orders are known.
    """
    query = {"customer": customer_id, "limit": str(limit)}
    return Plan(
        root=Ask(
            part="orders",
            of=["order-facts"],
            query=query if cursor is None else {**query, "cursor": cursor},
            read=_page,
        ),
        beside=[_customer(customer_id)],
        after=lambda page: [*_payments(page), *_products(_whole(page))],
        join=_joined_orders,
    )


# The questions


def _customer(customer_id: str) -> Ask:
    return Ask(
        part="customer",
        of=["customers", customer_id],
        read=lambda body: {name: body[name] for name in ("name", "email")},
    )


def _payments(page: Any) -> list[Ask]:
    ids = [order["order_id"] for order in _whole(page)]
    return _batches("payments", "order", ids, _payment)


def _products(orders: Iterable[Document]) -> list[Ask]:
    skus = dict.fromkeys(sku for order in orders for sku in skus_of(order))
    return _batches("products", "sku", list(skus), lambda body: {"title": body["title"]})


def _batches(
    items: str, parameter: str, ids: Sequence[str], read: Callable[[Any], Json]
) -> list[Ask]:
    """Questions for `ids`, MOST in each. Their parts are named `items`, `items_2`, ..."""
    return [
        Ask(
            part=items if n == 0 else f"{items}_{n // MOST + 1}",
            of=[items],
            query={parameter: ",".join(ids[n : n + MOST])},
            read=lambda body: {
                key: read(one) for key, one in body[items].items() if one is not None
            },
        )
        for n in range(0, len(ids), MOST)
    ]


# Reading the answers


def _order(body: Any) -> Any:
    """The order. Raises if one of the ids that further questions need is missing."""
    if not all(
        isinstance(key, str) for key in (body["order_id"], body["customer_id"], *skus_of(body))
    ):
        raise TypeError("an id is not a text")
    return body


def _page(body: Any) -> Any:
    for order in _whole(body):
        _order(order)
    return {"orders": body["orders"], "cursor": body["cursor"]}


def _whole(page: Any) -> list[Any]:
    """The orders of a page, without those that are parked in their service's view."""
    return [order for order in page["orders"] if "problem" not in order]


def _payment(body: Any) -> Json:
    return {name: body[name] for name in ("status", "amount", "reference", "reason")}


# Joining them


def _joined_order(told: AllTold) -> Document:
    return _joined(told["order"], told["payment"], told)


def _joined_orders(told: AllTold) -> Document:
    payments = _all("payments", told)
    orders = [
        order if "problem" in order else _joined(order, payments.get(order["order_id"]), told)
        for order in told["orders"]["orders"]
    ]
    return {"orders": orders, "cursor": told["orders"]["cursor"]}


def _joined(order: Document, payment: Json, told: AllTold) -> Document:
    customer = told["customer"] and {str(order["customer_id"]): told["customer"]}
    known = with_customer({**order, "payment": payment}, customer or {})
    return with_titles(known, _all("products", told))


def _all(items: str, told: AllTold) -> dict[str, Any]:
    """The answers of all batches of `items`, by id."""
    return {
        key: one
        for part, found in told.items()
        if part.startswith(items) and found
        for key, one in found.items()
    }
