"""What everything costs: AWS calls, and DynamoDB's units, counted on moto.

These numbers are promises. Who changes one changes what the system costs and how long it takes.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.entrypoints.facts import facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.process_followers import PAGE
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import EventStore
from cqrs.history.events import Instant
from cqrs.read.consistency import Reader, Token
from cqrs.read.joiner import Joiner
from cqrs.write.aggregates import SNAPSHOT_INTERVAL, Aggregates
from cqrs.write.commands import CommandHandler
from domain.customers import CUSTOMER, ChangeEmail, EmailTaken, RegisterCustomer
from domain.inventory import (
    PRODUCT,
    ReceiveStock,
    RegisterProduct,
    ReleaseStock,
    ReservationIsOver,
    ReserveStock,
    ShipStock,
)
from domain.orders import (
    ORDER,
    Address,
    CancelOrder,
    ChangeAddress,
    Currency,
    Line,
    OrderAlreadyPlaced,
    OrderId,
    PlaceOrder,
    SkuOnTwoLines,
)
from domain.storefront import (
    BY_CUSTOMER,
    CUSTOMER_LOOKUPS,
    ORDER_HISTORY,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
)
from tests.library.integration.counted import Counted
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_process_store,
    create_view_store,
)
from tests.library.payloads import http
from tests.library.processes import TRIPS, Dropped, Wished, World

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


@dataclass
class Inventory:
    aws: Counted
    commands: CommandHandler[Any, Any, Any]
    sent: int = field(default=0)

    def send(self, command: object, *, opens: bool = False) -> None:
        self.sent += 1
        self.commands.handle("book-1", command, envelope(f"send-{self.sent}"), opens=opens)


@dataclass
class Shop:
    aws: Counted
    store: DynamoDbEventStore
    rows: DynamoDbRows
    commands: CommandHandler[Any, Any, Any]
    follower: Follower
    reader: Reader
    placed: int = field(default=0)

    def place(self, key: str = "", *, order: str = "", lines: tuple[Line, ...] = LINES) -> str:
        self.placed += 1
        order = order or f"o{self.placed}"
        command = PlaceOrder(
            order_id=OrderId(order),
            customer_id="c-1",
            currency=Currency.EUR,
            lines=lines,
            address=VIENNA,
        )
        self.commands.handle(order, command, envelope(key or f"place-{order}"), opens=True)
        return order

    def cancel(self, order: str, key: str = "cancel") -> int:
        command = CancelOrder(order_id=OrderId(order), reason="too late")
        return self.commands.handle(order, command, envelope(key)).version

    def move(self, order: str, number: int) -> None:
        there = replace(VIENNA, street=f"{number} Other Street")
        command = ChangeAddress(order_id=OrderId(order), address=there)
        self.commands.handle(order, command, envelope(f"move-{number}"))

    def commits(self, *orders: str) -> dict[str, list[Commit]]:
        return {f"order-{o}": list(self.store.read(f"order-{o}")) for o in orders}

    def follow(self, *orders: str) -> None:
        assert not self.follower.catch_up(self.commits(*orders)).failed


def envelope(key: str) -> Envelope:
    return Envelope(
        command_id=key.ljust(16, "-")[:16],
        command_type="PlaceOrder",
        fingerprint="fingerprint12345",
        actor="ada@example.com",
        correlation_id="JKJaXmPLvHcESHA=",
        causation_id="JKJaXmPLvHcESHA=",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )


@pytest.fixture
def shop(aws: None) -> Shop:
    counted = Counted()
    create_event_store(counted.client, "events")
    create_view_store(counted.client, "order_history")
    counted.start()
    store = DynamoDbEventStore("events", client=lambda: counted.client)
    return wired(counted, store, store)


def wired(aws: Counted, store: DynamoDbEventStore, deciding: EventStore) -> Shop:
    rows = DynamoDbRows("order_history", "order_history#1", ORDER_HISTORY.lists, lambda: aws.client)
    stores = dict.fromkeys(("order", "payment"), store)
    return Shop(
        aws=aws,
        store=store,
        rows=rows,
        commands=CommandHandler(deciding, ORDER, pause=lambda _: None),
        follower=Follower(ORDER_HISTORY, rows, stores),
        reader=Reader(ORDER_HISTORY, rows, stores),
    )


class Racing:
    """A store in which another writer is faster before each of the first appends."""

    def __init__(self, store: DynamoDbEventStore, winners: list[Any]) -> None:
        self._store = store
        self._winners = winners

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, *args: Any) -> None:
        if self._winners:
            self._winners.pop(0)()
        self._store.append(*args)


class TestCommands:
    def test_a_command_that_opens_a_stream_is_one_write(self, shop: Shop) -> None:
        shop.place()
        (put,) = shop.aws.taken()
        assert (put.operation, put.write_units) == ("PutItem", 1)

    def test_any_other_command_is_a_read_and_a_write(self, shop: Shop) -> None:
        order = shop.place()
        shop.aws.taken()
        shop.cancel(order)
        query, put = shop.aws.taken()
        assert (query.operation, put.operation, put.write_units) == ("Query", "PutItem", 1)
        assert query.request["ConsistentRead"]
        assert query.request["Limit"] == SNAPSHOT_INTERVAL + 1

    def test_a_command_with_nothing_to_do_is_a_read(self, shop: Shop) -> None:
        order = shop.place()
        shop.cancel(order)
        shop.aws.taken()
        shop.cancel(order, "again")
        assert shop.aws.names() == ["Query"]

    def test_an_opening_command_that_is_repeated_is_one_refused_write(self, shop: Shop) -> None:
        shop.place("key-1", order="7")
        shop.aws.taken()
        shop.place("key-1", order="7")
        assert shop.aws.names() == ["PutItem"]

    def test_opening_what_another_command_opened_is_a_refused_write_and_a_read(
        self, shop: Shop
    ) -> None:
        shop.place("key-1", order="7")
        shop.aws.taken()
        with pytest.raises(OrderAlreadyPlaced):
            shop.place("key-2", order="7")
        assert shop.aws.names() == ["PutItem", "Query"]

    def test_an_opening_command_that_breaks_a_rule_is_refused_after_a_read(
        self, shop: Shop
    ) -> None:
        line = Line(sku="pen", quantity=1, unit_price=99)
        with pytest.raises(SkuOnTwoLines):
            shop.place(lines=(line, line))
        assert shop.aws.names() == ["Query"]

    def test_any_other_command_that_is_repeated_is_a_read(self, shop: Shop) -> None:
        order = shop.place()
        shop.cancel(order, "key-1")
        shop.aws.taken()
        shop.cancel(order, "key-1")
        assert shop.aws.names() == ["Query"]

    def test_a_lost_race_costs_one_more_write_and_no_read(self, shop: Shop) -> None:
        order = shop.place()
        racing = Racing(shop.store, [lambda: shop.move(order, 1)])
        loser = wired(shop.aws, shop.store, racing)
        shop.aws.taken()
        assert loser.cancel(order) == 3
        the_other = ["Query", "PutItem"]
        assert shop.aws.names() == ["Query", *the_other, "PutItem", "PutItem"]

    def test_a_race_lost_again_costs_a_read_too(self, shop: Shop) -> None:
        order = shop.place()
        racing = Racing(shop.store, [lambda: shop.move(order, 1), lambda: shop.move(order, 2)])
        loser = wired(shop.aws, shop.store, racing)
        shop.aws.taken()
        assert loser.cancel(order) == 4
        the_other = ["Query", "PutItem"]
        assert shop.aws.names() == [
            "Query",
            *the_other,
            "PutItem",
            *the_other,
            "PutItem",
            "Query",
            "PutItem",
        ]

    def test_a_long_stream_costs_no_more_than_a_short_one(self, shop: Shop) -> None:
        order = shop.place()
        for n in range(3 * SNAPSHOT_INTERVAL):
            shop.move(order, n)
            shop.aws.taken()
        shop.cancel(order)
        assert shop.aws.names() == ["Query", "PutItem"]

    def test_an_append_is_conditional_and_brings_back_who_won(self, shop: Shop) -> None:
        shop.place()
        (put,) = shop.aws.taken()
        assert put.request["ConditionExpression"] == "attribute_not_exists(version)"
        assert put.request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


@pytest.fixture
def inventory(aws: None) -> Inventory:
    counted = Counted()
    create_event_store(counted.client, "events")
    create_guard_store(counted.client, "guards")
    counted.start()
    store = DynamoDbEventStore("events", "guards", client=lambda: counted.client)
    inventory = Inventory(counted, CommandHandler(store, PRODUCT, pause=lambda _: None))
    inventory.send(BOOK, opens=True)
    inventory.send(ReceiveStock(sku="book-1", quantity=100))
    counted.taken()
    return inventory


class TestGuards:
    def test_an_append_with_a_guard_is_one_transaction(self, inventory: Inventory) -> None:
        inventory.send(RESERVE)
        query, write = inventory.aws.taken()
        assert (query.operation, write.operation) == ("Query", "TransactWriteItems")
        own, guard = (action["Put"] for action in write.request["TransactItems"])
        assert (own["TableName"], guard["TableName"]) == ("events", "guards")
        assert own["ConditionExpression"] == "attribute_not_exists(version)"
        assert guard["ConditionExpression"] == "attribute_not_exists(guard)"
        assert {put["ReturnValuesOnConditionCheckFailure"] for put in (own, guard)} == {"ALL_OLD"}

    def test_an_append_without_a_guard_is_none(self, inventory: Inventory) -> None:
        inventory.send(RESERVE)
        inventory.aws.taken()
        inventory.send(ShipStock(sku="book-1", order_id=OrderId("7")))
        assert inventory.aws.names() == ["Query", "PutItem"]

    def test_a_command_that_is_guarded_costs_no_call_more(self, inventory: Inventory) -> None:
        inventory.send(ReceiveStock(sku="book-1", quantity=1))
        assert inventory.aws.names() == ["Query", "TransactWriteItems"]

    def test_what_another_stream_holds_is_refused_by_the_one_write(self, aws: None) -> None:
        counted = Counted()
        create_event_store(counted.client, "events")
        create_guard_store(counted.client, "guards")
        store = DynamoDbEventStore("events", "guards", client=lambda: counted.client)
        customers = CommandHandler(store, CUSTOMER, pause=lambda _: None)
        for customer in ("1", "2"):
            register = RegisterCustomer(
                customer_id=customer, name="Ada", email=f"ada{customer}@example.com"
            )
            customers.handle(customer, register, envelope(f"register-{customer}"), opens=True)
        change = ChangeEmail(customer_id="2", email="ada1@example.com")
        again = replace(register, customer_id="3")
        counted.start()

        with pytest.raises(EmailTaken):
            customers.handle("2", change, envelope("change"))
        assert counted.names() == ["Query", "TransactWriteItems"]
        with pytest.raises(EmailTaken):
            customers.handle("3", again, envelope("register-3"), opens=True)
        assert counted.names() == ["TransactWriteItems", "Query", "TransactWriteItems"]

    def test_what_the_own_stream_holds_is_a_read_more(self, inventory: Inventory) -> None:
        inventory.send(RESERVE)
        inventory.send(ReleaseStock(sku="book-1", order_id=OrderId("7")))
        inventory.aws.taken()
        with pytest.raises(ReservationIsOver):
            inventory.send(RESERVE)
        assert inventory.aws.names() == ["Query", "TransactWriteItems", "Query"]


class TestQueries:
    def test_a_row_is_one_read_at_half_the_price(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        shop.aws.taken()
        shop.reader.get(order, Token())
        (get,) = shop.aws.taken()
        assert get.operation == "GetItem"
        assert not get.request.get("ConsistentRead")

    def test_a_row_at_its_token_is_one_read(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        shop.aws.taken()
        shop.reader.get(order, Token({f"order-{order}": 1}))
        assert shop.aws.names() == ["GetItem"]

    def test_a_row_behind_its_token_is_two_reads_and_no_write(self, shop: Shop) -> None:
        order = shop.place()
        shop.follow(order)
        shop.cancel(order)
        shop.aws.taken()
        answer = shop.reader.get(order, Token({f"order-{order}": 2}))
        assert answer.rows[0].document
        assert answer.rows[0].document["status"] == "cancelled"
        assert shop.aws.names() == ["GetItem", "Query"]

    def test_a_list_is_one_read(self, shop: Shop) -> None:
        shop.follow(*(shop.place() for _ in range(5)))
        shop.aws.taken()
        answer = shop.reader.page(BY_CUSTOMER, "c-1", Token(), limit=3)
        assert len(answer.rows) == 3
        assert shop.aws.names() == ["Query"]

    def test_a_list_at_its_token_is_two_reads(self, shop: Shop) -> None:
        orders = [shop.place() for _ in range(5)]
        shop.follow(*orders)
        shop.aws.taken()
        token = Token({f"order-{order}": 1 for order in orders})
        shop.reader.page(BY_CUSTOMER, "c-1", token, limit=3)
        assert sorted(shop.aws.names()) == ["BatchGetItem", "Query"]

    def test_lookups_are_a_read_for_each_kind_however_many_rows_name_them(self, shop: Shop) -> None:
        joins = [(ORDER_WITH_CUSTOMER, CUSTOMER_LOOKUPS), (ORDER_WITH_TITLES, PRODUCT_LOOKUPS)]
        lookups = [
            (join, DynamoDbRows("order_history", view.name, (), lambda: shop.aws.client))
            for join, view in joins
        ]
        joiner = Joiner(lookups, dict.fromkeys(("customer", "product"), shop.store))
        shop.follow(*(shop.place() for _ in range(5)))
        shop.aws.taken()
        joiner.join(shop.reader.page(BY_CUSTOMER, "c-1", Token(), limit=5))
        assert shop.aws.names() == ["Query", "BatchGetItem", "BatchGetItem"]

    def test_a_list_behind_its_token_is_one_read_more_for_each_stream(self, shop: Shop) -> None:
        shop.follow(*(shop.place() for _ in range(3)))
        late = [shop.place(), shop.place()]
        shop.aws.taken()
        token = Token({f"order-{order}": 1 for order in late})
        answer = shop.reader.page(BY_CUSTOMER, "c-1", token, limit=10)
        assert len(answer.rows) == 5
        assert sorted(shop.aws.names()) == ["BatchGetItem", "Query", "Query", "Query"]


class TestFacts:
    def test_facts_of_many_are_a_read_for_each(self, shop: Shop) -> None:
        orders = [shop.place() for _ in range(3)]
        shop.aws.taken()
        facts = facts_of_many(
            Aggregates(shop.store, ORDER), lambda key, _: {"order_id": key}, "order", "orders"
        )
        query = {"order": ",".join(orders)}
        answer = HttpFunction({"GET /orders": facts})(http("GET /orders", query=query), None)
        assert answer["statusCode"] == 200
        assert shop.aws.names() == ["Query"] * 3


class TestFollowing:
    def test_a_batch_is_one_read_and_a_write_for_each_row(self, shop: Shop) -> None:
        orders = [shop.place() for _ in range(10)]
        for order in orders:
            for n in range(9):
                shop.move(order, n)
        hints = shop.commits(*orders)
        assert sum(map(len, hints.values())) == 100
        shop.aws.taken()

        report = shop.follower.catch_up(hints)

        assert sum(report.applied.values()) == 100
        names = shop.aws.names()
        assert names == ["BatchGetItem"] + ["PutItem"] * 10

    def test_a_batch_that_comes_again_is_one_read(self, shop: Shop) -> None:
        orders = [shop.place() for _ in range(10)]
        hints = shop.commits(*orders)
        shop.follower.catch_up(hints)
        shop.aws.taken()
        shop.follower.catch_up(hints)
        (load,) = shop.aws.taken()
        assert load.operation == "BatchGetItem"
        assert load.request["RequestItems"]["order_history"]["ConsistentRead"]

    def test_a_gap_is_one_read_of_the_store(self, shop: Shop) -> None:
        order = shop.place()
        for n in range(5):
            shop.move(order, n)
        last = shop.commits(order)[f"order-{order}"][-1]
        shop.aws.taken()
        report = shop.follower.catch_up({f"order-{order}": [last]})
        assert report.applied == {f"order-{order}": 6}
        assert shop.aws.names() == ["BatchGetItem", "Query", "PutItem"]

    def test_a_small_row_is_two_write_units_at_most(self, shop: Shop) -> None:
        order = shop.place()
        hints = shop.commits(order)
        shop.aws.taken()
        shop.follower.catch_up(hints)
        (put,) = [call for call in shop.aws.taken() if call.operation == "PutItem"]
        assert put.write_units <= 2


@pytest.fixture
def process(aws: None) -> tuple[Counted, World]:
    counted = Counted()
    create_process_store(counted.client, "trips")
    rows: Any = DynamoDbRows("trips", "trips#1", TRIPS.lists, lambda: counted.client)
    counted.start()
    return counted, World(rows=rows)


class TestProcesses:
    @pytest.mark.parametrize("steps", [0, 1, 2, 3])
    def test_each_step_that_is_answered_is_one_write_more(
        self, process: tuple[Counted, World], steps: int
    ) -> None:
        """The row with what is wanted, then with each answer and what it leads to."""
        aws, world = process
        after: list[str | None] = [None, "bed", "bath"]
        wishes = [
            Wished(what=w, after=a) for w, a in zip(("bed", "bath", "tea"), after, strict=True)
        ]
        commits = world.happens("trip-7", *wishes[:steps], Dropped(what="bell"))
        world.follower().catch_up({"trip-7": commits})
        assert len(world.works.heard) == steps
        assert aws.names() == ["BatchGetItem", "PutItem", *["PutItem"] * steps]

    def test_what_is_answered_together_is_written_together(
        self, process: tuple[Counted, World]
    ) -> None:
        aws, world = process
        world.wishes("7", "bed", "bath", "tea", Wished(what="bell", seconds=60))
        world.visit("7")
        assert aws.names() == ["BatchGetItem", "PutItem", "PutItem"]

    def test_a_batch_that_comes_again_is_one_read(self, process: tuple[Counted, World]) -> None:
        aws, world = process
        commits = world.wishes("7", "bed")
        world.follower().catch_up({"trip-7": commits})
        aws.taken()
        world.follower().catch_up({"trip-7": commits})
        assert aws.names() == ["BatchGetItem"]

    def test_to_look_for_what_waits_where_nothing_does_is_one_read(
        self, process: tuple[Counted, World]
    ) -> None:
        aws, world = process
        world.wishes("7", "bed", Wished(what="bell", seconds=3_600))
        world.visit("7")
        aws.taken()
        assert world.deliver() == []
        assert aws.names() == ["Query"]

    def test_what_waits_is_found_page_by_page_and_delivered(
        self, process: tuple[Counted, World]
    ) -> None:
        aws, world = process
        world.works.trouble = {"bed": Unavailable("the works are down")}
        trips = [f"{n:03}" for n in range(PAGE + 5)]
        for trip in trips:
            world.wishes(trip, "bed")
        world.visit(*trips)
        assert sorted(world.waiting()) == trips
        aws.taken()
        world.works.trouble = {}

        reports = world.deliver()

        assert [report.delivered for report in reports] == [PAGE, 5]
        pages = [name for rows in (PAGE, 5) for name in ("BatchGetItem", *["PutItem"] * rows)]
        assert aws.names() == ["Query", *pages]
        assert world.waiting() == []


class TestSweeping:
    def test_a_sweep_of_what_is_up_to_date_is_scans_and_batch_reads(self, shop: Shop) -> None:
        orders = [shop.place() for _ in range(30)]
        shop.follow(*orders)
        shop.aws.taken()
        (swept,) = sweep(shop.store, [shop.follower])
        assert (swept.streams, swept.behind) == (30, {})
        assert shop.aws.names() == ["Scan", "BatchGetItem"]

    def test_a_sweep_reads_only_the_streams_that_are_behind(self, shop: Shop) -> None:
        orders = [shop.place() for _ in range(5)]
        shop.follow(*orders)
        shop.cancel(orders[2])
        shop.aws.taken()
        (swept,) = sweep(shop.store, [shop.follower])
        assert swept.behind == {"order_history": 1}
        assert shop.aws.names() == ["Scan", "BatchGetItem", "BatchGetItem", "Query", "PutItem"]

    def test_a_walk_reads_keys_only_at_half_the_price(self, shop: Shop) -> None:
        shop.place()
        shop.aws.taken()
        shop.store.heads()
        (scan,) = shop.aws.taken()
        assert scan.request["ProjectionExpression"] == "#stream, version"
        assert not scan.request.get("ConsistentRead")  # what it misses the next sweep finds

    def test_a_bookmark_is_one_call(self, shop: Shop) -> None:
        bookmarks = DynamoDbBookmarks("order_history", lambda: shop.aws.client)
        bookmarks.put("sweep/orders", "here")
        bookmarks.get("sweep/orders")
        assert shop.aws.names() == ["PutItem", "GetItem"]
