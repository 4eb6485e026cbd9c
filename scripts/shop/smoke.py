"""The shop's smoke test: a first order, by which `make up` sees that the whole shop works, and the
curl session that it ends with.
"""

import json
from secrets import token_hex
from typing import Any

from scripts.local.application import TimedOutError, TokenOf, Until
from scripts.local.errors import LocalError
from scripts.shop.demo.api import Api

WHO = "ada"
ADA = {"name": "Ada Lovelace", "email": "ada@example.com"}
PRODUCT = {
    "title": "A book",
    "description": "With pages.",
    "tags": ["books"],
    "price": 1250,
    "currency": "EUR",
}
STOCK, QUANTITY = 100, 2
ADDRESS = {
    "name": "Ada Lovelace",
    "street": "1 Example Street",
    "postal_code": "1010",
    "city": "Vienna",
    "country": "AT",
}


def run(url: str, until: Until, token_of: TokenOf) -> str:
    """Places an order and waits until the views show that it is confirmed.

    The order follows from the prices and the stock of now, whatever others have done to the shop.
    If they are faster even so, a second order is for a product that nobody else knows.
    """
    ada, staff = Api(url, token_of(WHO)), Api(url, token_of("staff"))
    _register(ada)
    for sku in ("book-1", f"book-{token_hex(4)}"):
        order = _order(_product(staff, sku))
        settled = _settled(ada, order, until)
        if settled["status"] == "confirmed":
            return session(url, order)
    told = f"the first order did not get through: {json.dumps(settled)[:2000]}"
    raise (TimedOutError if settled["reject_reason"] == "timed_out" else LocalError)(told)


def _register(api: Api) -> None:
    """Ada, with another e-mail address if somebody else uses hers."""
    done = "customer_already_registered"
    answer = api.command("POST", "/customers", WHO, ADA, unless=f"{done}|email_taken")
    if not answer.ok and done not in answer.text:
        api.command("POST", "/customers", _key(), ADA | {"email": f"{token_hex(8)}@example.com"})


def _product(api: Api, sku: str) -> Any:
    """The product as it is now, registered and in stock."""
    product = PRODUCT | {"sku": sku}
    api.command("POST", "/products", _key(), product, unless="product_already_registered")
    known = api.get(f"/products/{sku}").json()
    if known["available"] < QUANTITY:
        api.command("POST", f"/products/{sku}/receive", _key(), {"quantity": STOCK})
    return known


def _order(product: Any) -> dict[str, Any]:
    line = {"sku": product["sku"], "quantity": QUANTITY, "unit_price": product["price"]}
    return {
        "currency": product["currency"],
        "lines": [line],
        "address": ADDRESS,
    }


def _settled(api: Api, order: dict[str, Any], until: Until) -> Any:
    """The order, once the view itself shows it as settled: `folded` means that it does not yet."""
    placed = api.command("POST", "/orders", _key(), order)
    path = f"/orders/{placed.json()['order_id']}"
    token = placed.headers["Consistency-Token"]
    settled: Any = None

    def missing() -> str:
        nonlocal settled
        answer = api.look(path, token)
        consistency = answer.headers.get("Consistency", "")
        if answer.ok and not consistency.startswith("folded"):
            settled = answer.json()
            if settled["status"] != "placed":
                return ""
        return f"{path} was answered {answer.status_code} ({consistency}): {answer.text[:500]}"

    until(missing)
    return settled


def _key() -> str:
    return f"first-{token_hex(8)}"


def session(url: str, order: dict[str, Any]) -> str:
    """A session to paste into bash. The URL stands in single quotes, as it contains `$default`."""
    return _SESSION.format(
        url=url,
        order=json.dumps(order),
        key=f"demo-{token_hex(4)}",
        who=WHO,
        sku=order["lines"][0]["sku"],
    )


_SESSION = """\
API='{url}'
KEY='{key}'
ORDER='{order}'

# Who asks: a customer, and somebody of the staff.
ADA="Authorization: Bearer $(make -s token AS={who})"
STAFF="Authorization: Bearer $(make -s token AS=staff)"

# Place an order. The answer has a token for what was written.
ANSWER=$(curl -sS -i "$API/orders" -H "$ADA" -H "Idempotency-Key: $KEY" -d "$ORDER"); echo "$ANSWER"
ID=$(echo "$ANSWER" | sed -n 's/.*"order_id": *"\\([^"]*\\)".*/\\1/p')
TOKEN=$(echo "$ANSWER" | tr -d '\\r' | awk 'tolower($1) == "consistency-token:" {{print $2}}')

# Read it. With the token the answer is never older than what you wrote.
curl -sS -i "$API/orders/$ID" -H "$ADA" -H "Consistency-Token: $TOKEN"

# Without a token, or as somebody else, there is nothing to see; and confirming is not Ada's to do.
curl -sS "$API/orders/$ID"
curl -sS "$API/orders/$ID" -H "Authorization: Bearer $(make -s token AS=bob)"
curl -sS -X POST "$API/orders/$ID/confirm" -H "$ADA"

# Send it again: the same answer, and no second order.
curl -sS -i "$API/orders" -H "$ADA" -H "Idempotency-Key: $KEY" -d "$ORDER"

# The same key with another order: refused.
curl -sS -i "$API/orders" -H "$ADA" -H "Idempotency-Key: $KEY" -d "${{ORDER/{sku}/book-2}}"

# An order that is not one: a problem document says what is wrong, and where.
curl -sS -i "$API/orders" -H "$ADA" -H "Idempotency-Key: $KEY-bad" -d '{{"lines": []}}'

# All orders of hers, newest first, and certainly with this one.
curl -sS -i "$API/customers/me/orders" -H "$ADA" -H "Consistency-Token: $TOKEN"

# Meanwhile the checkout reserves, has it paid, and confirms. That is the order's version 2: until
# it is there, a token that asks for it is refused.
settled() {{
  until curl -sf "$API/orders/$1" -H "$ADA" -H "Consistency-Token: order-$1@2"; do sleep 1; done
}}
place() {{
  curl -sS "$API/orders" -H "$ADA" -H "Idempotency-Key: $KEY-$1" -d "$2" | cut -d'"' -f4
}}
settled $ID

# Another three, which are rejected: the card is declined, there is not so much in stock,
# the payment gateway does not answer in time (that takes until the deadline, half a minute).
settled $(place declined "${{ORDER/{{/{{\\"payment_method\\": \\"card-declined\\", }}")
settled $(place greedy "${{ORDER/\\"quantity\\": 2/\\"quantity\\": 1000}}")
settled $(place waiting "${{ORDER/{{/{{\\"payment_method\\": \\"card-timeout\\", }}")

# What the rejected ones had reserved is free again. Ship the good one: it is taken and paid for.
curl -sS "$API/products/{sku}"
curl -sS -X POST "$API/orders/$ID/ship" -H "$STAFF" -H "Idempotency-Key: $KEY-ship"
sleep 2
curl -sS "$API/products/{sku}"
curl -sS "$API/payments/$ID" -H "$ADA"
"""
