"""The four services and the checkout: good orders, orders that can't be served, and hundreds at
once while streams lose, repeat, mix up, delay and fail.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

import pytest
import requests

from scripts.shop.ledger import Ledger, in_table
from tests.shop.e2e.conftest import PRICE, Shop, answered, product_of, until

DEADLINE_SECONDS = 20  # as in terraform/environments/local.tfvars
TIMED_OUT_SECONDS = DEADLINE_SECONDS + 40  # the local scheduler looks every 10 seconds


@pytest.fixture
def sku(shop: Shop) -> str:
    """A product of which there are ten."""
    sku = f"sku-{uuid.uuid4().hex[:12]}"
    shop.register_product(sku, stock=10)
    return sku


def line(sku: str, **changes: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": 2, "unit_price": PRICE} | changes


def stock(shop: Shop, sku: str) -> tuple[int, int, int]:
    """On hand, reserved, available."""
    product = shop.product(sku)
    return product["on_hand"], product["reserved"], product["available"]


def happened(order: dict[str, Any]) -> list[str]:
    return [moment["what"] for moment in order["timeline"]]


def refused(answer: requests.Response) -> str:
    assert answer.status_code == 422, answer.text
    return str(answer.json()["code"])


# One checkout


def test_a_good_checkout_from_registering_to_delivered(shop: Shop) -> None:
    sku = f"sku-{uuid.uuid4().hex[:12]}"
    ada = {"name": "Ada Lovelace", "email": f"{uuid.uuid4().hex}@example.com"}
    customer = shop.ask("POST", "/customers", ada).json()["customer_id"]
    assert shop.ask("POST", "/products", product_of(sku)).status_code == 201
    assert shop.receive(sku, 10).status_code == 200

    placed = shop.place(customer, {"lines": [line(sku)], "payment_method": "card-visa"})
    order_id = placed.json()["order_id"]
    confirmed = shop.settled([order_id])[order_id]

    assert (confirmed["status"], confirmed["total"]) == ("confirmed", 2 * PRICE)
    assert stock(shop, sku) == (10, 2, 8)
    payment = shop.payment(order_id)
    assert (payment["status"], payment["amount"]) == ("authorised", 2 * PRICE)
    assert payment["method"] == "card-visa"

    shipped = shop.ship(order_id)
    shop.control.wait_until_still()

    assert shipped.json()["events"] == ["OrderShipped"]
    assert stock(shop, sku) == (8, 0, 8)
    assert shop.payment(order_id)["status"] == "captured"

    delivered = shop.ask("POST", f"/orders/{order_id}/deliver")
    shop.control.wait_until_still()

    read = shop.order(order_id, delivered.headers["Consistency-Token"])
    assert read.headers["Consistency"] == "current"
    order = read.json()
    assert (order["status"], order["payment"]["status"]) == ("delivered", "captured")
    of_order = [m["what"] for m in order["timeline"] if m["by"] == "order"]
    of_payment = [m["what"] for m in order["timeline"] if m["by"] == "payment"]
    assert of_order == ["OrderPlaced", "OrderConfirmed", "OrderShipped", "OrderDelivered"]
    assert of_payment == [
        "AuthorisationRequested",
        "PaymentAuthorised",
        "CaptureRequested",
        "PaymentCaptured",
    ]
    assert happened(order)[:4] == ["OrderPlaced", *of_payment[:2], "OrderConfirmed"]
    assert shop.ask("GET", f"/customers/{customer}").json().items() >= ada.items()


def test_an_operator_sees_what_happened_to_an_order_and_what_was_sent_because_of_it(
    shop: Shop, sku: str, customer: str
) -> None:
    placed = shop.place(customer, {"lines": [line(sku)]}, X_Correlation_Id="follow-this")
    order_id = placed.json()["order_id"]
    shop.settled([order_id])
    shop.control.wait_until_still()

    of_order, of_payment = (shop.history(f"{kind}-{order_id}") for kind in ("order", "payment"))

    commits = of_order["history"]["commits"]
    assert [commit["command"]["type"] for commit in commits] == ["PlaceOrder", "ConfirmOrder"]
    assert {commit["correlation"] for commit in commits} == {"follow-this"}
    sent = of_order["sent"]["checkout"]
    assert sent[f"reserve/{sku}"]["answer"]["stream"] == f"product-{sku}"
    confirmed = sent["confirm"]["answer"]
    assert (confirmed["accepted"], confirmed["stream"]) == (True, f"order-{order_id}")
    assert of_payment["sent"].keys() == {"checkout", "payment_gateway"}


@pytest.mark.parametrize(
    ("change", "reason", "paid"),
    [
        ({"payment_method": "card-declined"}, "payment_declined", "declined"),
        ({"payment_method": "card-timeout"}, "timed_out", "voided"),
        ({"lines": [line("{sku}"), line("{other}", quantity=11)]}, "out_of_stock", None),
        ({"lines": [line("{sku}"), line("nobody-has-this")]}, "unknown_product", None),
        ({"lines": [line("{sku}"), line("{other}", unit_price=1)]}, "price_differs", None),
        ({"currency": "USD"}, "price_differs", None),
    ],
)
def test_what_cannot_be_served_is_rejected_and_leaves_stock_and_money_as_they_were(
    shop: Shop, customer: str, sku: str, change: dict[str, Any], reason: str, paid: str | None
) -> None:
    other = f"{sku}-b"
    shop.register_product(other, stock=10)
    lines = change.get("lines", [line("{sku}")])
    named = [line | {"sku": line["sku"].format(sku=sku, other=other)} for line in lines]

    order_id = shop.place(customer, change | {"lines": named}).json()["order_id"]
    order = shop.settled([order_id], TIMED_OUT_SECONDS)[order_id]
    shop.control.wait_until_still()

    assert (order["status"], order["reject_reason"]) == ("rejected", reason)
    assert stock(shop, sku) == stock(shop, other) == (10, 0, 10)
    payment = shop.payment(order_id)
    assert (payment and payment["status"]) == paid
    assert not any(order_id in rows for rows in shop.waiting().values())


@pytest.mark.parametrize("moment", ["before it is confirmed", "after it is confirmed"])
def test_an_order_that_is_cancelled_leaves_stock_and_money_as_they_were(
    shop: Shop, customer: str, sku: str, moment: str
) -> None:
    if moment == "before it is confirmed":
        shop.control.set_faults("payments_gateway", stop=1)
    order_id = shop.place(customer, {"lines": [line(sku)]}).json()["order_id"]
    shop.control.wait_until_still()
    assert stock(shop, sku) == (10, 2, 8)

    cancelled = shop.cancel(order_id)
    shop.control.clear_faults()
    shop.control.wait_until_still()

    assert cancelled.json()["events"] == ["OrderCancelled"]
    assert shop.settled([order_id])[order_id]["status"] == "cancelled"
    assert stock(shop, sku) == (10, 0, 10)
    assert shop.payment(order_id)["status"] == "voided"
    assert refused(shop.ship(order_id)) == "order_is_cancelled"


def test_a_checkout_whose_messages_are_all_lost_is_taken_up_by_an_audit(
    shop: Shop, customer: str, sku: str
) -> None:
    shop.control.set_faults("checkout_process", drop=1)
    order_id = shop.place(customer, {"lines": [line(sku)]}).json()["order_id"]
    shop.control.wait_until_still()
    assert shop.order(order_id).json()["status"] == "placed"

    shop.control.clear_faults()
    shop.audit()

    assert shop.settled([order_id])[order_id]["status"] == "confirmed"


def test_an_email_address_has_one_customer_until_it_is_given_up(shop: Shop) -> None:
    def register(email: str) -> requests.Response:
        return shop.ask("POST", "/customers", {"name": "Somebody", "email": email})

    name = uuid.uuid4().hex
    first = register(f"{name}@example.com")
    assert first.status_code == 201
    assert refused(register(f"{name.upper()}@EXAMPLE.com")) == "email_taken"

    changed = {"email": f"{name}@example.org"}
    path = f"/customers/{first.json()['customer_id']}"
    assert shop.ask("PUT", f"{path}/email", changed).status_code == 200

    assert register(f"{name}@example.com").status_code == 201
    assert refused(register(f"{name}@example.org")) == "email_taken"
    assert shop.ask("GET", path).json()["email"] == f"{name}@example.org"


# Many at once


RACERS = 50


def race(shop: Shop) -> tuple[str, list[requests.Response]]:
    """Fifty orders want the last piece of a product at the same moment."""
    sku = f"sku-{uuid.uuid4().hex[:12]}"
    shop.register_product(sku, stock=1)
    start = Barrier(RACERS)

    def reserve(n: int) -> requests.Response:
        body = {"order_id": f"racer-{n}", "quantity": 1, "unit_price": PRICE, "currency": "EUR"}
        start.wait()
        return shop.ask("POST", f"/products/{sku}/reserve", body)

    with ThreadPoolExecutor(RACERS) as pool:
        return sku, list(pool.map(reserve, range(RACERS)))


def test_of_fifty_who_race_for_the_last_item_one_wins(shop: Shop) -> None:
    race(shop)  # it takes a while until the function runs fifty times: that was no race

    sku, answers = race(shop)

    outcomes = Counter((answer.status_code, answer.json().get("code")) for answer in answers)
    assert outcomes == {(200, None): 1, (422, "out_of_stock"): RACERS - 1}
    assert stock(shop, sku) == (1, 1, 0)


def test_a_command_is_repeated_on_a_busy_stream_without_a_second_effect(
    shop: Shop, sku: str
) -> None:
    seen = shop.ask("GET", f"/products/{sku}").headers["ETag"]
    first = shop.receive(sku, 5, Idempotency_Key=f"receive-{sku}", If_Match=seen)
    for n in range(60):
        body = {"order_id": f"order-{n}", "quantity": 1, "unit_price": PRICE, "currency": "EUR"}
        for what in ("reserve", "release"):
            assert shop.ask("POST", f"/products/{sku}/{what}", body).status_code == 200
            body = {"order_id": f"order-{n}"}

    again = shop.receive(sku, 5, Idempotency_Key=f"receive-{sku}")
    as_before = shop.receive(sku, 5, Idempotency_Key=f"receive-{sku}", If_Match=seen)
    other = shop.receive(sku, 6, Idempotency_Key=f"receive-{sku}")

    assert first.status_code == 200
    for repeat in (again, as_before):
        assert (repeat.status_code, repeat.text) == (first.status_code, first.text)
    assert again.headers["Consistency-Token"] == first.headers["Consistency-Token"]
    assert refused(other) == "idempotency_key_reused"
    assert stock(shop, sku) == (15, 0, 15)


@dataclass
class Customer:
    """Places orders, cancels some, and has some shipped. `shipped` are those of all customers."""

    shop: Shop
    dice: random.Random
    name: str
    skus: list[str]
    shipped: list[str]
    placed: list[str] = field(default_factory=list)

    def live(self, orders: int) -> list[str]:
        for _ in range(orders):
            self.place()
            if self.dice.random() < 0.2:
                self.cancel_or_ship()
        until(self.enough_are_shipped, self.shipped, 180)
        return self.placed

    def place(self) -> None:
        skus = self.dice.sample(self.skus, self.dice.randint(1, 3))
        if self.dice.random() < 0.03:
            skus.append("nobody-has-this")
        lines = [line(sku, quantity=self.dice.randint(1, 3)) for sku in skus]
        if self.dice.random() < 0.03:
            lines[0]["unit_price"] -= 1
        order = {"lines": lines, "payment_method": self.dice.choice(METHODS)}
        key = f"{self.name}/{self.dice.random()}"
        placed = answered(lambda: self.shop.place(self.name, order, Idempotency_Key=key))
        self.placed.append(placed.json()["order_id"])

    def enough_are_shipped(self) -> bool:
        self.cancel_or_ship()
        return len(self.shipped) >= 16

    def cancel_or_ship(self) -> None:
        order_id, cancels = self.dice.choice(self.placed), self.dice.random() < 0.1
        act = self.shop.cancel if cancels else self.shop.ship
        answer = answered(lambda: act(order_id))
        if answer.ok and answer.json()["events"] == ["OrderShipped"]:
            self.shipped.append(order_id)


STOCK = 150  # of each product; they want about 200
METHODS = [*["card-good"] * 16, *["card-declined"] * 2, "card-timeout"]


def bring_to_rest(shop: Shop, order_ids: list[str]) -> dict[str, Any]:
    """What was lost is found by an audit, what waits is delivered, deadlines pass."""
    shop.control.clear_faults()

    left: dict[str, Any] = {}

    def is_at_rest() -> bool:
        shop.deliver_waiting()
        shop.control.wait_until_still(60)
        left["behind"] = {"found": shop.audit()["found"]}
        left["waiting"] = shop.waiting()
        return not any(any(found.values()) for found in left.values())

    until(is_at_rest, left, 2 * TIMED_OUT_SECONDS)
    return shop.settled(order_ids)


def ledger_of(shop: Shop, order_ids: list[str], skus: list[str]) -> Ledger:
    def book(service: str, streams: set[str]) -> dict[str, Any]:
        everything = in_table(shop.client("dynamodb"), shop.table(f"{service}-events"))
        return {name: events for name, events in everything.items() if name in streams}

    return Ledger(
        orders=book("orders", {f"order-{order_id}" for order_id in order_ids}),
        inventory=book("inventory", {f"product-{sku}" for sku in skus}),
        payments=book("payments", {f"payment-{order_id}" for order_id in order_ids}),
    )


def test_two_hundred_orders_under_faults_are_all_settled_and_everything_adds_up(
    shop: Shop, customer: str
) -> None:
    skus = [f"{customer}-{n}" for n in range(4)]
    for sku in skus:
        shop.register_product(sku, stock=STOCK)
    faults = {"drop": 0.1, "duplicate": 0.2, "reorder": 0.3, "delay": 0.02, "fail": 0.1}
    for seed, function in enumerate(("event_publisher", "checkout_process", "payments_gateway")):
        shop.control.set_faults(function, **faults, seed=seed)
    shipped: list[str] = []
    customers = [
        Customer(shop, random.Random(n), f"{customer}-{n}", skus, shipped) for n in range(8)
    ]

    with ThreadPoolExecutor(len(customers)) as pool:
        order_ids = [o for placed in pool.map(lambda c: c.live(25), customers) for o in placed]
    orders = bring_to_rest(shop, order_ids)

    assert len(set(order_ids)) == 200
    ledger = ledger_of(shop, order_ids, skus)
    ledger.assert_it_adds_up()
    assert len(ledger.statuses()) == 4, f"too quiet a life to show anything: {ledger.statuses()}"
    assert not any(shop.parked().values())
    # what each service tells is what its store holds
    for order_id, order in orders.items():
        assert order["status"] == ledger.status(order_id).removeprefix("Order").lower()
    reserved, shipped = ledger.to_have("OrderConfirmed"), ledger.to_have("OrderShipped")
    for sku in skus:
        on_hand = STOCK - sum(n for (of, _), n in shipped.items() if of == sku)
        held = sum(n for (of, _), n in reserved.items() if of == sku)
        assert stock(shop, sku) == (on_hand, held, on_hand - held)


# Permissions


def test_the_checkout_may_command_other_services_but_not_write_into_their_stores(
    shop: Shop,
) -> None:
    """What passes above is allowed, as IAM is enforced here; this shows that the rest is not."""
    dynamodb = shop.client_of("checkout_process", "dynamodb")
    functions = shop.client_of("checkout_process", "lambda")
    denied = pytest.raises(dynamodb.exceptions.ClientError, match="AccessDenied")
    item = {"stream": {"S": "order-x"}, "version": {"N": "1"}}

    for service in ("customers", "inventory", "orders", "payments"):
        with denied:
            dynamodb.put_item(TableName=shop.table(f"{service}-events"), Item=item)
        put = {"TableName": shop.table(f"{service}-events"), "Item": item}
        with denied:
            dynamodb.transact_write_items(TransactItems=[{"Put": put}])
    with denied:
        dynamodb.put_item(
            TableName=shop.table("inventory-guards"), Item={"guard": {"S": "reservation/x"}}
        )
    (customers,) = shop.stack.function_names("customers_commands")
    with pytest.raises(functions.exceptions.ClientError, match="AccessDenied"):
        functions.invoke(FunctionName=f"{customers}:live", Payload=b"{}")
