"""What old data, old code or callers can't live with is refused, with a sentence that says what to
do; everything else passes. Each change is made in a copy of the repository.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.clones import Clone
from tests.shop.integration.test_recipes import RECIPES

CHECK = "scripts.release check"
Change = Callable[[Clone], object]


class Refused(NamedTuple):
    change: Change
    sentence: str


def edit(file: str, before: str, after: str) -> Change:
    def make(clone: Clone) -> None:
        path = clone.folder / file
        text = path.read_text()
        assert text.count(before) == 1, f"{file} has {text.count(before)} times {before!r}"
        path.write_text(text.replace(before, after))

    return make


def rename(old: str, new: str) -> Change:
    """Everywhere, as an editor does."""
    return lambda clone: clone.bash(
        f"grep -rlw {old} shared functions --include=*.py | xargs sed -i 's/\\b{old}\\b/{new}/g'"
    )


def both(*made: Change) -> Change:
    return lambda clone: [make(clone) for make in made]


def recipe(title: str) -> Change:
    """As CONTRIBUTING.md has it."""
    return lambda clone: [step.make(clone) for step in RECIPES[title]]


SHOP = "shared/domain"
ORDERS, STOCK, PAYMENTS = f"{SHOP}/orders", f"{SHOP}/inventory", f"{SHOP}/payments"
CHECKOUT, SALES = f"{SHOP}/checkout/process.py", f"{SHOP}/storefront/sales.py"
ROUTES = "terraform/shop_routes.tf"

QUANTITY = "class StockReceived(Value):\n    sku: Sku\n    quantity: Received\n"
CANCEL = "class CancelOrder(Value):\n    order_id: OrderId\n"
RESERVE = "    quantity: Quantity\n    unit_price: Money\n    currency: Currency\n"
SEEN = "class OrderSeen(Value):\n    stage: Stage\n"
AUTHORISE = "    customer_id: CustomerId | None = None\n"

CLAIMS = (
    "the claims of {service}, in its `guards` or `recall`, changed, but what was claimed before is "
    "found by the kind and the value that it had then: take that back; or, if both are the same as "
    'before, write "claims": "…" for it in released.json.'
)
GATEWAY = f"{PAYMENTS}/gateway_process.py"
ASK_GONE = (
    "gateway.AskGateway is gone, but may wait in rows of payment_gateway: bring it back, with its "
    "receiver; once it is not sent any more, and `make waiting` lists none, take its line out of "
    "released.json."
)

REFUSED: dict[str, Refused] = {
    "a field is taken out of an event": Refused(
        edit(f"{STOCK}/events.py", QUANTITY, QUANTITY.replace("    quantity: Received\n", "")),
        "inventory.StockReceived is still schema 1, but `quantity` is gone: write schema=2, and "
        "under the class an upcaster from schema 1 that says what old ones are read as.",
    ),
    "a field of an event has another type": Refused(
        edit(f"{STOCK}/events.py", QUANTITY, QUANTITY.replace("Received\n", "str\n")),
        "inventory.StockReceived is still schema 1, but `quantity` is text, and was whole number: "
        "write schema=2, and under the class an upcaster from schema 1 that says what old ones are "
        "read as.",
    ),
    "an event has a new field": Refused(
        edit(f"{STOCK}/events.py", QUANTITY, f"{QUANTITY}    by: str\n"),
        "inventory.StockReceived is still schema 1, but `by` is new, and required: write schema=2, "
        "and under the class an upcaster from schema 1 that says what old ones are read as.",
    ),
    "an event has a new field that may be left out": Refused(
        edit(f"{STOCK}/events.py", QUANTITY, f"{QUANTITY}    by: str | None = None\n"),
        "inventory.StockReceived is still schema 1, but `by` is new: write schema=2, and under the "
        "class an upcaster from schema 1 that says what old ones are read as.",
    ),
    "an event is renamed": Refused(
        rename("OrderShipped", "OrderSent"),
        "orders.OrderShipped is gone, but stores have it for ever: bring the class back as it was "
        "(`OrderSent` is another event, although it has the same fields).",
    ),
    "an upcaster is taken out": Refused(
        edit(
            f"{STOCK}/events.py",
            "@PRODUCT_EVENTS.upcaster(StockReserved, schema=1)\n",
            "",
        ),
        "inventory.StockReserved has no upcaster from schema 1, but stores have older ones: put "
        "one under the class that says what they are read as (git has what was there).",
    ),
    "an upcaster says something else": Refused(
        edit(f"{STOCK}/events.py", '"listed": True', '"listed": False'),
        "the upcaster of inventory.StockReserved@1 was changed, but snapshots and rows were made "
        "with what it said before: take that back, or raise the `state_schema` of inventory and "
        "the `generation` of product_lookups, product_search; then, or if it says the same, write "
        '"upcaster": "…" for inventory.StockReserved@1 in released.json.',
    ),
    "an upcaster of what a process follows says something else": Refused(
        edit(f"{ORDERS}/events.py", '"payment_method": "card-on-file"', '"payment_method": "bill"'),
        "the upcaster of orders.OrderPlaced@1 was changed, but snapshots and rows were made with "
        "what it said before: take that back, or raise the `state_schema` of orders and the "
        "`generation` of order_history, order_search, placed_orders, sales, and give what checkout "
        "folds of it a field without a default; then, or if it says the same, write "
        '"upcaster": "…" for orders.OrderPlaced@1 in released.json.',
    ),
    "an event has a new schema and no upcaster": Refused(
        edit(
            f"{STOCK}/events.py",
            f"@PRODUCT_EVENTS.event()\n{QUANTITY}",
            f"@PRODUCT_EVENTS.event(schema=2)\n{QUANTITY}    by: str\n",
        ),
        "inventory.StockReceived has no upcaster from schema 1, but stores have older ones: put "
        "one under the class that says what they are read as (git has what was there).",
    ),
    "an upcaster forgets the new field": Refused(
        edit(
            f"{STOCK}/events.py",
            f"@PRODUCT_EVENTS.event()\n{QUANTITY}",
            f"@PRODUCT_EVENTS.event(schema=2)\n{QUANTITY}    by: str\n\n\n"
            "@PRODUCT_EVENTS.upcaster(StockReceived, schema=1)\n"
            "def _stock_received_1(data: Data) -> Data:\n    return data\n",
        ),
        "inventory.StockReceived@1 can't be read as it is stored: Unreadable: the stored data is "
        "not a StockReceived: Object missing required field `by` - at `$.stored`: mend its "
        'upcaster (data: {"sku":"book-1","quantity":5000}).',
    ),
    "an event goes back to an older schema": Refused(
        edit(f"{STOCK}/events.py", "@PRODUCT_EVENTS.event(schema=2)", "@PRODUCT_EVENTS.event()"),
        "inventory.StockReserved is at schema 1, but stores have it of schema 2: write schema=2, "
        "or schema=3 with an upcaster if it is another.",
    ),
    "a value of a closed set is renamed": Refused(
        edit(f"{ORDERS}/values.py", '"timed_out"', '"too_late"'),
        "orders.OrderRejected is still schema 1, but `reason` may not be 'timed_out'; `reason` may "
        "be 'too_late': write schema=2, and under the class an upcaster from schema 1 that says "
        "what old ones are read as.",
    ),
    "personal data is not marked any more": Refused(
        edit(
            f"{ORDERS}/events.py",
            '@ORDER_EVENTS.event(schema=2, personal={"address": "customer_id"})',
            "@ORDER_EVENTS.event(schema=2)",
        ),
        "orders.OrderPlaced does not mark `address` as personal data of `customer_id`, so what a "
        "cipher has sealed could not be opened: mark it again.",
    ),
    "states are others, of the same number": Refused(
        edit(
            f"{ORDERS}/order.py",
            '    """Can only be delivered."""\n',
            '    """Can only be delivered."""\n\n    note: str = ""\n',
        ),
        "the states of orders, or its `evolve`, changed: write state_schema=4, so that older "
        "snapshots are left alone; or, if the same events still lead to the same states, "
        'write "states": "…" for it in released.json.',
    ),
    "the number of states goes back": Refused(
        edit(f"{ORDERS}/order.py", "state_schema=3", "state_schema=2"),
        "the state_schema of orders is 2, but there are snapshots of 3: write state_schema=3, or 4 "
        "if states are others.",
    ),
    "claims are of another kind": Refused(
        edit(f"{SHOP}/customers/customer.py", 'Claim(kind="email"', 'Claim(kind="mail"'),
        CLAIMS.format(service="customers"),
    ),
    "what is claimed is told apart otherwise": Refused(
        edit(f"{SHOP}/customers/customer.py", ".casefold()", ".lower()"),
        CLAIMS.format(service="customers"),
    ),
    "what is recalled is claimed otherwise": Refused(
        edit(f"{STOCK}/product.py", 'kind="reservation end"', 'kind="end"'),
        CLAIMS.format(service="inventory"),
    ),
    "streams have another name": Refused(
        edit(f"{ORDERS}/order.py", 'category="order"', 'category="purchase"'),
        "the streams of orders are named order-<id>, and would be looked for as purchase-<id>: "
        'write category="order".',
    ),
    "a view folds otherwise in the same generation": Refused(
        edit(SALES, "day=recorded.at[:10]", "day=recorded.at[:7]"),
        "the folds of sales changed: write generation=2, so that its rows are made anew beside "
        "those there are, until `make rebuild VIEW=sales` switches; or, if the same events still "
        'lead to the same rows, write "folds": "…" for it in released.json.',
    ),
    "a process folds otherwise, and keeps its states": Refused(
        edit(CHECKOUT, "return replace(payment, captured=True)", "return payment"),
        "the fold of payment-<id> in checkout changed, but rows would keep what they have: give "
        "its state a field without a default, or rename one, so that it is folded anew; or, if the "
        'same events still lead to the same states, write "payment": "…" for it in released.json.',
    ),
    "a process is gone": Refused(
        edit(
            f"{SHOP}/checkout/__init__.py", "PROCESSES = [set_up_checkout]", "PROCESSES: list = []"
        ),
        "the process checkout is gone, but its rows have what it still has to do: bring it back, "
        "and let it want nothing new; once `make waiting` lists nothing of it, take its line, and "
        "those of what it sends, out of released.json.",
    ),
    "a message has a new field": Refused(
        edit(f"{STOCK}/commands.py", RESERVE, f"{RESERVE}    gift: bool = False\n"),
        "checkout would send inventory.ReserveStock as code of the last release does not take "
        "it, so that it would wait for ever after a rollback: `gift` is new: let the command "
        "take it (a new field with a default, in a class with omit_defaults=True), release, and "
        "send it from the next release on; or, if there is no way back anyway, take the line of "
        "inventory.ReserveStock out of released.json.",
    ),
    "what takes a message has another name": Refused(
        both(
            edit(GATEWAY, 'to="gateway"', 'to="bank"'),
            edit(GATEWAY, 'receivers={"gateway"', 'receivers={"bank"'),
        ),
        ASK_GONE,
    ),
    "a message of another name needs more": Refused(
        both(
            rename("AskGateway", "AskBank"),
            edit(GATEWAY, "    payment: str\n", "    payment: str\n    urgent: bool\n"),
            edit(GATEWAY, "AskBank(call", "AskBank(urgent=False, call"),
        ),
        ASK_GONE,
    ),
    "a message has a field that its receiver gets with the same release": Refused(
        both(
            edit(f"{PAYMENTS}/commands.py", AUTHORISE, f"{AUTHORISE}    gift: bool = False\n"),
            edit(CHECKOUT, "payments.AuthorisePayment(\n", "payments.AuthorisePayment(gift=True,"),
        ),
        "checkout would send payments.AuthorisePayment as code of the last release does not "
        "take it, so that it would wait for ever after a rollback: `gift` is new: let the "
        "command take it (a new field with a default, in a class with omit_defaults=True), "
        "release, and send it from the next release on; or, if there is no way back anyway, "
        "take the line of payments.AuthorisePayment out of released.json.",
    ),
    "a message that is named by its module has such a field": Refused(
        both(
            edit(f"{PAYMENTS}/commands.py", AUTHORISE, f"{AUTHORISE}    gift: bool = False\n"),
            edit(
                CHECKOUT,
                "payments.AuthorisePayment(\n",
                "payments.commands.AuthorisePayment(gift=True,",
            ),
        ),
        "checkout would send payments.AuthorisePayment as code of the last release does not "
        "take it, so that it would wait for ever after a rollback: `gift` is new: let the "
        "command take it (a new field with a default, in a class with omit_defaults=True), "
        "release, and send it from the next release on; or, if there is no way back anyway, "
        "take the line of payments.AuthorisePayment out of released.json.",
    ),
    "a command needs a new field": Refused(
        edit(f"{ORDERS}/commands.py", CANCEL, f"{CANCEL}    by: str\n"),
        "orders.CancelOrder would not be what it was for who sends it as before (POST "
        "/orders/{id}/cancel): `by` is new, and required: keep what was there, and give what is "
        "new a default; or, if nobody sends it so, take its line out of released.json.",
    ),
    "what is left out of a command means something else": Refused(
        edit(f"{ORDERS}/commands.py", '= "card-on-file"', '= "invoice"'),
        "orders.PlaceOrder would not be what it was for who sends it as before (POST /orders): "
        '`payment_method` is "invoice" where it is left out, and was "card-on-file": keep what was '
        "there, and give what is new a default; or, if nobody sends it so, take its line out of "
        "released.json.",
    ),
    "a command is renamed": Refused(
        rename("CancelOrder", "CallOffOrder"),
        "`POST /orders/{id}/cancel` is for orders.CallOffOrder, and was for orders.CancelOrder; a "
        "command's name is part of what a repeat is known by: keep it, with the class; or, if "
        "nobody calls it, take its line out of released.json.",
    ),
    "a route is gone": Refused(
        both(
            edit(
                "functions/orders_commands/handler.py",
                '            "POST /orders/{id}/deliver": '
                'changes(commands, orders.DeliverOrder, "order_id"),\n',
                "",
            ),
        ),
        "`POST /orders/{id}/deliver` is gone, but callers know it: bring it back; or, if nobody "
        "calls it, take its line out of released.json.",
    ),
    "a route is open to fewer": Refused(
        edit(
            ROUTES,
            '"PUT /orders/{id}/address"  = { function = "orders_commands", role = "customer" }',
            '"PUT /orders/{id}/address"  = { function = "orders_commands", role = "staff" }',
        ),
        "`PUT /orders/{id}/address` is open to staff, and was to customer: open it as it was, and "
        "what is new at a route of its own; or, if nobody calls it, take its line out of "
        "released.json.",
    ),
    "what a customer has one of has another id": Refused(
        edit("functions/customers_commands/handler.py", "                one_each=True,\n", ""),
        "`POST /customers` does not open one each any more, under the id of the caller's account, "
        "so who has one gets another, and would look for it: keep one_each=True; or, if nobody "
        "calls it, take its line out of released.json.",
    ),
    "a refusal has another code": Refused(
        edit(f"{ORDERS}/order.py", '"order_is_shipped"', '"order_was_shipped"'),
        "orders does not refuse with `order_is_shipped` any more, but callers and processes know "
        "refusals by their codes: keep the code, whatever the class is called; or, if nobody acts "
        "on it, take it out of released.json.",
    ),
    "a refusal is another error": Refused(
        edit(f"{STOCK}/product.py", "class OutOfStock(Refused)", "class OutOfStock(NotFound)"),
        "inventory refuses with `out_of_stock` as NotFound, and did as Refused, but that is the "
        "status that callers get, and whether a process sends again: let it be what it was; or, if "
        "nobody acts on it, take it out of released.json.",
    ),
    "a refusal is to be sent again": Refused(
        edit(
            f"{STOCK}/product.py",
            'code = "out_of_stock"\n',
            'code = "out_of_stock"\n    retryable = True\n',
        ),
        "inventory refuses with `out_of_stock` as Refused, to be sent again, and did as Refused, "
        "but that is the status that callers get, and whether a process sends again: let it be "
        "what it was; or, if nobody acts on it, take it out of released.json.",
    ),
    "what was an id is none any more": Refused(
        edit(f"{SHOP}/kernel.py", r'_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*"', r'_ID = r"[a-z0-9-]+"'),
        "`orders.order_id` may not be 'a.a' any more, so what has such an id could not be reached: "
        "let its rule take what it took.",
    ),
}

HARMLESS: dict[str, Change] = {
    "a type of another name that is the same as JSON": edit(
        f"{PAYMENTS}/events.py",
        "    customer_id: CustomerId | None\n",
        "    customer_id: str | None\n",
    ),
    "a new event": edit(
        f"{STOCK}/events.py",
        "ProductEvent = (\n",
        "@PRODUCT_EVENTS.event()\nclass StockCounted(Value):\n    sku: Sku\n\n\nProductEvent = (\n",
    ),
    "a field of an event, as the recipe has it": recipe("A field of an event"),
    "a new command": recipe("A command"),
    "a new view": recipe("A view"),
    "a new function": recipe("A function"),
    "a new service": recipe("A service"),
    "a rule of a command is tightened": edit(
        f"{SHOP}/kernel.py", "between(1, 1_000)", "between(1, 10)"
    ),
    "a command may have a new field": edit(
        f"{ORDERS}/commands.py", CANCEL, f"{CANCEL}    by: str | None = None\n"
    ),
    "a command takes a field that nobody sends yet": edit(
        f"{PAYMENTS}/commands.py", AUTHORISE, f"{AUTHORISE}    gift: bool = False\n"
    ),
    "a view of another generation": both(
        edit(SALES, "day=recorded.at[:10]", "day=recorded.at[:7]"),
        edit(SALES, "counted=counted", "counted=counted, generation=2"),
    ),
    "states of another number": both(
        edit(
            f"{ORDERS}/order.py",
            '    """Can only be delivered."""\n',
            '    """Can only be delivered."""\n\n    note: str = ""\n',
        ),
        edit(f"{ORDERS}/order.py", "state_schema=3", "state_schema=4"),
    ),
    "a process whose rows are folded anew": both(
        edit(CHECKOUT, SEEN, f"{SEEN}    placed_at: str\n"),
        edit(CHECKOUT, "stage=Stage.OPEN,\n", "stage=Stage.OPEN, placed_at=recorded.at,\n"),
    ),
    "a process decides otherwise": edit(CHECKOUT, "detail[:500]", "detail[:400]"),
    "a message of another name, of what is no service": rename("AskGateway", "AskBank"),
    "a rule is written otherwise, and a state has a method": both(
        edit(
            f"{STOCK}/product.py", "if quantity > product.available:", "if product.lacks(quantity):"
        ),
        edit(
            f"{STOCK}/product.py",
            "        return self.on_hand - self.reserved\n",
            "        return self.on_hand - self.reserved\n\n"
            "    def lacks(self, quantity: int) -> bool:\n"
            "        return quantity > self.available\n",
        ),
        edit(f"{STOCK}/product.py", "state_schema=1", "state_schema=2"),
    ),
    "a role may more": edit(
        ROUTES,
        '"GET /orders"                = { function = "storefront_queries", role = "staff" }',
        '"GET /orders"                = { function = "storefront_queries", role = "customer" }',
    ),
    "fields in another order, and other words": edit(
        f"{STOCK}/events.py",
        QUANTITY,
        'class StockReceived(Value):\n    """It is here."""\n\n'
        "    quantity: Received\n    sku: Sku\n",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused(clone: Clone, what: str) -> None:
    change, sentence = REFUSED[what]
    change(clone)

    said = clone.told(CHECK)

    assert f"- {sentence}" in re.sub(r'": "[0-9a-f]{8}"', '": "…"', said).splitlines()


@pytest.mark.parametrize("what", HARMLESS)
def test_passes(clone: Clone, what: str) -> None:
    HARMLESS[what](clone)

    assert clone.told(CHECK) == ""


FIELD = recipe("A field of an event")
RELEASE = "scripts.release release"
FILE = "tests/shop/released.json"


def released(clone: Clone) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((clone.folder / FILE).read_text())
    return found


def test_a_release_notes_what_is_new_and_keeps_what_older_schemas_were(clone: Clone) -> None:
    before = released(clone)["events"]["inventory.PriceChanged@1"]
    FIELD(clone)

    said = clone.bash(f"{sys.executable} -m {RELEASE}")

    events = released(clone)["events"]
    assert events["inventory.PriceChanged@1"]["fields"] == before["fields"]
    assert events["inventory.PriceChanged@2"]["fields"]["was"] == {"or null": "whole number"}
    assert said.startswith("One-way door: inventory.PriceChanged of schema 2 is new: ")


def test_what_was_released_once_is_held_against_what_comes_after_it(clone: Clone) -> None:
    FIELD(clone)
    assert clone.told(RELEASE) == ""
    edit(f"{STOCK}/events.py", "    was: Money | None\n", "")(clone)

    assert "- inventory.PriceChanged is still schema 2, but `was` is gone" in clone.told(CHECK)


def test_what_is_refused_is_not_released(clone: Clone) -> None:
    before = released(clone)
    REFUSED["an event is renamed"].change(clone)

    assert "not to be released so" in clone.told(RELEASE)
    assert released(clone) == before


def test_a_digest_that_a_person_wrote_is_taken(clone: Clone) -> None:
    edit(SALES, '"units": line.quantity', '"units": 1 * line.quantity')(clone)
    (digest,) = re.findall('"counted": "(.*?)"', clone.told(CHECK))

    before = released(clone)["views"]["sales"]["counted"]
    edit(FILE, before, digest)(clone)

    assert clone.told(CHECK) == ""


def test_without_the_file_nothing_is_checked_as_if_all_were_well(clone: Clone) -> None:
    (clone.folder / FILE).unlink()
    assert "get the file back from git; else `make release` writes" in clone.told(CHECK)

    assert clone.told(RELEASE, CHECK) == ""


def test_a_route_that_nobody_calls_is_let_go_by_its_line(clone: Clone) -> None:
    REFUSED["a route is gone"].change(clone)
    path = clone.folder / FILE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(one for one in lines if '"POST /orders/{id}/deliver"' not in one))

    assert clone.told(CHECK) == ""
