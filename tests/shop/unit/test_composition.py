"""Orders composed by the services' own functions, and by the views: one answer, two ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.entrypoints.compositions import composed_page_of, composed_row_of
from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import in_query, page_of, row_of
from cqrs.follow.followers import Follower
from cqrs.history.events import EventTypes
from cqrs.read.compositions import Composition, Reply
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.testing.views import recorded
from cqrs.views.rows import RowView
from cqrs.write.aggregates import Aggregates
from domain.customers import CUSTOMER, CUSTOMER_EVENTS, CustomerRegistered, customer_facts
from domain.inventory import PRODUCT, PRODUCT_EVENTS, ProductRegistered, product_facts
from domain.kernel import Currency, OrderId
from domain.orders import (
    BY_CUSTOMER,
    ORDER_EVENTS,
    PLACED_ORDERS,
    Address,
    Line,
    OrderConfirmed,
    OrderPlaced,
    Paid,
    Reserved,
)
from domain.payments import (
    PAYMENT,
    PAYMENT_EVENTS,
    AuthorisationRequested,
    PaymentAuthorised,
    payment_facts,
)
from domain.storefront import (
    CUSTOMER_LOOKUPS,
    ORDER_HISTORY,
    ORDER_WITH_CUSTOMER,
    ORDER_WITH_TITLES,
    PRODUCT_LOOKUPS,
    composed_order,
    composed_orders,
)
from tests.library.payloads import http
from tests.library.unit.entrypoints.asking import Answer, ask, pages, refused, token

ORDER = "GET /orders/{id}"
ORDERS = "GET /customers/{id}/orders"
EUR = Currency.EUR

ADA = CustomerRegistered(customer_id="c-1", name="Ada", email="ada@example.com")
BOOK = ProductRegistered(
    sku="book-1", title="On engines", description="", tags=(), price=1300, currency=EUR
)


@dataclass
class World:
    """Four services, in this process; also the services that a composition asks."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    placed_orders: MemoryRows = field(default_factory=MemoryRows)

    @cached_property
    def stores(self) -> dict[str, Any]:
        return dict.fromkeys(("customer", "order", "payment", "product"), self.store)

    @cached_property
    def services(self) -> HttpFunction:
        orders = Reader(PLACED_ORDERS, self.placed_orders, self.stores)
        customers = Aggregates(self.store, CUSTOMER)
        products = Aggregates(self.store, PRODUCT)
        payments = Aggregates(self.store, PAYMENT)
        of_customer = in_query("customer")
        return HttpFunction(
            {
                "GET /order-facts/{id}": row_of(orders, "order"),
                "GET /order-facts": page_of(
                    orders, BY_CUSTOMER, "orders", partition_in=of_customer
                ),
                "GET /customers/{id}": facts_of(customers, customer_facts, "customer"),
                "GET /products": facts_of_many(products, product_facts, "sku", "products"),
                "GET /payments/{id}": facts_of(payments, payment_facts, "payment"),
                "GET /payments": facts_of_many(payments, payment_facts, "order", "payments"),
            }
        )

    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        url = urlsplit(path)
        _, service, *key = url.path.split("/")
        route = f"GET /{service}" + "/{id}" * len(key)
        query = dict(parse_qsl(url.query))
        event = http(route, id=key[0] if key else None, query=query, headers=headers)
        answer = ask(self.services, event)
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status, answer.text.encode(), found)

    def composed(self, route: str, key: str, **request: Any) -> Answer:
        composition = Composition(self, 10)
        routes = {
            ORDER: composed_row_of(composition, composed_order),
            ORDERS: composed_page_of(composition, composed_orders),
        }
        return ask(HttpFunction(routes), http(route, id=key, **request))

    def viewed(self, route: str, key: str) -> Any:
        """What the views answer to the same question, once they have seen everything."""
        history = Reader(ORDER_HISTORY, self._followed(ORDER_HISTORY), self.stores)
        lookups = [
            (ORDER_WITH_CUSTOMER, self._followed(CUSTOMER_LOOKUPS)),
            (ORDER_WITH_TITLES, self._followed(PRODUCT_LOOKUPS)),
        ]
        joiner = Joiner(lookups, self.stores)
        routes = {
            ORDER: row_of(history, "order", joiner),
            ORDERS: page_of(history, BY_CUSTOMER, "orders", joiner),
        }
        return ask(HttpFunction(routes), http(route, id=key)).body

    def _followed(self, view: RowView) -> MemoryRows:
        rows = MemoryRows()
        hints = dict.fromkeys(self.store.heads().versions, ())
        assert not Follower(view, rows, self.stores).catch_up(hints).failed
        return rows

    def happens(self, types: EventTypes, stream: str, *events: object) -> None:
        for commit in recorded(types, stream, *events):
            self.store.append(commit, "")

    def order(self, order_id: str, *, followed: bool = True) -> None:
        """An order of Ada's that is paid and confirmed."""
        known = OrderId(order_id)
        placed = OrderPlaced(
            order_id=known,
            customer_id="c-1",
            currency=EUR,
            lines=(Line(sku="book-1", quantity=2, unit_price=1250),),
            address=Address(name="A", street="S", postal_code="1", city="Vienna", country="AT"),
            payment_method="card-on-file",
        )
        confirmed = OrderConfirmed(
            order_id=known,
            reserved=(Reserved(sku="book-1", quantity=2),),
            paid=Paid(amount=2500, currency=EUR, reference="auth-1"),
        )
        asked = AuthorisationRequested(
            order_id=known, amount=2500, currency=EUR, method="card-on-file"
        )
        authorised = PaymentAuthorised(order_id=known, reference="auth-1")
        self.happens(ORDER_EVENTS, f"order-{order_id}", placed, confirmed)
        self.happens(PAYMENT_EVENTS, f"payment-{order_id}", asked, authorised)
        if followed:
            follower = Follower(PLACED_ORDERS, self.placed_orders, self.stores)
            follower.catch_up({f"order-{order_id}": ()})


@pytest.fixture
def world() -> World:
    world = World()
    world.happens(CUSTOMER_EVENTS, "customer-c-1", ADA)
    world.happens(PRODUCT_EVENTS, "product-book-1", BOOK)
    return world


def told_by_services(order: dict[str, Any]) -> dict[str, Any]:
    """An order of the view without what services don't tell."""
    return {name: order[name] for name in order if name not in ("timeline", "updated_at", "parts")}


def statuses(answer: Answer) -> dict[str, str]:
    return {name: part["status"] for name, part in answer.body["parts"].items()}


def test_a_composed_order_is_what_the_view_shows_of_it(world: World) -> None:
    world.order("7")
    answer = world.composed(ORDER, "7")
    order = answer.body
    assert statuses(answer) == dict.fromkeys(("order", "payment", "customer", "products"), "ok")
    assert told_by_services(order) == told_by_services(world.viewed(ORDER, "7"))
    assert (order["customer"]["name"], order["lines"][0]["title"]) == ("Ada", "On engines")
    assert (answer.headers["ETag"], answer.headers["Consistency"]) == ('"2"', "eventual")
    assert answer.headers["Consistency-Token"] == (
        "order-7@2, payment-7@2, customer-c-1@1, product-book-1@1"
    )


def test_a_customers_orders_are_those_that_the_view_lists(world: World) -> None:
    for number in "789":
        world.order(number)
    listed = world.viewed(ORDERS, "c-1")["orders"]
    answer = world.composed(ORDERS, "c-1")

    def ask_for(**query: str) -> Answer:
        return world.composed(ORDERS, "c-1", query=query)

    found = [order for page in pages(ask_for, "orders", limit="2") for order in page]
    assert [told_by_services(o) for o in found] == [told_by_services(o) for o in listed]
    assert statuses(answer) == dict.fromkeys(("orders", "customer", "payments", "products"), "ok")


def test_what_was_written_is_read_though_the_orders_view_lags(world: World) -> None:
    world.order("7", followed=False)
    problem = refused(world.composed(ORDER, "7"), 404, "not_found")
    assert problem["detail"] == "There is no order 7."
    answer = world.composed(ORDER, "7", headers=token("order-7@2, payment-7@1"))
    assert (answer.status, answer.body["version"]) == (200, 2)
    assert answer.headers["Consistency"] == "folded; commits=2"
    assert answer.headers["Consistency-Token"].startswith("order-7@2, payment-7@2, ")
    page = world.composed(ORDERS, "c-1", headers=token("order-7@2"))
    assert [order["order_id"] for order in page.body["orders"]] == ["7"]
