"""Compositions over HTTP, of the services' own functions: what is answered, headers, problems."""

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
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.events import EventTypes
from cqrs.read.compositions import Composition, Reply
from cqrs.read.consistency import Reader
from cqrs.read.joiner import Joiner
from cqrs.testing.views import recorded
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
from tests.fixtures.payloads import http
from tests.library.services import problem
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import Answer, ask, refused

ORDER = "GET /composed/orders/{id}"
ORDERS = "GET /composed/customers/{id}/orders"

ADA = CustomerRegistered(customer_id="c-1", name="Ada", email="ada@example.com")
BOOK = ProductRegistered(
    sku="book-1",
    title="On engines",
    description="Notes on a machine.",
    tags=(),
    price=1300,
    currency=Currency.EUR,
)


@dataclass
class World:
    """Four services, in this process; also the services that a composition asks. Who is in
    `trouble` does not answer: `payments` is who answers below `/payments`.
    """

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    rows: MemoryRows = field(default_factory=MemoryRows)
    trouble: dict[str, Exception | Reply] = field(default_factory=dict)
    asked: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def stores(self) -> dict[str, Any]:
        return dict.fromkeys(("customer", "order", "payment", "product"), self.store)

    @cached_property
    def services(self) -> HttpFunction:
        orders = Reader(PLACED_ORDERS, self.rows, self.stores)
        customers = Aggregates(self.store, CUSTOMER)
        products = Aggregates(self.store, PRODUCT)
        payments = Aggregates(self.store, PAYMENT)
        of_customer = in_query("customer")
        return HttpFunction(
            {
                "GET /order-facts/{id}": row_of(orders, "order"),
                "GET /order-facts": page_of(
                    orders, "placed_orders#1", BY_CUSTOMER, "orders", partition_in=of_customer
                ),
                "GET /customers/{id}": facts_of(customers, customer_facts, "customer"),
                "GET /products": facts_of_many(products, product_facts, "sku", "products"),
                "GET /payments/{id}": facts_of(payments, payment_facts, "payment"),
                "GET /payments": facts_of_many(payments, payment_facts, "order", "payments"),
            }
        )

    @cached_property
    def composing(self) -> HttpFunction:
        composition = Composition(self, 10)
        return HttpFunction(
            {
                ORDER: composed_row_of(composition, composed_order),
                ORDERS: composed_page_of(composition, composed_orders),
            }
        )

    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        url = urlsplit(path)
        _, service, *key = url.path.split("/")
        self.asked[service] = headers
        trouble = self.trouble.get(service)
        if isinstance(trouble, Exception):
            raise trouble
        if trouble:
            return trouble
        route = f"GET /{service}" + "/{id}" * len(key)
        query = dict(parse_qsl(url.query))
        event = http(route, id=key[0] if key else None, query=query, headers=headers)
        answer = self.services(event, None)
        found = {name.lower(): value for name, value in answer["headers"].items()}
        return Reply(answer["statusCode"], answer["body"].encode(), found)

    def happens(self, types: EventTypes, stream: str, *events: object) -> None:
        for commit in recorded(types, stream, *events):
            self.store.append(commit, "")

    def order(self, order_id: str, *, followed: bool = True) -> None:
        """An order of Ada's that is paid and confirmed."""
        seven = OrderId(order_id)
        placed = OrderPlaced(
            order_id=seven,
            customer_id="c-1",
            currency=Currency.EUR,
            lines=(Line(sku="book-1", quantity=2, unit_price=1250),),
            address=Address(name="A", street="S", postal_code="1", city="Vienna", country="AT"),
            payment_method="card-on-file",
        )
        confirmed = OrderConfirmed(
            order_id=seven,
            reserved=(Reserved(sku="book-1", quantity=2),),
            paid=Paid(amount=2500, currency=Currency.EUR, reference="auth-1"),
        )
        asked = AuthorisationRequested(
            order_id=seven, amount=2500, currency=Currency.EUR, method="card-on-file"
        )
        authorised = PaymentAuthorised(order_id=seven, reference="auth-1")
        self.happens(ORDER_EVENTS, f"order-{order_id}", placed, confirmed)
        self.happens(PAYMENT_EVENTS, f"payment-{order_id}", asked, authorised)
        if followed:
            Follower(PLACED_ORDERS, self.rows, self.stores).catch_up({f"order-{order_id}": ()})

    def ask(self, route: str, key: str, **request: Any) -> Answer:
        return ask(self.composing, http(route, id=key, **request))

    def view(self, route: str, key: str) -> Any:
        """What the views answer to the same question, once they have seen everything."""
        views = (ORDER_HISTORY, CUSTOMER_LOOKUPS, PRODUCT_LOOKUPS)
        heads = self.store.heads().versions
        rows = {}
        for view in views:
            rows[view.name] = MemoryRows()
            Follower(view, rows[view.name], self.stores).catch_up(dict.fromkeys(heads, ()))
        history = Reader(ORDER_HISTORY, rows["order_history"], self.stores)
        lookups = [
            (ORDER_WITH_CUSTOMER, rows["customer_lookups"]),
            (ORDER_WITH_TITLES, rows["product_lookups"]),
        ]
        joiner = Joiner(lookups, self.stores)
        routes = {
            ORDER: row_of(history, "order", joiner),
            ORDERS: page_of(history, "order_history#1", BY_CUSTOMER, "orders", joiner),
        }
        return ask(HttpFunction(routes), http(route, id=key)).body


@pytest.fixture
def world() -> World:
    world = World()
    world.happens(CUSTOMER_EVENTS, "customer-c-1", ADA)
    world.happens(PRODUCT_EVENTS, "product-book-1", BOOK)
    return world


def told_by_services(order: dict[str, Any]) -> dict[str, Any]:
    """An order of the view without what services don't tell."""
    return {name: order[name] for name in order if name not in ("timeline", "updated_at")}


def statuses(answer: Answer) -> dict[str, str]:
    return {name: part["status"] for name, part in answer.body["parts"].items()}


def test_an_order_is_what_the_view_shows_of_it_and_says_how_its_parts_are(world: World) -> None:
    world.order("7")
    answer = world.ask(ORDER, "7")
    assert answer.status == 200
    order = answer.body
    assert statuses(answer) == dict.fromkeys(("order", "payment", "customer", "products"), "ok")
    assert all(isinstance(part["ms"], int) for part in order.pop("parts").values())
    assert told_by_services(order) == told_by_services(world.view(ORDER, "7"))
    assert (order["customer"]["name"], order["lines"][0]["title"]) == ("Ada", "On engines")


def test_a_customers_orders_are_those_that_the_view_lists(world: World) -> None:
    for number in "789":
        world.order(number)
    listed = world.view(ORDERS, "c-1")["orders"]
    found: list[Any] = []
    query = {"limit": "2"}
    while True:
        answer = world.ask(ORDERS, "c-1", query=query)
        found += answer.body["orders"]
        if answer.body["cursor"] is None:
            break
        query["cursor"] = answer.body["cursor"]
    assert [told_by_services(o) for o in found] == [told_by_services(o) for o in listed]
    assert statuses(answer) == dict.fromkeys(("orders", "customer", "payments", "products"), "ok")


def test_its_headers_say_how_new_all_of_it_is(world: World) -> None:
    world.order("7")
    answer = world.ask(ORDER, "7", headers={"X-Correlation-Id": "c-9"})
    assert answer.headers == {
        "Content-Type": "application/json",
        "X-Correlation-Id": "c-9",
        "ETag": '"2"',
        "Consistency": "eventual",
        "Consistency-Token": "order-7@2, payment-7@2, customer-c-1@1, product-book-1@1",
    }


def test_what_was_written_is_read_though_the_orders_view_lags(world: World) -> None:
    world.order("7", followed=False)
    refused(world.ask(ORDER, "7"), 404, "not_found")
    answer = world.ask(ORDER, "7", headers={"Consistency-Token": "order-7@2, payment-7@1"})
    assert (answer.status, answer.body["version"]) == (200, 2)
    assert answer.headers["Consistency"] == "folded; commits=2"
    assert answer.headers["Consistency-Token"].startswith("order-7@2, payment-7@2, ")
    page = world.ask(ORDERS, "c-1", headers={"Consistency-Token": "order-7@2"})
    assert [order["order_id"] for order in page.body["orders"]] == ["7"]


def test_services_hear_in_whose_name_and_because_of_what_they_are_asked(world: World) -> None:
    world.order("7")
    world.ask(ORDER, "7", headers={"X-Correlation-Id": "c-9", "Authorization": "Bearer x"})
    assert set(world.asked) == {"order-facts", "payments", "customers", "products"}
    for headers in world.asked.values():
        assert headers == {"X-Correlation-Id": "c-9", "Authorization": "Bearer x"}


def test_what_is_missing_is_null_and_named(world: World, logs: Lines) -> None:
    world.order("7")
    world.trouble = {"payments": TimeoutError("too slow"), "products": Unavailable("it is down")}
    answer = world.ask(ORDER, "7")
    assert answer.status == 200
    assert (answer.body["payment"], answer.body["lines"][0]["title"]) == (None, None)
    assert statuses(answer) == {
        "order": "ok",
        "payment": "late",
        "customer": "ok",
        "products": "unavailable",
    }
    assert answer.headers["Consistency-Token"] == "order-7@2, customer-c-1@1"
    line = logs()[-1]
    assert line["parts"]["payment"]["status"] == "late"
    assert line["missing"] == {"payment": "too slow", "products": "it is down"}


@pytest.mark.parametrize("route", [ORDER, ORDERS])
@pytest.mark.parametrize(
    "trouble",
    [Unavailable("orders is down"), TimeoutError("orders is slow"), problem(429, "throttled")],
)
def test_without_the_orders_service_there_is_no_answer(
    world: World, route: str, trouble: Exception | Reply
) -> None:
    world.trouble = {"order-facts": trouble}
    answer = world.ask(route, "7")
    assert "orders" not in refused(answer, 503, "unavailable")["detail"]
    assert answer.headers["Retry-After"] == "1"


def test_an_order_that_is_not_there_is_not_found(world: World) -> None:
    detail = refused(world.ask(ORDER, "7"), 404, "not_found")["detail"]
    assert detail == "There is no order 7."


@pytest.mark.parametrize("route", [ORDER, ORDERS])
def test_what_can_be_no_id_is_asked_of_nobody(world: World, route: str) -> None:
    refused(world.ask(route, "a b"), 404, "not_found")
    assert world.asked == {}


def test_a_customer_without_orders_has_an_empty_list(world: World) -> None:
    answer = world.ask(ORDERS, "c-2")
    assert (answer.body["orders"], answer.body["cursor"]) == ([], None)
    assert statuses(answer) == {"orders": "ok", "customer": "not_found"}


@pytest.mark.parametrize("token", ["order-7@3", "payment-7@9", "order-7"])
def test_a_token_that_was_never_answered_is_refused(world: World, token: str) -> None:
    world.order("7")
    for route, key in ((ORDER, "7"), (ORDERS, "c-1")):
        answer = world.ask(route, key, headers={"Consistency-Token": token})
        refused(answer, 400, "invalid_consistency_token")


def test_a_cursor_of_another_list_and_a_limit_that_is_too_high_are_refused(world: World) -> None:
    for number in "78":
        world.order(number)
    cursor = world.ask(ORDERS, "c-1", query={"limit": "1"}).body["cursor"]
    refused(world.ask(ORDERS, "c-2", query={"cursor": cursor}), 400, "invalid_cursor")
    refused(world.ask(ORDERS, "c-1", query={"limit": "51"}), 400, "invalid_input")
