"""What a service tells of its aggregates, from its own store: always the newest."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.entrypoints.facts import MAX_IDS, facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction
from cqrs.errors import Throttled, Unavailable
from cqrs.views.rows import Document
from cqrs.write.aggregates import Aggregates
from domain.orders import ORDER
from tests.fixtures.payloads import http
from tests.unit.entrypoints.shop import Answer, BrokenStore, Shop, ask, refused

FACTS = "GET /orders/{id}"
MANY = "GET /orders"
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
        return self._ask(http(FACTS, id=order, headers=_token(token)))

    def ask_many(self, ids: str | None, token: str | None = None) -> Answer:
        query = None if ids is None else {"order": ids}
        return self._ask(http(MANY, query=query, headers=_token(token)))

    def _ask(self, event: dict[str, Any]) -> Answer:
        orders = Aggregates(self.shop.store, ORDER)
        routes = {
            FACTS: facts_of(orders, order_facts, "order"),
            MANY: facts_of_many(orders, order_facts, "order", "orders"),
        }
        return ask(HttpFunction(routes), event)


def _token(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Consistency-Token": token}


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


class TestMany:
    def test_each_is_told_with_its_version_and_null_for_one_that_is_not_there(
        self, facts: Facts
    ) -> None:
        first, second = facts.shop.place("one"), facts.shop.place("two")
        facts.shop.command(CANCEL, id=second)
        answer = facts.ask_many(f"{first},none,{second}")
        assert (answer.status, answer.headers["Consistency"]) == (200, "current")
        assert answer.body == {
            "orders": {
                first: {"order_id": first, "state": "PlacedOrder", "version": 1},
                "none": None,
                second: {"order_id": second, "state": "CancelledOrder", "version": 2},
            }
        }

    def test_the_token_names_those_that_are_there(self, facts: Facts) -> None:
        order = facts.shop.place()
        answer = facts.ask_many(f"none,{order}", "payment-7@4")
        assert answer.headers["Consistency-Token"] == f"payment-7@4, order-{order}@1"

    def test_one_that_is_named_twice_is_told_and_loaded_once(self, facts: Facts) -> None:
        order = facts.shop.place()
        before = facts.shop.store.loads
        assert list(facts.ask_many(f"{order},{order}").body["orders"]) == [order]
        assert facts.shop.store.loads - before == 1

    def test_fifty_are_told_at_once(self, facts: Facts) -> None:
        ids = [f"{n}" for n in range(MAX_IDS)]
        assert facts.ask_many(",".join(ids)).body == {"orders": dict.fromkeys(ids)}

    @pytest.mark.parametrize(
        "ids",
        [None, "", ",", "a,", "a,,b", "a b", "-7", "x" * 65, ",".join(map(str, range(51)))],
    )
    def test_what_can_be_no_ids_is_refused_and_not_looked_for(
        self, facts: Facts, ids: str | None
    ) -> None:
        problem = refused(facts.ask_many(ids), 400, "invalid_input")
        assert problem["detail"] == "'order' in the query must be 1 to 50 ids, comma-separated."
        assert facts.shop.store.loads == 0

    def test_a_token_ahead_of_the_store_is_refused(self, facts: Facts) -> None:
        order = facts.shop.place()
        token = f"order-{order}@2"
        refused(facts.ask_many(f"7,{order}", token), 400, "invalid_consistency_token")

    def test_a_store_in_trouble_fails_the_whole_answer(self) -> None:
        facts = Facts(Shop(store=BrokenStore(Unavailable("orders_events is down"))))
        refused(facts.ask_many("7,8"), 503, "unavailable")
