"""Command functions: what they answer to messages of other services, beside their routes."""

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from cqrs import plain
from cqrs.adapters.memory import MemoryEventStore
from cqrs.entrypoints.commands import CommandFunction, changes, opens_named
from cqrs.errors import Conflict, Refused, Throttled, TooLarge, Unavailable, Unreadable
from cqrs.follow.messages import Answer, Message
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore
from cqrs.write.commands import CommandHandler
from cqrs.write.decider import Decider
from domain.inventory import PRODUCT, ChangePrice, ReceiveStock, RegisterProduct
from tests.fixtures.payloads import http
from tests.unit.entrypoints import shop
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import BrokenStore, ask, pointers, refused

REGISTER = "POST /products"
PRICE = "PUT /products/{id}/price"
BOOK: dict[str, Any] = {
    "sku": "book-1",
    "title": "On engines",
    "description": "Notes on a machine.",
    "tags": ["history"],
    "price": 1250,
    "currency": "EUR",
}


@dataclass
class Inventory:
    """A command function with two routes, and one command that comes as a message only."""

    store: EventStore = field(default_factory=MemoryEventStore)
    decider: Decider[Any, Any, Any] = PRODUCT

    @cached_property
    def function(self) -> CommandFunction:
        products = CommandHandler(self.store, self.decider, pause=lambda _: None)
        return CommandFunction(
            {
                REGISTER: opens_named(products, RegisterProduct, "sku", "/products/{id}"),
                PRICE: changes(products, ChangePrice, "sku"),
            },
            messages=[changes(products, ReceiveStock, "sku")],
        )

    @property
    def stored(self) -> list[Commit]:
        return list(self.store.read("product-book-1"))

    def http(self, route: str, **request: Any) -> shop.Answer:
        return ask(self.function, http(route, **request))

    def register(self, key: str = "key-1", **changed: object) -> shop.Answer:
        return self.http(REGISTER, body=BOOK | changed, headers={"Idempotency-Key": key})

    def reply(self, message: dict[str, Any]) -> dict[str, Any]:
        """As Lambda passes things on: JSON in, JSON out."""
        event = json.loads(json.dumps({"message": message}))
        reply: dict[str, Any] = json.loads(json.dumps(self.function(event, None)))
        return reply

    def send(self, command: str, data: dict[str, Any], **changed: str) -> Answer:
        reply = self.reply(message(command, data, **changed))
        assert reply.keys() == {"answer"}
        answer: Answer = plain.load(Answer, reply["answer"])
        return answer


def message(command: str, data: dict[str, Any], **changed: str) -> dict[str, Any]:
    sent = Message(
        id="message-1",
        command=command,
        data=data,
        actor="process:checkout",
        correlation_id="request-1",
        causation_id="checkout/7",
    )
    dumped: Any = plain.dump(replace(sent, **changed))
    return dict(dumped)


def price(amount: int, sku: str = "book-1") -> dict[str, Any]:
    return {"sku": sku, "price": amount}


@pytest.fixture
def inventory() -> Inventory:
    return Inventory()


class TestMessages:
    def test_an_accepted_message_is_answered_with_where_its_events_are(
        self, inventory: Inventory
    ) -> None:
        inventory.register()
        answer = inventory.send("ChangePrice", price(1300))
        assert answer == Answer(accepted=True, stream="product-book-1", version=2)

    def test_a_message_is_stored_with_who_sent_it_and_because_of_what(
        self, inventory: Inventory
    ) -> None:
        inventory.register()
        inventory.send("ChangePrice", price(1300))
        envelope = inventory.stored[-1].envelope
        assert (envelope.command_id, envelope.command_type) == ("message-1", "ChangePrice")
        assert (envelope.actor, envelope.correlation_id) == ("process:checkout", "request-1")
        assert envelope.causation_id == "checkout/7"
        assert envelope.time.endswith("Z")

    def test_a_message_that_finds_nothing_to_do_is_accepted(self, inventory: Inventory) -> None:
        inventory.register()
        answer = inventory.send("ChangePrice", price(1250))
        assert answer == Answer(accepted=True, stream="product-book-1", version=1)

    def test_a_command_that_opens_a_stream_can_be_sent_as_a_message(
        self, inventory: Inventory
    ) -> None:
        answer = inventory.send("RegisterProduct", BOOK)
        assert answer == Answer(accepted=True, stream="product-book-1", version=1)
        assert not inventory.send("RegisterProduct", BOOK, id="message-2").accepted

    def test_a_command_without_a_route_can_be_sent_as_a_message(self, inventory: Inventory) -> None:
        inventory.register()
        assert inventory.send("ReceiveStock", {"sku": "book-1", "quantity": 5}).version == 2

    def test_the_same_message_twice_has_one_effect_and_the_same_answer(
        self, inventory: Inventory
    ) -> None:
        inventory.register()
        stock = {"sku": "book-1", "quantity": 5}
        first = inventory.send("ReceiveStock", stock)
        inventory.send("ChangePrice", price(1300), id="message-2")
        assert inventory.send("ReceiveStock", stock) == first
        assert len(inventory.stored) == 3

    def test_the_same_message_with_its_fields_in_another_order_is_the_same(
        self, inventory: Inventory
    ) -> None:
        inventory.register()
        first = inventory.send("ReceiveStock", {"sku": "book-1", "quantity": 5})
        assert inventory.send("ReceiveStock", {"quantity": 5, "sku": "book-1"}) == first

    def test_another_message_with_the_same_content_has_its_own_effect(
        self, inventory: Inventory
    ) -> None:
        inventory.register()
        for name in ("message-1", "message-2"):
            inventory.send("ReceiveStock", {"sku": "book-1", "quantity": 5}, id=name)
        assert len(inventory.stored) == 3


class TestRefusals:
    def refusal(self, answer: Answer, code: str) -> str:
        assert (answer.accepted, answer.code) == (False, code)
        assert (answer.stream, answer.version) == ("", 0)
        return answer.detail

    def test_what_is_not_there_is_refused(self, inventory: Inventory) -> None:
        detail = self.refusal(inventory.send("ChangePrice", price(1)), "product_not_found")
        assert "book-1" in detail

    def test_what_a_rule_refuses_is_refused_with_its_code_and_why(self) -> None:
        class Closed(Refused):
            code = "closed"

        def refuse(*_: object) -> list[Any]:
            raise Closed("No prices are changed today.")

        closed = Inventory(decider=replace(PRODUCT, decide=refuse))
        answer = closed.send("ChangePrice", price(1))
        assert self.refusal(answer, "closed") == "No prices are changed today."

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"sku": "book-1"},
            price(-1),
            price(1, sku="a b"),
            price(1) | {"more": 1},
            {"sku": 1, "price": "1"},
        ],
    )
    def test_what_is_no_such_command_is_refused(
        self, inventory: Inventory, data: dict[str, Any]
    ) -> None:
        inventory.register()
        self.refusal(inventory.send("ChangePrice", data), "invalid_input")
        assert len(inventory.stored) == 1

    def test_the_same_id_with_another_content_is_refused(self, inventory: Inventory) -> None:
        inventory.register()
        inventory.send("ChangePrice", price(1300))
        answer = inventory.send("ChangePrice", price(1400))
        self.refusal(answer, "idempotency_key_reused")

    def test_what_can_never_be_stored_is_refused(self) -> None:
        inventory = Inventory(BrokenStore(TooLarge("The commit product-1@1", 500_000, 400_000)))
        self.refusal(inventory.send("RegisterProduct", BOOK), "too_large")

    def test_a_refusal_changes_nothing_and_is_not_remembered(self, inventory: Inventory) -> None:
        self.refusal(inventory.send("ChangePrice", price(1300)), "product_not_found")
        inventory.register()
        assert inventory.send("ChangePrice", price(1300)).accepted


class TestTrouble:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (Unavailable("The store is not available."), "unavailable"),
            (Throttled("The store has no capacity left for now."), "throttled"),
            (Conflict("product-book-1", 4), "conflict"),
        ],
    )
    def test_a_message_that_may_or_may_not_have_been_handled_is_to_be_sent_again(
        self, error: Exception, code: str
    ) -> None:
        store = BrokenStore(error)
        inventory = Inventory(store)
        assert inventory.reply(message("RegisterProduct", BOOK)) == {"again": code}
        store.error = None
        assert inventory.send("RegisterProduct", BOOK).version == 1

    def test_a_command_that_nobody_takes_here_is_an_error(self, inventory: Inventory) -> None:
        with pytest.raises(KeyError, match="CancelOrder"):
            inventory.reply(message("CancelOrder", {"order_id": "7"}))

    @pytest.mark.parametrize(
        "strange", [None, 3, "ChangePrice", [], {}, {"id": "m", "command": "ChangePrice"}]
    )
    def test_what_is_no_message_is_an_error(self, inventory: Inventory, strange: Any) -> None:
        with pytest.raises(Unreadable):
            inventory.reply(strange)

    def test_a_history_that_cannot_be_read_is_an_error_and_no_answer(
        self, inventory: Inventory
    ) -> None:
        inventory.register()
        inventory.store.append(Commit("product-book-1", 2, "damaged"), "")
        with pytest.raises(Unreadable):
            inventory.reply(message("ChangePrice", price(1300)))

    def test_whatever_else_goes_wrong_is_an_error_and_no_answer(self) -> None:
        inventory = Inventory(BrokenStore(ZeroDivisionError("so")))
        with pytest.raises(ZeroDivisionError):
            inventory.reply(message("RegisterProduct", BOOK))


class TestLogs:
    def test_a_message_is_one_log_line_with_its_commit(
        self, inventory: Inventory, logs: Lines
    ) -> None:
        inventory.send("RegisterProduct", BOOK)
        (line,) = logs()
        assert (line["message"], line["level"]) == ("message RegisterProduct", "INFO")
        assert (line["commit"], line["repeated"]) == ("product-book-1@1", False)
        assert line["events"] == ["ProductRegistered"]
        assert (line["correlation_id"], line["causation_id"]) == ("request-1", "checkout/7")
        assert line["answer"]["accepted"]

    def test_a_refusal_is_logged_with_its_code(self, inventory: Inventory, logs: Lines) -> None:
        inventory.send("ChangePrice", price(1))
        (line,) = logs()
        assert line["answer"]["code"] == "product_not_found"

    def test_what_is_wrong_with_a_message_is_logged(
        self, inventory: Inventory, logs: Lines
    ) -> None:
        inventory.send("ChangePrice", {"sku": "book-1", "price": -1})
        (line,) = logs()
        assert line["errors"] == [{"pointer": "/price", "detail": "must be 0 to 10000000"}]

    def test_why_a_message_is_to_be_sent_again_is_logged(self, logs: Lines) -> None:
        inventory = Inventory(BrokenStore(Unavailable("products_events is not available")))
        inventory.reply(message("RegisterProduct", BOOK))
        (line,) = logs()
        assert (line["again"], line["why"]) == ("unavailable", "products_events is not available")


class TestRoutes:
    def test_routes_are_answered_as_ever(self, inventory: Inventory) -> None:
        assert inventory.register().status == 201
        answer = inventory.http(PRICE, id="book-1", body={"price": 1300})
        assert (answer.status, answer.body["version"]) == (200, 2)
        assert answer.headers["Consistency-Token"] == "product-book-1@2"

    def test_a_route_and_a_message_are_handled_alike(self, inventory: Inventory) -> None:
        inventory.register()
        inventory.http(PRICE, id="book-1", body={"price": 1300})
        inventory.send("ChangePrice", price(1250))
        _, by_route, by_message = inventory.stored
        assert (
            by_message.body.partition(',"command"')[0]
            == by_route.body.replace("1300", "1250").partition(',"command"')[0]
        )

    def test_a_body_with_a_message_in_it_is_no_message(self, inventory: Inventory) -> None:
        answer = inventory.http(REGISTER, body={"message": message("RegisterProduct", BOOK)})
        refused(answer, 400, "invalid_input")


class TestOpeningUnderAName:
    def test_it_is_answered_with_its_place_and_its_version(self, inventory: Inventory) -> None:
        answer = inventory.register()
        assert answer.status == 201
        assert answer.body == {"sku": "book-1", "version": 1, "events": ["ProductRegistered"]}
        assert answer.headers["Location"] == "/products/book-1"
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["Consistency-Token"] == "product-book-1@1"

    def test_a_repeat_gets_the_same_answer_and_has_no_second_effect(
        self, inventory: Inventory
    ) -> None:
        first = inventory.register()
        inventory.http(PRICE, id="book-1", body={"price": 1300})
        again = inventory.register()
        assert (again.status, again.text, again.headers) == (201, first.text, first.headers)
        assert len(inventory.stored) == 2

    def test_the_same_name_with_another_key_is_refused_by_the_rule(
        self, inventory: Inventory
    ) -> None:
        inventory.register("key-1")
        refused(inventory.register("key-2"), 422, "product_already_registered")

    def test_the_same_key_with_another_content_is_refused(self, inventory: Inventory) -> None:
        inventory.register()
        refused(inventory.register(price=1300), 422, "idempotency_key_reused")

    def test_the_same_key_with_another_name_is_another_command(self, inventory: Inventory) -> None:
        """Keys are remembered by stream, and the body names the stream."""
        inventory.register()
        assert inventory.register(sku="book-2").status == 201

    def test_without_a_name_nothing_is_opened(self, inventory: Inventory) -> None:
        body = {name: value for name, value in BOOK.items() if name != "sku"}
        problem = refused(inventory.http(REGISTER, body=body), 400, "invalid_input")
        assert pointers(problem) == {"/sku": "is missing"}

    @pytest.mark.parametrize("sku", ["", "a b", "../7", "-1", "a/b", "é", "x" * 65, 7, None])
    def test_a_name_that_cannot_be_an_id_is_refused(self, inventory: Inventory, sku: Any) -> None:
        problem = refused(inventory.register(sku=sku), 400, "invalid_input")
        assert pointers(problem).keys() == {"/sku"}

    def test_a_precondition_has_no_meaning_where_nothing_is(self, inventory: Inventory) -> None:
        answer = inventory.http(REGISTER, body=BOOK, headers={"If-Match": '"1"'})
        refused(answer, 400, "invalid_input")
        assert inventory.stored == []
