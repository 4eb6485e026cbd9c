"""Every event that was ever stored, in every schema it was ever stored in, can still be read.

`tests/shop/fixtures/history/<context>.<event>.<schema>.json` is what the store holds. Such a file
is written once, when an event or a schema is new, and never changed.
"""

import importlib
import json
import pkgutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import domain
from cqrs import plain
from cqrs.history.events import EventCodec, EventTypes
from domain.customers import CustomerEmailChanged, CustomerRegistered, CustomerRenamed
from domain.inventory import (
    PriceChanged,
    ProductRegistered,
    ReservationBarred,
    StockReceived,
    StockReleased,
    StockReserved,
    StockShipped,
)
from domain.orders import (
    Address,
    Currency,
    Line,
    OrderAddressChanged,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderId,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    Paid,
    RejectReason,
    Reserved,
)
from domain.payments import (
    AuthorisationRequested,
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)

HISTORY = Path(__file__).parents[2] / "fixtures" / "history"

SEVEN = OrderId("7")
VIENNA = Address(
    name="Zoë Example",
    street="1 Example Street",
    postal_code="1010",
    city="Vienna",
    country="AT",
)
PLACED = OrderPlaced(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(
        Line(sku="book-1", quantity=2, unit_price=1250),
        Line(sku="pen", quantity=1, unit_price=0),
    ),
    address=VIENNA,
    payment_method="invoice",
)

EXPECTED: dict[str, object] = {
    "orders.OrderPlaced.1": replace(PLACED, payment_method="card-on-file"),
    "orders.OrderPlaced.2": PLACED,
    "orders.OrderAddressChanged.1": OrderAddressChanged(
        order_id=SEVEN, customer_id="c-1", address=VIENNA
    ),
    "orders.OrderCancelled.1": OrderCancelled(order_id=SEVEN, reason="too late"),
    "orders.OrderConfirmed.1": OrderConfirmed(
        order_id=SEVEN,
        reserved=(Reserved(sku="book-1", quantity=2), Reserved(sku="pen", quantity=1)),
        paid=Paid(amount=2500, currency=Currency.EUR, reference="gateway-1"),
    ),
    "orders.OrderRejected.1": OrderRejected(
        order_id=SEVEN, reason=RejectReason.PAYMENT_DECLINED, detail="The card was declined."
    ),
    "orders.OrderShipped.1": OrderShipped(order_id=SEVEN),
    "orders.OrderDelivered.1": OrderDelivered(order_id=SEVEN),
    "payments.AuthorisationRequested.1": AuthorisationRequested(
        order_id=SEVEN, amount=2500, currency=Currency.EUR, method="invoice"
    ),
    "payments.PaymentAuthorised.1": PaymentAuthorised(order_id=SEVEN, reference="gateway-1"),
    "payments.PaymentDeclined.1": PaymentDeclined(order_id=SEVEN, reason="The card was declined."),
    "payments.CaptureRequested.1": CaptureRequested(order_id=SEVEN),
    "payments.PaymentCaptured.1": PaymentCaptured(order_id=SEVEN, reference="gateway-2"),
    "payments.VoidRequested.1": VoidRequested(order_id=SEVEN),
    "payments.PaymentVoided.1": PaymentVoided(order_id=SEVEN),
    "payments.RefundRequested.1": RefundRequested(order_id=SEVEN),
    "payments.PaymentRefunded.1": PaymentRefunded(order_id=SEVEN, reference="gateway-3"),
    "customers.CustomerRegistered.1": CustomerRegistered(
        customer_id="c-1", name="Zoë Example", email="Zoe@Example.com"
    ),
    "customers.CustomerRenamed.1": CustomerRenamed(customer_id="c-1", name="Zoë Sample"),
    "customers.CustomerEmailChanged.1": CustomerEmailChanged(
        customer_id="c-1", email="zoë@example.org"
    ),
    "inventory.ProductRegistered.1": ProductRegistered(
        sku="book-1",
        title="Käfer & Co",
        description="A field guide.",
        tags=("nature", "für Kinder"),
        price=1250,
        currency=Currency.EUR,
    ),
    "inventory.PriceChanged.1": PriceChanged(sku="book-1", price=1300),
    "inventory.StockReceived.1": StockReceived(sku="book-1", quantity=5000),
    "inventory.StockReserved.1": StockReserved(sku="book-1", order_id=SEVEN, quantity=2),
    "inventory.StockReleased.1": StockReleased(sku="book-1", order_id=SEVEN, quantity=2),
    "inventory.ReservationBarred.1": ReservationBarred(sku="book-1", order_id=SEVEN),
    "inventory.StockShipped.1": StockShipped(sku="book-1", order_id=SEVEN, quantity=2),
}
"""What each file is read as today: always the event in its current schema."""


@cache
def registries() -> dict[str, EventTypes]:
    """The event types of every context, found by looking into all modules of all domains."""
    found: dict[str, EventTypes] = {}
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, EventTypes):
                assert found.setdefault(value.context, value) is value, (
                    f"two registries are called '{value.context}'"
                )
    return found


def files() -> dict[str, Path]:
    return {path.stem: path for path in HISTORY.glob("*.json")}


def needed() -> set[str]:
    return {
        f"{context}.{name}.{schema}"
        for context, types in registries().items()
        for name, newest in types.schemas().items()
        for schema in range(1, newest + 1)
    }


def current() -> set[str]:
    return {
        f"{context}.{name}.{schema}"
        for context, types in registries().items()
        for name, schema in types.schemas().items()
    }


def stored(name: str) -> Any:
    return json.loads(files()[name].read_text())


def codec(name: str) -> EventCodec:
    return EventCodec(registries()[name.partition(".")[0]])


each_file = pytest.mark.parametrize("name", sorted(files()))


def test_every_schema_of_every_event_has_a_golden_file() -> None:
    missing = sorted(needed() - files().keys())
    folder = HISTORY.relative_to(HISTORY.parents[3]).as_posix()
    assert not missing, (
        f"no golden file for {', '.join(missing)}. For each, write what the store holds of such an "
        f'event to {folder}/<context>.<event>.<schema>.json, as {{"type", "schema", "data"}}: '
        "`EventCodec(<its registry>).encode(event)` makes it for the current schema, what is in "
        "git or in a store has it for an older one. Then say in EXPECTED, in this test, which "
        "event it is read as. Leave the files of older schemas as they are."
    )


def test_every_golden_file_is_known_to_a_registry() -> None:
    unknown = sorted(files().keys() - needed())
    assert not unknown, (
        f"no registry knows {', '.join(unknown)}. What was stored once is stored for ever: keep "
        "the event under its old name, with an upcaster for each older schema."
    )


def test_every_golden_file_has_an_event_that_it_is_expected_to_be() -> None:
    assert sorted(EXPECTED) == sorted(files())


@each_file
def test_what_was_stored_is_read_as_the_event_it_was(name: str) -> None:
    assert name in EXPECTED, f"say in EXPECTED what {name}.json is read as"
    assert codec(name).decode(stored(name)) == EXPECTED[name]


@each_file
def test_a_golden_file_holds_what_its_name_says(name: str) -> None:
    _, event, schema = name.split(".")
    assert (stored(name)["type"], stored(name)["schema"]) == (event, int(schema))


@pytest.mark.parametrize("name", sorted(current() & files().keys()))
def test_what_is_stored_today_is_what_the_file_of_the_current_schema_holds(name: str) -> None:
    assert plain.to_json(codec(name).encode(EXPECTED[name])) == plain.to_json(stored(name))
