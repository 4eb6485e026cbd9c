"""What the shop's commands and queries cost: calls to DynamoDB and its units, counted on moto. (How
these follow from what the library does: tests/library/integration/test_costs_of_*.py.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.adapters.memory import MemoryEventStore
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.read.tokens import Token
from cqrs.testing.views import recorded
from cqrs.write.commands import CommandHandler
from cqrs.write.decider import Decider
from domain.customers import CUSTOMER, ChangeEmail, EmailTaken, RegisterCustomer
from domain.inventory import (
    PRODUCT,
    ReceiveStock,
    RegisterProduct,
    ReleaseStock,
    ReservationIsOver,
    ReserveStock,
    ShipStock,
    product,
)
from domain.kernel import Currency, OrderId
from domain.orders import ORDER, ORDER_EVENTS, Address, CancelOrder, Line, PlaceOrder
from domain.storefront import (
    BY_CUSTOMER,
    CUSTOMER_LOOKUPS,
    ORDER_HISTORY,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
    SALES,
)
from tests.library.integration.counted import Counted, envelope
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_tally_store,
    create_view_store,
)
from tests.shop.happened import confirmed, placed

VIENNA = Address(
    name="Ada Lovelace",
    street="1 Example Street",
    postal_code="1010",
    city="Vienna",
    country="AT",
)
LINES = (
    Line(sku="book-1", quantity=2, unit_price=1250),
    Line(sku="pen", quantity=1, unit_price=99),
)
BOOK = RegisterProduct(
    sku="book-1",
    title="On engines",
    description="Notes on a machine.",
    tags=(),
    price=1250,
    currency=Currency.EUR,
)
RESERVE = ReserveStock(
    sku="book-1", order_id=OrderId("7"), quantity=2, unit_price=1250, currency=Currency.EUR
)
ADA = RegisterCustomer(customer_id="ada", name="Ada", email="ada@example.com")


@dataclass
class Service:
    """A service on DynamoDB, with every call counted."""

    decider: Decider[Any, Any, Any]
    aws: Counted = field(default_factory=Counted)
    sent: int = 0

    def __post_init__(self) -> None:
        create_event_store(self.aws.client, "events")
        create_guard_store(self.aws.client, "guards")
        self.store = DynamoDbEventStore("events", "guards", client=lambda: self.aws.client)
        # as in a function that has just started, with each command
        self.commands = CommandHandler(
            self.store, self.decider, pause=lambda _: None, remembered_bytes=0
        )
        self.aws.start()

    def send(self, entity: str, command: object, *, opens: bool = False) -> None:
        self.sent += 1
        self.commands.handle(entity, command, envelope(f"send-{self.sent}"), opens=opens)

    def place(self, order: str) -> None:
        command = PlaceOrder(
            order_id=OrderId(order),
            customer_id="c-1",
            currency=Currency.EUR,
            lines=LINES,
            address=VIENNA,
        )
        self.send(order, command, opens=True)


@pytest.mark.usefixtures("aws")
class TestCommands:
    def test_placing_an_order_is_one_write_and_cancelling_it_a_read_and_a_write(self) -> None:
        orders = Service(ORDER)
        orders.place("7")
        (put,) = orders.aws.taken()
        assert (put.operation, put.write_units) == ("PutItem", 1)

        orders.send("7", CancelOrder(order_id=OrderId("7"), reason="too late"))
        query, put = orders.aws.taken()
        assert (query.operation, put.operation, put.write_units) == ("Query", "PutItem", 1)

    def test_receiving_and_reserving_are_guarded_and_shipping_is_not(self) -> None:
        inventory = Service(PRODUCT)
        inventory.send("book-1", BOOK, opens=True)
        inventory.aws.taken()
        for command in (ReceiveStock(sku="book-1", quantity=100), RESERVE):
            inventory.send("book-1", command)
            assert inventory.aws.names() == ["Query", "TransactWriteItems"]

        inventory.send("book-1", ShipStock(sku="book-1", order_id=OrderId("7")))
        assert inventory.aws.names() == ["Query", "PutItem"]

    def test_a_reservation_that_comes_too_late_is_refused_by_its_guard(self) -> None:
        inventory = Service(PRODUCT)
        inventory.send("book-1", BOOK, opens=True)
        inventory.send("book-1", ReceiveStock(sku="book-1", quantity=100))
        inventory.send("book-1", RESERVE)
        inventory.send("book-1", ReleaseStock(sku="book-1", order_id=OrderId("7")))
        inventory.aws.taken()
        with pytest.raises(ReservationIsOver):
            inventory.send("book-1", RESERVE)
        assert inventory.aws.names() == ["Query", "TransactWriteItems", "Query"]

    def test_with_many_open_reservations_one_is_looked_up_and_its_end_is_guarded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(product, "MOST_LISTED", 0)
        inventory = Service(PRODUCT)
        inventory.send("book-1", BOOK, opens=True)
        inventory.send("book-1", ReceiveStock(sku="book-1", quantity=100))
        for order in "89":
            inventory.send("book-1", replace(RESERVE, order_id=OrderId(order)))
        inventory.aws.taken()

        inventory.send("book-1", RESERVE)  # a claim that is free
        assert inventory.aws.names() == ["Query", "GetItem", "TransactWriteItems"]

        inventory.send("book-1", ShipStock(sku="book-1", order_id=OrderId("7")))
        looked_up = ["Query", "GetItem", "Query"]
        assert inventory.aws.names() == [*looked_up, "TransactWriteItems"]

        before = inventory.store.read("product-book-1")
        inventory.aws.taken()
        inventory.send("book-1", ReleaseStock(sku="book-1", order_id=OrderId("7")))
        assert inventory.aws.names() == [*looked_up, "TransactWriteItems", "Query"]
        with pytest.raises(ReservationIsOver):
            inventory.send("book-1", RESERVE)
        assert inventory.aws.names() == [*looked_up, "GetItem", "Query"]
        assert inventory.store.read("product-book-1") == before

    def test_an_address_that_is_taken_is_refused_by_the_one_write(self) -> None:
        customers = Service(CUSTOMER)
        bob = replace(ADA, customer_id="bob", email="bob@example.com")
        for customer in (ADA, bob):
            customers.send(customer.customer_id, customer, opens=True)
            assert customers.aws.names() == ["TransactWriteItems"]

        with pytest.raises(EmailTaken):
            customers.send("bob", ChangeEmail(customer_id="bob", email=ADA.email))
        assert customers.aws.names() == ["Query", "TransactWriteItems"]
        with pytest.raises(EmailTaken):
            customers.send("eve", replace(ADA, customer_id="eve"), opens=True)
        assert customers.aws.names() == ["TransactWriteItems", "Query", "TransactWriteItems"]


def hints(commits: Sequence[Commit]) -> dict[str, list[Commit]]:
    return {commit.stream: [commit] for commit in commits}


@pytest.mark.usefixtures("aws")
class TestViews:
    def test_a_page_of_orders_with_names_and_titles_is_two_reads(self) -> None:
        orders = Service(ORDER)

        def rows(name: str, lists: Any = ()) -> DynamoDbRows:
            create_view_store(orders.aws.client, name)
            return DynamoDbRows(name, f"{name}#1", lists, lambda: orders.aws.client)

        history = rows("order_history", ["customer"])
        stores = dict.fromkeys(("order", "payment", "customer", "product"), orders.store)
        for n in range(5):
            orders.place(str(n))
        told = hints([one for n in range(5) for one in orders.store.read(f"order-{n}")])
        joins = [(ORDER_WITH_CUSTOMER, CUSTOMER_LOOKUPS), (ORDER_WITH_TITLES, PRODUCT_LOOKUPS)]
        joiner = Joiner([(join, rows(view.name)) for join, view in joins], stores)
        orders.aws.taken()

        Follower(ORDER_HISTORY, history, stores).catch_up(told)
        load, *puts = orders.aws.taken()
        assert load.operation == "BatchGetItem"
        assert max(put.write_units for put in puts) <= 2

        page = Reader(ORDER_HISTORY, history, stores).page(BY_CUSTOMER, "c-1", Token(), limit=5)
        assert len(joiner.join(page).rows) == 5
        assert orders.aws.names() == ["Query", "BatchGetItem"]

    def test_sales_of_the_same_products_on_a_day_are_one_read_and_one_transaction(self) -> None:
        counted = Counted()
        create_tally_store(counted.client, "sales")
        counted.start()
        rows = DynamoDbTallies("sales", "sales#1", [], lambda: counted.client)
        sold = {
            f"order-{n}": recorded(ORDER_EVENTS, f"order-{n}", placed, confirmed) for n in range(10)
        }

        Follower(SALES, rows, {"order": MemoryEventStore()}).catch_up(sold)

        load, write = counted.taken()
        assert load.operation == "BatchGetItem"
        actions = [name for action in write.request["TransactItems"] for name in action]
        assert actions == ["Put"] * 10 + ["Update"] * 2
        cells = rows.cells("2026-01", "2026-01-01", "2026-01-31~", None, 100)
        assert {cell.sort: dict(numbers) for cell, numbers in cells.items()} == {
            "2026-01-01/book-1/EUR": {"units": 20, "revenue": 25_000},
            "2026-01-01/pen/EUR": {"units": 10, "revenue": 990},
        }
