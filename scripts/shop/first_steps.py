"""What `make up` does first in the shop, and the curl session that it ends with."""

import json
from collections.abc import Callable
from secrets import token_hex
from typing import Any

import requests

from scripts.local.clients import http
from scripts.local.errors import LocalError

PRODUCT = {
    "sku": "book-1",
    "title": "A book",
    "description": "With pages.",
    "tags": ["books"],
    "price": 1250,
    "currency": "EUR",
}
ORDER = {
    "customer_id": "c-1",
    "currency": "EUR",
    "lines": [{"sku": "book-1", "quantity": 2, "unit_price": 1250}],
    "address": {
        "name": "Ada Lovelace",
        "street": "1 Example Street",
        "postal_code": "1010",
        "city": "Vienna",
        "country": "AT",
    },
}


def take(url: str, wait_until_still: Callable[[], None]) -> None:
    """Places an order and finds it in the view."""
    stock_up(url)
    order_id, token = place_order(url)
    wait_until_still()
    check_view(url, order_id, token)


def stock_up(url: str) -> None:
    """Puts what is ordered into the shop; once, however often it is called."""
    _expect(201, _post(url, "/products", "first-product", PRODUCT))
    _expect(200, _post(url, "/products/book-1/receive", "first-stock", {"quantity": 100}))


def place_order(url: str) -> tuple[str, str]:
    """Its id and the token with which it can be read."""
    answer = _expect(201, _post(url, "/orders", f"first-{token_hex(8)}", ORDER))
    return str(answer.json()["order_id"]), answer.headers["Consistency-Token"]


def check_view(url: str, order_id: str, token: str) -> None:
    """Raises unless the checkout confirmed the order, and the view itself shows it: `folded` would
    mean that it was worked out.
    """
    headers = {"Consistency-Token": token}
    answer = _expect(200, _call("GET", f"{url}/orders/{order_id}", headers))
    consistency, status = answer.headers.get("Consistency", ""), answer.json()["status"]
    if not consistency.startswith("current") or status != "confirmed":
        raise LocalError(
            f"the first order did not get through: {status}, {consistency}\n{answer.text[:2000]}"
        )


def session(url: str) -> str:
    """To paste into bash as it is. The URL stands in single quotes as it contains `$default`."""
    return _SESSION.format(url=url, order=json.dumps(ORDER), key=f"demo-{token_hex(4)}")


def _post(url: str, path: str, key: str, body: Any) -> requests.Response:
    return _call("POST", url + path, {"Idempotency-Key": key}, body)


def _expect(status: int, answer: requests.Response) -> requests.Response:
    if answer.status_code != status:
        where = f"{answer.request.method} {answer.request.path_url}"
        raise LocalError(f"{where} was answered {answer.status_code}: {answer.text[:500]}")
    return answer


def _call(method: str, url: str, headers: dict[str, str], body: Any = None) -> requests.Response:
    try:
        with http() as client:
            return client.request(method, url, headers=headers, json=body, timeout=60)
    except requests.RequestException as error:
        raise LocalError(f"the API does not answer: {error}") from None


_SESSION = """\
API='{url}'
KEY='{key}'
ORDER='{order}'

# Place an order. The answer has a token for what was written.
ANSWER=$(curl -sS -i "$API/orders" -H "Idempotency-Key: $KEY" -d "$ORDER"); echo "$ANSWER"
ID=$(echo "$ANSWER" | sed -n 's/.*"order_id": *"\\([^"]*\\)".*/\\1/p')
TOKEN=$(echo "$ANSWER" | tr -d '\\r' | awk 'tolower($1) == "consistency-token:" {{print $2}}')

# Read it. With the token the answer is never older than what you wrote.
curl -sS -i "$API/orders/$ID" -H "Consistency-Token: $TOKEN"; echo

# Send it again: the same answer, and no second order.
curl -sS -i "$API/orders" -H "Idempotency-Key: $KEY" -d "$ORDER"; echo

# The same key with another order: refused.
curl -sS -i "$API/orders" -H "Idempotency-Key: $KEY" -d "${{ORDER/book-1/book-2}}"; echo

# An order that is not one: a problem document says what is wrong, and where.
curl -sS -i "$API/orders" -H 'Idempotency-Key: {key}-bad' -d '{{"customer_id": "c-1"}}'; echo

# All orders of the customer, newest first, and certainly with this one.
curl -sS -i "$API/customers/c-1/orders" -H "Consistency-Token: $TOKEN"; echo

# Meanwhile the checkout reserves, has it paid, and confirms. That is the order's version 2: until
# it is there, a token that asks for it is refused.
settled() {{
  until curl -sf "$API/orders/$1" -H "Consistency-Token: order-$1@2"; do sleep 1; done; echo
}}
place() {{ curl -sS "$API/orders" -H "Idempotency-Key: $KEY-$1" -d "$2" | cut -d'"' -f4; }}
settled $ID

# Another three, which are rejected: the card is declined, there is not so much in stock,
# the payment gateway does not answer in time (that takes until the deadline, half a minute).
settled $(place declined "${{ORDER/{{/{{\\"payment_method\\": \\"card-declined\\", }}")
settled $(place greedy "${{ORDER/\\"quantity\\": 2/\\"quantity\\": 1000}}")
settled $(place waiting "${{ORDER/{{/{{\\"payment_method\\": \\"card-timeout\\", }}")

# What the rejected ones had reserved is free again. Ship the good one: it is taken and paid for.
curl -sS "$API/products/book-1"; echo
curl -sS -X POST "$API/orders/$ID/ship" -H "Idempotency-Key: $KEY-ship"; echo
sleep 2; curl -sS "$API/products/book-1"; echo; curl -sS "$API/payments/$ID"; echo
"""
