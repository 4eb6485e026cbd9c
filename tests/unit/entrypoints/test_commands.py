"""Commands over HTTP: what is answered, what is refused and why, and what a repeat gets."""

import json
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from cqrs.errors import Refused, Throttled, TooLarge, Unavailable
from cqrs.history.idempotency import entity_id_of
from cqrs.plain import MAX_FAULTS
from cqrs.write.aggregates import SNAPSHOT_INTERVAL
from domain.orders import ORDER
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import (
    ADDRESS,
    ORDER_OF_BOOKS,
    Answer,
    BrokenStore,
    Shop,
    pointers,
    refused,
)

PLACE = "POST /orders"
CANCEL = "POST /orders/{id}/cancel"
MOVE = "PUT /orders/{id}/address"
LINE = {"sku": "book-1", "quantity": 2, "unit_price": 1250}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def keyed(key: str, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **more}


def place(shop: Shop, body: object = ORDER_OF_BOOKS, **request: Any) -> Answer:
    return shop.command(PLACE, body=body, **request)


def with_line(**changed: object) -> dict[str, Any]:
    return ORDER_OF_BOOKS | {"lines": [LINE | changed]}


def with_address(**changed: object) -> dict[str, Any]:
    return ORDER_OF_BOOKS | {"address": ADDRESS | changed}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in ORDER_OF_BOOKS.items() if name not in names}


class TestAnswers:
    def test_a_placed_order_is_answered_with_its_place_and_its_version(self, shop: Shop) -> None:
        answer = place(shop, headers=keyed("key-1"))
        order = entity_id_of("jwt:ada", "PlaceOrder", "key-1")
        assert answer.status == 201
        assert answer.body == {"order_id": order, "version": 1, "events": ["OrderPlaced"]}
        assert answer.headers == {
            "Content-Type": "application/json",
            "X-Correlation-Id": "request-1",
            "Location": f"/orders/{order}",
            "ETag": '"1"',
            "Consistency-Token": f"order-{order}@1",
        }

    def test_a_changed_order_is_answered_with_its_next_version(self, shop: Shop) -> None:
        order = shop.place()
        answer = shop.command(CANCEL, id=order, body={"reason": "too late"})
        assert answer.status == 200
        assert answer.body == {"order_id": order, "version": 2, "events": ["OrderCancelled"]}
        assert answer.headers["ETag"] == '"2"'
        assert answer.headers["Consistency-Token"] == f"order-{order}@2"
        assert "Location" not in answer.headers

    def test_a_command_with_nothing_to_do_is_answered_with_the_version_as_it_is(
        self, shop: Shop
    ) -> None:
        order = shop.place()
        answer = shop.command(MOVE, id=order, body={"address": ADDRESS})
        assert (answer.status, answer.body["version"], answer.body["events"]) == (200, 1, [])
        assert len(shop.store.read(f"order-{order}")) == 1

    @pytest.mark.parametrize("body", [None, "", {}, {"reason": None}])
    def test_a_command_without_fields_needs_no_body(self, shop: Shop, body: object) -> None:
        assert shop.command(CANCEL, id=shop.place(), body=body).body["version"] == 2

    def test_a_commit_says_who_asked_for_it_and_in_which_request(self, shop: Shop) -> None:
        order = shop.place()
        shop.command(
            CANCEL, id=order, actor="bob", request_id="r-9", headers={"X-Correlation-Id": "c-9"}
        )
        envelope = shop.store.read(f"order-{order}")[-1].envelope
        assert (envelope.actor, envelope.command_type) == ("jwt:bob", "CancelOrder")
        assert (envelope.correlation_id, envelope.causation_id) == ("c-9", "r-9")

    def test_what_did_not_come_to_be_has_neither_etag_nor_token(self) -> None:
        nothing_to_do = replace(ORDER, decide=lambda *_: [])
        shop = Shop(decider=nothing_to_do)
        for answer in (place(shop), shop.command(CANCEL, id="7")):
            assert (answer.body["version"], answer.body["events"]) == (0, [])
            assert answer.headers.keys() & {"ETag", "Consistency-Token"} == set()
        assert not shop.store.heads().versions

    def test_a_log_line_names_the_commit(self, shop: Shop, logs: Lines) -> None:
        order = shop.place()
        (line,) = logs()
        assert line["commit"] == f"order-{order}@1"
        assert (line["events"], line["repeated"]) == (["OrderPlaced"], False)


class TestInvalidInput:
    @pytest.mark.parametrize(
        ("body", "faults"),
        [
            ([], {"": "must be an object"}),
            ("null", {"": "must be an object"}),
            ("3", {"": "must be an object"}),
            ('"order"', {"": "must be an object"}),
            ({}, dict.fromkeys(["/address", "/currency", "/customer_id", "/lines"], "is missing")),
            (without("lines", "currency"), {"/currency": "is missing", "/lines": "is missing"}),
            (ORDER_OF_BOOKS | {"order_id": "7"}, {"/order_id": "is not a known field"}),
            (ORDER_OF_BOOKS | {"a/b": 1}, {"/a~1b": "is not a known field"}),
            (ORDER_OF_BOOKS | {"customer_id": 1}, {"/customer_id": "must be a string"}),
            (ORDER_OF_BOOKS | {"customer_id": None}, {"/customer_id": "must be a string"}),
            (
                ORDER_OF_BOOKS | {"customer_id": "c 1"},
                {
                    "/customer_id": "may have letters, digits and . _ - only, "
                    "and must start with a letter or digit"
                },
            ),
            (
                ORDER_OF_BOOKS | {"customer_id": "c" * 65},
                {"/customer_id": "must have 1 to 64 characters, has 65"},
            ),
            (
                ORDER_OF_BOOKS | {"currency": "JPY"},
                {"/currency": "must be one of CHF, EUR, GBP, USD"},
            ),
            (
                ORDER_OF_BOOKS | {"currency": "eur"},
                {"/currency": "must be one of CHF, EUR, GBP, USD"},
            ),
            (
                ORDER_OF_BOOKS | {"currency": ["EUR"]},
                {"/currency": "must be one of CHF, EUR, GBP, USD"},
            ),
            (ORDER_OF_BOOKS | {"lines": []}, {"/lines": "must have 1 to 50 entries, has 0"}),
            (ORDER_OF_BOOKS | {"lines": {}}, {"/lines": "must be a list"}),
            (
                ORDER_OF_BOOKS | {"lines": [LINE] * 51},
                {"/lines": "must have 1 to 50 entries, has 51"},
            ),
            (ORDER_OF_BOOKS | {"lines": [LINE, None]}, {"/lines/1": "must be an object"}),
            (
                ORDER_OF_BOOKS | {"lines": [{}]},
                dict.fromkeys(
                    ["/lines/0/quantity", "/lines/0/sku", "/lines/0/unit_price"], "is missing"
                ),
            ),
            (with_line(quantity=0), {"/lines/0/quantity": "must be 1 to 1000"}),
            (with_line(quantity=-2), {"/lines/0/quantity": "must be 1 to 1000"}),
            (with_line(quantity=1001), {"/lines/0/quantity": "must be 1 to 1000"}),
            (with_line(quantity=10**100), {"/lines/0/quantity": "must be 1 to 1000"}),
            (with_line(quantity=True), {"/lines/0/quantity": "must be a whole number"}),
            (with_line(quantity=2.0), {"/lines/0/quantity": "must be a whole number"}),
            (with_line(quantity="2"), {"/lines/0/quantity": "must be a whole number"}),
            (with_line(quantity=None), {"/lines/0/quantity": "must be a whole number"}),
            (with_line(unit_price=12.5), {"/lines/0/unit_price": "must be a whole number"}),
            (with_line(unit_price=-1), {"/lines/0/unit_price": "must be 0 to 10000000"}),
            (with_line(discount=1), {"/lines/0/discount": "is not a known field"}),
            (with_address(city=" "), {"/address/city": "must not be blank"}),
            (
                with_address(city="Vienna\n"),
                {"/address/city": "must not contain control characters"},
            ),
            (
                with_address(city="\ud800"),
                {"/address/city": "must not contain control characters"},
            ),
            (with_address(country="at"), {"/address/country": "must be a code like AT"}),
            (
                with_address(street="x" * 201),
                {"/address/street": "must have 1 to 200 characters, has 201"},
            ),
            (ORDER_OF_BOOKS | {"address": "Vienna"}, {"/address": "must be an object"}),
        ],
    )
    def test_an_order_that_is_not_valid_says_all_that_is_wrong(
        self, shop: Shop, body: object, faults: dict[str, str]
    ) -> None:
        answer = place(shop, body, headers=keyed("key-1"))
        assert pointers(refused(answer, 400, "invalid_input")) == faults
        assert not shop.store.heads().versions

    def test_the_words_of_an_answer_stay_within_what_lambda_can_send(self, shop: Shop) -> None:
        many = json.dumps(ORDER_OF_BOOKS | {"lines": [{}] * 25_000}, separators=(",", ":"))
        problem = refused(place(shop, many), 400, "invalid_input")
        assert len(problem["errors"]) == MAX_FAULTS

    @pytest.mark.parametrize("body", [None, "", "{", "NaN", "1e999", b"\xff", "[" * 50_000])
    def test_an_order_that_is_no_json_is_refused(self, shop: Shop, body: object) -> None:
        assert "errors" not in refused(place(shop, body), 400, "invalid_input")

    def test_an_order_that_is_too_large_is_refused(self, shop: Shop) -> None:
        body = json.dumps(with_address(street="x" * 200_000))
        refused(place(shop, body), 413, "too_large")
        refused(shop.command(CANCEL, id=shop.place(), body=body), 413, "too_large")

    @pytest.mark.parametrize("key", ["", " ", "é", "x" * 256])
    def test_a_strange_idempotency_key_is_refused(self, shop: Shop, key: str) -> None:
        refused(place(shop, headers=keyed(key)), 400, "invalid_input")
        refused(shop.command(CANCEL, id=shop.place(), headers=keyed(key)), 400, "invalid_input")

    @pytest.mark.parametrize("etag", ["1", "latest", '"0"', 'W/"1"'])
    def test_a_strange_if_match_is_refused(self, shop: Shop, etag: str) -> None:
        order = shop.place()
        answer = shop.command(CANCEL, id=order, headers={"If-Match": etag})
        refused(answer, 400, "invalid_input")
        assert len(shop.store.read(f"order-{order}")) == 1

    @pytest.mark.parametrize("order", ["a b", "..", "é", "7@1", "x" * 65, "%00"])
    def test_a_strange_id_is_not_found(self, shop: Shop, order: str) -> None:
        refused(shop.command(CANCEL, id=order), 404, "not_found")


class TestRules:
    def test_a_rule_that_says_no_is_told_with_its_own_code(self, shop: Shop) -> None:
        answer = place(shop, ORDER_OF_BOOKS | {"lines": [LINE, LINE]})
        refused(answer, 422, "sku_on_two_lines")

    def test_an_unknown_order_is_not_found(self, shop: Shop) -> None:
        refused(shop.command(CANCEL, id="nothing"), 404, "order_not_found")

    def test_a_refusal_leaves_no_trace(self, shop: Shop) -> None:
        order = shop.place()
        shop.command(CANCEL, id=order)
        refused(shop.command(MOVE, id=order, body={"address": ADDRESS}), 422, "order_is_cancelled")
        assert len(shop.store.read(f"order-{order}")) == 2


class TestRepeats:
    def test_an_order_placed_twice_is_one_order_and_one_answer(self, shop: Shop) -> None:
        first = place(shop, headers=keyed("key-1"), request_id="r-1")
        again = place(shop, headers=keyed("key-1"), request_id="r-2")
        assert again.text == first.text
        assert (again.status, again.headers["X-Correlation-Id"]) == (201, "r-2")
        for name in ("Location", "ETag", "Consistency-Token"):
            assert again.headers[name] == first.headers[name]
        assert list(shop.store.heads().versions.values()) == [1]

    def test_a_repeat_is_logged_as_one(self, shop: Shop, logs: Lines) -> None:
        shop.place()
        shop.place()
        assert [line["repeated"] for line in logs()] == [False, True]

    def test_a_repeat_is_known_by_what_it_says_not_by_how_it_is_written(self, shop: Shop) -> None:
        first = place(shop, headers=keyed("key-1"))
        turned = json.dumps(dict(reversed(ORDER_OF_BOOKS.items())), indent=4).encode()
        assert place(shop, turned, headers=keyed("key-1")).text == first.text

    def test_the_same_key_with_another_order_is_refused(self, shop: Shop) -> None:
        place(shop, headers=keyed("key-1"))
        answer = place(shop, with_line(quantity=3), headers=keyed("key-1"))
        refused(answer, 422, "idempotency_key_reused")

    def test_the_same_key_with_an_order_that_breaks_a_rule_is_refused_for_the_key(
        self, shop: Shop
    ) -> None:
        place(shop, headers=keyed("key-1"))
        answer = place(shop, ORDER_OF_BOOKS | {"lines": [LINE, LINE]}, headers=keyed("key-1"))
        refused(answer, 422, "idempotency_key_reused")

    def test_a_repeat_is_known_though_a_rule_became_stricter_since(self, shop: Shop) -> None:
        def refuse(*_: object) -> NoReturn:
            raise Refused("Nobody can order any more.")

        first = place(shop, headers=keyed("key-1"))
        stricter = Shop(store=shop.store, decider=replace(ORDER, decide=refuse))
        assert place(stricter, headers=keyed("key-1")).text == first.text
        refused(place(stricter, headers=keyed("key-2")), 422, "refused")

    def test_the_same_key_of_another_actor_is_another_order(self, shop: Shop) -> None:
        first = place(shop, headers=keyed("key-1"), actor="ada")
        other = place(shop, headers=keyed("key-1"), actor="bob")
        assert other.status == 201
        assert other.body["order_id"] != first.body["order_id"]

    def test_another_key_is_another_order(self, shop: Shop) -> None:
        assert shop.place("key-1") != shop.place("key-2")

    def test_without_a_key_every_request_is_another_order(self, shop: Shop) -> None:
        first, second = place(shop, request_id="r-1"), place(shop, request_id="r-2")
        assert first.body["order_id"] != second.body["order_id"]

    def test_a_request_that_lambda_runs_twice_has_one_effect_without_a_key(
        self, shop: Shop
    ) -> None:
        first, second = place(shop, request_id="r-1"), place(shop, request_id="r-1")
        assert first.text == second.text

    def test_a_repeat_is_known_after_the_order_was_placed_and_changed(self, shop: Shop) -> None:
        first = place(shop, headers=keyed("key-1"))
        shop.command(CANCEL, id=first.body["order_id"])
        assert place(shop, headers=keyed("key-1")).text == first.text

    def test_a_repeated_change_gets_the_answer_of_the_first_one(self, shop: Shop) -> None:
        order = shop.place()
        first = shop.command(CANCEL, id=order, headers=keyed("key-2"))
        again = shop.command(CANCEL, id=order, headers=keyed("key-2"))
        assert (again.status, again.text) == (200, first.text)
        assert len(shop.store.read(f"order-{order}")) == 2

    def test_a_repeat_is_known_when_a_snapshot_lies_between(self, shop: Shop) -> None:
        order = shop.place()
        there = {"address": ADDRESS | {"city": "Graz"}}
        first = shop.command(MOVE, id=order, body=there, headers=keyed("key-2"))
        for n in range(3 * SNAPSHOT_INTERVAL):
            shop.command(MOVE, id=order, body={"address": ADDRESS | {"city": f"City {n}"}})
        again = shop.command(MOVE, id=order, body=there, headers=keyed("key-2"))
        assert again.text == first.text

    def test_a_key_of_another_command_to_the_same_order_is_refused(self, shop: Shop) -> None:
        order = shop.place()
        shop.command(CANCEL, id=order, headers=keyed("key-2"))
        answer = shop.command(MOVE, id=order, body={"address": ADDRESS}, headers=keyed("key-2"))
        refused(answer, 422, "idempotency_key_reused")

    def test_a_repeat_is_answered_though_the_version_it_named_is_gone(self, shop: Shop) -> None:
        order = shop.place()
        headers = keyed("key-2", **{"If-Match": '"1"'})
        first = shop.command(CANCEL, id=order, headers=headers)
        assert shop.command(CANCEL, id=order, headers=headers).text == first.text

    def test_a_refusal_is_not_remembered(self, shop: Shop) -> None:
        two_lines = ORDER_OF_BOOKS | {"lines": [LINE, LINE]}
        refused(place(shop, two_lines, headers=keyed("key-1")), 422, "sku_on_two_lines")
        assert place(shop, headers=keyed("key-1")).status == 201


class TestPreconditions:
    @pytest.mark.parametrize("etag", ['"1"', "*"])
    def test_a_change_goes_through_at_the_version_that_it_names(
        self, shop: Shop, etag: str
    ) -> None:
        answer = shop.command(CANCEL, id=shop.place(), headers={"If-Match": etag})
        assert answer.body["version"] == 2

    @pytest.mark.parametrize("etag", ['"1"', '"3"'])
    def test_a_change_at_another_version_is_refused(self, shop: Shop, etag: str) -> None:
        order = shop.place()
        shop.command(CANCEL, id=order)
        answer = shop.command(CANCEL, id=order, headers={"If-Match": etag})
        problem = refused(answer, 412, "precondition_failed")
        assert f"is at version 2, not {etag[1]}" in problem["detail"]
        assert "Retry-After" not in answer.headers
        assert len(shop.store.read(f"order-{order}")) == 2


class TestTrouble:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (Unavailable("The store is not available."), 503, "unavailable"),
            (Throttled("The store has no capacity left for now."), 429, "throttled"),
        ],
    )
    def test_a_store_in_trouble_is_told_as_something_that_passes(
        self, error: Exception, status: int, code: str
    ) -> None:
        answer = place(Shop(store=BrokenStore(error)))
        refused(answer, status, code)
        assert answer.headers["Retry-After"] == "1"

    def test_a_commit_that_the_store_cannot_take_is_told_with_its_size(self) -> None:
        shop = Shop(store=BrokenStore(TooLarge("The commit order-7@1", 500_000, 400_000)))
        answer = place(shop)
        assert "500000 bytes" in refused(answer, 413, "too_large")["detail"]
        assert "Retry-After" not in answer.headers

    def test_a_command_that_failed_has_its_effect_when_it_is_sent_again(self) -> None:
        store = BrokenStore(Unavailable("The store is not available."))
        shop = Shop(store=store)
        refused(place(shop, headers=keyed("key-1")), 503, "unavailable")
        store.error = None
        assert place(shop, headers=keyed("key-1")).status == 201
