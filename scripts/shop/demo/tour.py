"""A guided tour of a seeded shop: commands to paste into bash, and a sentence or two on each."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.shop.demo.seeding import Seeded

__all__ = ["Stop", "opening", "printed", "stops", "summary"]

HALLSTATT = {"street": "Seestraße 12", "postal_code": "4830", "city": "Hallstatt", "country": "AT"}
MARRIED = "Zimmerwald"  # no other customer has this name


@dataclass(frozen=True)
class Stop:
    """A command of the tour. Words in backticks are in its answer; all requests answer `status`."""

    says: str
    command: str
    status: int = 200


def summary(seeded: Seeded) -> str:
    shop = seeded.shop
    sizes = [len(shop.customers), len(shop.products), len(shop.orders)]
    statuses = Counter(order["status"] for order in seeded.orders)
    reasons = Counter(order["reject_reason"] for order in seeded.orders if order["reject_reason"])
    told = {"rejected": ": " + ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())}
    return "\n".join(
        [
            "{} customers, {} products, {} orders:".format(*sizes),
            *(f"{n:>5} {each}{told.get(each, '')}" for each, n in statuses.most_common()),
        ]
    )


def opening(url: str) -> str:
    """The definitions that all commands need. The URL is quoted, as it may contain `$default`.
    Whoever tours another deployment than the local one has a token of its staff in ACCESS_TOKEN.
    """
    return (
        f"API={shlex.quote(url)}\n"
        'STAFF="Authorization: Bearer ${ACCESS_TOKEN:-$(make -s token AS=staff)}"\n'
        "show() { python3 -m json.tool --no-ensure-ascii; }\n"
    )


def printed(url: str, tour: Iterable[Stop]) -> str:
    """The tour as text to paste into bash, in parts or as a whole."""
    told = [f"{_comment(f'{n}. {stop.says}')}\n{stop.command}\n" for n, stop in enumerate(tour, 1)]
    return "\n".join([opening(url), *told])


def _comment(text: str) -> str:
    return textwrap.fill(text, 96, initial_indent="# ", subsequent_indent="# ")


def stops(seeded: Seeded) -> list[Stop]:
    orders = seeded.orders
    some = max(orders, key=lambda order: (order["status"] == "delivered", len(order["lines"])))
    refused = [order for order in orders if order["reject_reason"] == "payment_declined"]
    held = [order for order in orders if order["status"] == "confirmed"]
    first_day = min(order["placed_at"] for order in orders)[:10]
    key = f"tour-{seeded.shop.name}"
    name = _name(seeded, some)
    return [
        *_orders(some, refused[:1], seeded.customer_ids[0]),
        *(_searches(some, name, first_day) if seeded.has_search else _no_search()),
        *_tokens(some, held[:1], key, name, seeded.has_search),
        *_sales(first_day),
        *_composed(some, seeded.customer_ids[0]),
        *_problems(key),
    ]


def _name(seeded: Seeded, order: dict[str, Any]) -> str:
    """The customer's name before this tour changes it."""
    return seeded.shop.customers[seeded.customer_ids.index(order["customer_id"])].name


# Its stops


def _orders(
    some: dict[str, Any], refused: Sequence[dict[str, Any]], regular: str
) -> Iterable[Stop]:
    title = some["lines"][0]["title"]
    yield Stop(
        "An order from the storefront's views: its lines with their titles, such as "
        f"`{title}`, its customer, its `payment`, the `reservation` in the stock, and in the "
        "`timeline` all that happened to it and to its payment.",
        _shown(f"/orders/{some['order_id']}"),
    )
    for order in refused:
        yield Stop(
            "The card was `declined`, so the checkout gave the stock back and rejected the order: "
            "`payment_declined`.",
            _shown(f"/orders/{order['order_id']}"),
        )
    yield Stop(
        "A customer's orders, newest first; the cursor of the first page leads to the "
        f"second. All are orders of `{regular}`.",
        _paged(f"/customers/{regular}/orders?limit=2"),
    )
    yield Stop(
        "The newest two orders that were `cancelled`, of all customers.",
        _shown("/orders?status=cancelled&limit=2"),
    )


def _searches(some: dict[str, Any], name: str, first_day: str) -> Iterable[Stop]:
    words = re.findall(r"\w+", some["lines"][0]["title"])
    noun, longest = words[-1], max(words, key=len).lower()
    yield Stop(
        "Search: each word is searched in customers' names, in products and in the "
        "address. The `highlights` say where it was found: `<em>`.",
        _search(f"{name.split()[-1]} {noun}"),
    )
    yield Stop(
        f"A typing error: this should be '{longest}'. The matches are in `<em>`.",
        _search(longest[:2] + longest[3:]),
    )
    yield Stop(
        "Filters, the largest first, and `facets`: the number of orders by status, `country` "
        "and product. The facet of the status ignores the filter on it.",
        _shown(f"/search/orders?status=shipped,delivered&from={first_day}&sort=largest&limit=1"),
    )
    yield Stop(
        "Pages: a `cursor` names the hit to continue after, so new orders shift nothing.",
        _paged("/search/orders?sort=newest&limit=2"),
    )


def _no_search() -> Iterable[Stop]:
    yield Stop(
        "This deployment has no search: `not_configured`. The rest of the tour needs none.",
        _shown("/search/orders?q=lamp"),
        status=501,
    )


def _tokens(
    some: dict[str, Any],
    held: Sequence[dict[str, Any]],
    key: str,
    name: str,
    has_search: bool,
) -> Iterable[Stop]:
    renamed = f"{name}-{MARRIED}"
    path = f"/orders/{some['order_id']}"
    rename = _changed(f"/customers/{some['customer_id']}/name", f"{key}-name", {"name": renamed})
    yield Stop(
        "A consistency token. Rename a customer, and the answer has a token for the new version. "
        f"Sent with a query, it gets an order with the new name, `{renamed}`, however late the "
        "views are; the header `Consistency` says how.",
        f'{rename}\ncurl -sS -i -H "$STAFF" "$API{path}" -H "Consistency-Token: $TOKEN"; echo',
    )
    if has_search:
        yield Stop(
            "The same command has no second effect, and the same token. A search with it finds "
            f"the orders by the new name, `<em>{MARRIED}</em>`. If the index is late, it answers "
            "503, and curl asks again.",
            f"{rename}\n{_shown_with_token(f'/search/orders?q={MARRIED}&limit=1')}",
        )
    for order in held:
        path = f"/orders/{order['order_id']}"
        address = {"name": order["address"]["name"], **HALLSTATT}
        yield Stop(
            "The same with an order that is not shipped yet: change its address to `Hallstatt`.",
            f"{_changed(f'{path}/address', f'{key}-address', {'address': address})}\n"
            f"{_shown_with_token(path)}",
        )


def _sales(first_day: str) -> Iterable[Stop]:
    yield Stop(
        "Sales by day and product: `units`, and `revenue` in cents. An order that is "
        "cancelled later is subtracted again.",
        _shown(f"/sales/products?from={first_day}&limit=5"),
    )


def _composed(some: dict[str, Any], regular: str) -> Iterable[Stop]:
    order_id = some["order_id"]
    yield Stop(
        f"The same order `{order_id}` without the storefront's views: four services are asked at "
        "query time, and `parts` says how long each took. Data that none of them has, such as the "
        "timeline, is missing.",
        _shown(f"/composed/orders/{order_id}"),
    )
    yield Stop(
        f"The orders of `{regular}`, composed in the same way.",
        _shown(f"/composed/customers/{regular}/orders?limit=2"),
    )


def _problems(key: str) -> Iterable[Stop]:
    yield Stop(
        "An unknown order is answered with a problem document: `not_found`.",
        _shown("/orders/no-such-order"),
        status=404,
    )
    yield Stop(
        "So is an invalid order, and the `errors` say where it is wrong: `/lines/0/quantity`.",
        f'curl -sS "$API/orders" -H "Idempotency-Key: {key}-invalid" -H "$STAFF" -d '
        + shlex.quote('{"customer_id": "c-1", "lines": [{"sku": "lamp", "quantity": 0}]}')
        + " | show",
        status=400,
    )


# Commands

_HEADER = """awk 'tolower($1) == "consistency-token:" {print $2}'"""


def _shown(path: str) -> str:
    return f'curl -sS -H "$STAFF" "$API{path}" | show'


def _shown_with_token(path: str) -> str:
    return f'curl -sSf --retry 5 -H "$STAFF" "$API{path}" -H "Consistency-Token: $TOKEN" | show'


def _search(text: str) -> str:
    asked = f"--data-urlencode {shlex.quote(f'q={text}')}"
    return f'curl -sS -G -H "$STAFF" "$API/search/orders?limit=1" {asked} | show'


def _paged(path: str) -> str:
    return "\n".join(
        [
            f'PAGE=$(curl -sS -H "$STAFF" "$API{path}"); show <<< "$PAGE"',
            r"""CURSOR=$(sed -n 's/.*"cursor": *"\([^"]*\)".*/\1/p' <<< "$PAGE")""",
            f'curl -sS -H "$STAFF" "$API{path}&cursor=$CURSOR" | show',
        ]
    )


def _changed(path: str, key: str, body: object) -> str:
    """A PUT that keeps the token of its answer in TOKEN."""
    text = shlex.quote(json.dumps(body, ensure_ascii=False))
    asked = f'-H "$STAFF" "$API{path}" -H "Idempotency-Key: {key}" -d {text}'
    return "\n".join(
        [
            f"ANSWER=$(curl -sS -i -X PUT {asked})",
            'echo "$ANSWER"',
            f"TOKEN=$(tr -d '\\r' <<< \"$ANSWER\" | {_HEADER})",
        ]
    )
