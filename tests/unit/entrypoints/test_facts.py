"""What a service tells of one aggregate, from its own store: always the newest."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.aggregates import Aggregates
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import facts_of
from cqrs.errors import Throttled, Unavailable
from cqrs.views import Document
from domain.orders import ORDER
from tests.fixtures.payloads import http
from tests.unit.entrypoints.shop import Answer, BrokenStore, Shop, ask, refused

FACTS = "GET /orders/{id}"
CANCEL = "POST /orders/{id}/cancel"


def order_facts(order_id: str, order: Any) -> Document | None:
    if order == ORDER.initial:
        return None
    return {"order_id": order_id, "state": type(order).__name__}


class CountedStore(MemoryEventStore):
    """A store that counts its loads."""

    loads = 0

    def load(self, *args: Any, **kwargs: Any) -> Any:
        self.loads += 1
        return super().load(*args, **kwargs)


@dataclass
class Facts:
    shop: Shop = field(default_factory=lambda: Shop(store=CountedStore()))

    def ask(self, order: str, token: str | None = None) -> Answer:
        orders = Aggregates(self.shop.store, ORDER)
        function = HttpFunction({FACTS: facts_of(orders, order_facts, "order")})
        headers = {"Consistency-Token": token} if token is not None else {}
        return ask(function, http(FACTS, id=order, headers=headers))


@pytest.fixture
def facts() -> Facts:
    return Facts()


def test_what_is_there_is_told_with_its_version_and_its_token(facts: Facts) -> None:
    order = facts.shop.place()
    answer = facts.ask(order)
    assert answer.status == 200
    assert answer.body == {"order_id": order, "state": "PlacedOrder", "version": 1}
    assert answer.headers == {
        "Content-Type": "application/json",
        "X-Correlation-Id": "request-1",
        "ETag": '"1"',
        "Consistency": "current",
        "Consistency-Token": f"order-{order}@1",
    }


def test_what_a_command_did_is_told_at_once_without_a_token(facts: Facts) -> None:
    order = facts.shop.place()
    facts.shop.command(CANCEL, id=order)
    answer = facts.ask(order)
    assert (answer.body["state"], answer.body["version"]) == ("CancelledOrder", 2)
    assert (answer.headers["ETag"], answer.headers["Consistency"]) == ('"2"', "current")
    assert answer.headers["Consistency-Token"] == f"order-{order}@2"


def test_its_etag_is_good_for_a_change(facts: Facts) -> None:
    order = facts.shop.place()
    etag = facts.ask(order).headers["ETag"]
    assert facts.shop.command(CANCEL, id=order, headers={"If-Match": etag}).status == 200


def test_it_takes_one_call(facts: Facts) -> None:
    store: Any = facts.shop.store
    order = facts.shop.place()
    facts.shop.command(CANCEL, id=order)
    before = store.loads
    facts.ask(order)
    assert store.loads - before == 1


def test_what_is_not_there_is_not_found(facts: Facts) -> None:
    problem = refused(facts.ask("7"), 404, "not_found")
    assert problem["detail"] == "There is no order 7."


@pytest.mark.parametrize("order", ["a b", "-7", "x" * 65, "%", "7\n"])
def test_what_can_be_no_id_is_not_found_and_not_looked_for(facts: Facts, order: str) -> None:
    refused(facts.ask(order), 404, "not_found")
    assert facts.shop.store.loads == 0


@pytest.mark.parametrize("version", [1, 2])
def test_a_token_that_is_not_ahead_is_kept(facts: Facts, version: int) -> None:
    order = facts.shop.place()
    facts.shop.command(CANCEL, id=order)
    answer = facts.ask(order, f"order-{order}@{version}")
    assert (answer.status, answer.body["version"]) == (200, 2)
    assert answer.headers["Consistency-Token"] == f"order-{order}@2"


def test_a_token_ahead_of_the_store_is_refused(facts: Facts) -> None:
    order = facts.shop.place()
    problem = refused(facts.ask(order, f"order-{order}@2"), 400, "invalid_consistency_token")
    assert f"'order-{order}' has no version 2" in problem["detail"]
    refused(facts.ask("7", "order-7@1"), 400, "invalid_consistency_token")


def test_a_token_of_what_is_not_told_here_is_handed_on(facts: Facts) -> None:
    order = facts.shop.place()
    answer = facts.ask(order, "payment-7@4, order-8@9")
    assert answer.headers["Consistency-Token"] == f"payment-7@4, order-8@9, order-{order}@1"


def test_a_token_that_was_never_answered_is_refused(facts: Facts) -> None:
    refused(facts.ask(facts.shop.place(), "order"), 400, "invalid_consistency_token")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("orders_events is down"), 503, "unavailable"),
        (Throttled("orders_events has no capacity"), 429, "throttled"),
    ],
)
def test_a_store_in_trouble_is_told_as_something_that_passes(
    error: Exception, status: int, code: str
) -> None:
    answer = Facts(Shop(store=BrokenStore(error))).ask("7")
    assert "orders_events" not in refused(answer, status, code)["detail"]
