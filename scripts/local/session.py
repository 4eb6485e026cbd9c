"""The first order, and the curl session that `make up` ends with."""

import json
from secrets import token_hex
from typing import Any

import requests

from scripts.local.clients import http
from scripts.local.errors import LocalError

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


def place_order(url: str) -> tuple[str, str]:
    """Its id and the token with which it can be read."""
    headers = {"Idempotency-Key": f"smoke-{token_hex(8)}"}
    answer = _call("POST", f"{url}/orders", headers, json=ORDER)
    if answer.status_code != 201:
        raise LocalError(f"the first order was answered {answer.status_code}: {answer.text[:500]}")
    return str(answer.json()["order_id"]), answer.headers["Consistency-Token"]


def check_view(url: str, order_id: str, token: str) -> None:
    """Raises unless the view itself has the order: `folded` would mean that it was worked out."""
    headers = {"Consistency-Token": token}
    answer = _call("GET", f"{url}/orders/{order_id}", headers)
    consistency = answer.headers.get("Consistency", "")
    if answer.status_code != 200 or not consistency.startswith("current"):
        raise LocalError(
            f"the first order did not reach its view: {answer.status_code} {consistency} "
            f"{answer.text[:500]}"
        )


def curl_session(url: str) -> str:
    """To paste into bash as it is. The URL stands in single quotes as it contains `$default`."""
    return _SESSION.format(url=url, order=json.dumps(ORDER), key=f"demo-{token_hex(4)}")


def _call(method: str, url: str, headers: dict[str, str], json: Any = None) -> requests.Response:
    try:
        with http() as client:
            return client.request(method, url, headers=headers, json=json, timeout=60)
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
"""
