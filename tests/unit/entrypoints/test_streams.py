"""The streams' edges: batches come in, the first record that must come again goes out."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cqrs import plain
from cqrs.entrypoints.streams import FollowerFunction, PublisherFunction, commits_in
from cqrs.errors import Unavailable, Unreadable
from cqrs.history.commits import Commit
from cqrs.history.publisher import read_record
from tests.fixtures.payloads import dynamodb, kinesis, kinesis_of
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import ADDRESS, BrokenRows, BrokenStore, Shop

ALL_WELL: dict[str, Any] = {"batchItemFailures": []}


def again(sequence: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": str(sequence)}]}


NO_NAMES = ["", "7", "order", "order-", "-7", "Order-7", "order-a b", "order-7\n", "order-é"]
NO_NAMES.append("order-" + "7" * 129)
ONE = {"stream": "order-7", "version": 1, "body": "{}"}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def commits(shop: Shop, *orders: str) -> list[Commit]:
    """All that is stored of these orders."""
    return [commit for order in orders for commit in shop.store.read(f"order-{order}")]


def changed(shop: Shop, order: str) -> list[Commit]:
    """An order of three commits."""
    for city in ("Graz", "Linz"):
        body = {"address": ADDRESS | {"city": city}}
        assert shop.command("PUT /orders/{id}/address", id=order, body=body).status == 200
    return commits(shop, order)


def damaged(commit: Commit) -> Commit:
    return replace(commit, body=commit.body.replace("Order", "Ordeal"))


class TestPublishing:
    def test_every_commit_of_a_batch_is_published(self, shop: Shop) -> None:
        stored = commits(shop, shop.place("a"), shop.place("b"))
        assert shop.publishing(dynamodb(*stored), None) == ALL_WELL
        sent = [commit for r in shop.publisher.records for commit in read_record(r.data)]
        assert sent == stored

    def test_a_commit_is_published_as_the_text_that_is_stored(self, shop: Shop) -> None:
        (stored,) = commits(shop, shop.place())
        shop.publishing(dynamodb(stored), None)
        (record,) = shop.publisher.records
        assert json.loads(record.data)["commits"][0]["body"] == stored.body

    def test_commits_that_come_in_disorder_are_published_in_order(self, shop: Shop) -> None:
        first, second, third = changed(shop, shop.place())
        shop.publishing(dynamodb(third, first, second), None)
        (record,) = shop.publisher.records
        assert record.commits == (first, second, third)

    def test_the_earliest_commit_that_was_not_sent_comes_again(self, shop: Shop) -> None:
        a, b, c = (shop.place(key) for key in "abc")
        shop.publisher.refuse = lambda record: record.key in (b, c)
        batch = dynamodb(*commits(shop, a, c, b))
        assert shop.publishing(batch, None) == again(2)

    def test_what_is_behind_an_unsent_commit_comes_again_with_it(self, shop: Shop) -> None:
        order, other = shop.place("a"), shop.place("b")
        first, second, third = changed(shop, order)
        shop.publisher.refuse = lambda record: record.key == order
        batch = dynamodb(*commits(shop, other), third, first, second)
        assert shop.publishing(batch, None) == again(2)
        shop.publisher.refuse = lambda _: False
        assert shop.publishing({"Records": batch["Records"][1:]}, None) == ALL_WELL
        assert shop.publisher.records[-1].commits == (first, second, third)

    @pytest.mark.parametrize("event_name", ["REMOVE", "MODIFY"])
    def test_what_an_operator_removes_or_mends_is_not_published(
        self, shop: Shop, event_name: str
    ) -> None:
        batch = dynamodb(*commits(shop, shop.place()), event_name=event_name)
        assert shop.publishing(batch, None) == ALL_WELL
        assert shop.publisher.records == []

    @pytest.mark.parametrize(
        "image",
        [
            {},
            {"stream": {"S": "order-7"}, "version": {"N": "one"}, "body": {"S": "{}"}},
            {"stream": {"N": "7"}, "version": {"N": "1"}, "body": {"S": "{}"}},
            {"stream": "order-7", "version": 1, "body": "{}"},
            {"stream": None, "version": None, "body": None},
            {"stream": {"S": None}, "version": {"N": "1"}, "body": {"S": "{}"}},
            *(
                {"stream": {"S": name}, "version": {"N": "1"}, "body": {"S": "{}"}}
                for name in NO_NAMES
            ),
        ],
    )
    def test_an_item_that_is_no_commit_is_let_go_and_logged(
        self, shop: Shop, image: dict[str, Any], logs: Lines, metrics: Lines
    ) -> None:
        (good,) = commits(shop, shop.place())
        assert shop.publishing(dynamodb(image, good), None) == ALL_WELL
        assert len(shop.publisher.records) == 1
        line = next(line for line in logs() if line["message"] == "unreadable record")
        assert (line["level"], line["sequence"]) == ("ERROR", "1")
        assert metrics()[0]["UnreadableRecords"] == 1

    @pytest.mark.parametrize("body", ["", "{", "[]", '{"events": []}', '{"events": 3}'])
    def test_a_commit_with_a_damaged_text_is_published_as_it_is(
        self, shop: Shop, body: str
    ) -> None:
        commit = Commit("order-7", 1, body)
        assert shop.publishing(dynamodb(commit), None) == ALL_WELL
        assert shop.publisher.records[0].commits == (commit,)

    def test_a_commit_without_a_text_is_published_so_that_its_stream_stops(
        self, shop: Shop
    ) -> None:
        image = {"stream": {"S": "order-7"}, "version": {"N": "1"}}
        assert shop.publishing(dynamodb(image), None) == ALL_WELL
        assert shop.publisher.records[0].commits == (Commit("order-7", 1, ""),)

    def test_an_empty_batch_is_nothing_to_do(self, shop: Shop) -> None:
        assert shop.publishing({"Records": []}, None) == ALL_WELL

    def test_a_batch_is_one_log_line_and_one_line_of_metrics(
        self, shop: Shop, logs: Lines, metrics: Lines
    ) -> None:
        sent, unsent = shop.place("a"), shop.place("b")
        batch = dynamodb(*commits(shop, sent, unsent))
        before = len(logs())
        shop.publisher.refuse = lambda record: record.key == unsent
        shop.publishing(batch, None)
        (line,) = logs()[before:]
        assert (line["message"], line["published"], line["unsent"]) == ("published", 1, 1)
        assert line["commits"] == [f"order-{sent}@1", f"order-{unsent}@1"]
        assert line["correlation_ids"] == ["request-1", "request-2"]
        assert metrics() == [{"Published": 1, "Unsent": 1, "service": "test"}]

    def test_a_publisher_that_cannot_go_on_at_all_gets_the_batch_again(self, shop: Shop) -> None:
        class Forbidden(Exception):
            pass

        class Broken:
            def publish(self, records: Any) -> Any:
                raise Forbidden

        with pytest.raises(Forbidden):
            PublisherFunction(Broken())(dynamodb(*commits(shop, shop.place())), None)


class TestFollowing:
    def test_what_arrives_is_shown(self, shop: Shop) -> None:
        a, b = shop.place("a"), shop.place("b")
        assert shop.projecting(kinesis_of(*commits(shop, a, b)), None) == ALL_WELL
        assert [shop.rows.get(order).positions for order in (a, b)] == [
            {f"order-{a}": 1},
            {f"order-{b}": 1},
        ]

    def test_what_arrives_on_the_stream_of_the_store_itself_is_shown(self, shop: Shop) -> None:
        order = shop.place()
        assert shop.projecting(dynamodb(*commits(shop, order)), None) == ALL_WELL
        assert shop.query("GET /orders/{id}", id=order).body["version"] == 1

    def test_what_arrives_twice_and_in_disorder_is_shown_once(self, shop: Shop) -> None:
        order = shop.place()
        first, second, third = changed(shop, order)
        batch = kinesis_of(third, first, first, second, third)
        assert shop.projecting(batch, None) == ALL_WELL
        assert shop.projecting(batch, None) == ALL_WELL
        row = shop.rows.get(order)
        assert (row.positions, row.revision) == ({f"order-{order}": 3}, 1)

    def test_a_batch_comes_again_if_any_of_its_followers_failed(self) -> None:
        shop, broken = Shop(), Shop(rows=BrokenRows())
        batch = kinesis_of(*commits(shop, shop.place()))
        for followers in ([broken.follower, shop.follower], [shop.follower, broken.follower]):
            answer = FollowerFunction(followers)(batch, None)
            assert len(answer["batchItemFailures"]) == 1

    def test_the_first_record_of_a_stream_that_failed_comes_again(self) -> None:
        store = BrokenStore(Unavailable("the store is down"))
        error, store.error = store.error, None
        shop = Shop(store=store)
        good, bad = shop.place("a"), shop.place("b")
        _, second, third = changed(shop, bad)
        (first,) = commits(shop, good)
        store.error = error
        # a gap: what lies before it must be read from the store, which is down
        batch = kinesis_of(first, third, second, first)
        assert shop.projecting(batch, None) == again(2)
        assert shop.rows.get(good).positions == {f"order-{good}": 1}
        assert shop.rows.get(bad).positions == {}

    def test_a_table_that_is_down_lets_the_whole_batch_come_again(self) -> None:
        rows = BrokenRows()
        shop = Shop(rows=rows)
        batch = kinesis_of(*commits(shop, shop.place("a"), shop.place("b")))
        assert shop.projecting(batch, None) == again(1)
        rows.down = False
        assert shop.projecting(batch, None) == ALL_WELL

    def test_a_stream_that_fails_in_any_view_comes_again(self, shop: Shop) -> None:
        broken = Shop(store=shop.store, rows=BrokenRows())
        function = FollowerFunction([shop.follower, broken.follower])
        order = shop.place()
        assert function(kinesis_of(*commits(shop, order)), None) == again(1)
        assert shop.rows.get(order).revision == 1

    def test_a_commit_that_cannot_be_applied_stops_its_own_stream_only(
        self, shop: Shop, metrics: Lines
    ) -> None:
        bad, good = shop.place("a"), shop.place("b")
        (commit,) = commits(shop, bad)
        poison = replace(damaged(commit), version=2)
        shop.store.append(poison, "poison")
        batch = kinesis_of(commit, poison, *commits(shop, good))
        assert shop.projecting(batch, None) == ALL_WELL
        assert shop.rows.get(bad).parked[f"order-{bad}"].version == 2
        assert shop.rows.get(good).document
        (counted,) = metrics()
        assert (counted["Applied"], counted["Parked"], counted["view"]) == (2, 1, "order_history")

    def test_a_commit_without_a_text_stops_its_own_stream_only(self, shop: Shop) -> None:
        bad, good = shop.place("a"), shop.place("b")
        empty = Commit(f"order-{bad}", 2, "")
        shop.store.append(empty, "")
        batch = kinesis_of(*commits(shop, bad, good))
        assert shop.projecting(batch, None) == ALL_WELL
        assert shop.rows.get(bad).parked[f"order-{bad}"].version == 2
        assert shop.rows.get(good).document

    def test_a_stream_that_is_parked_is_counted_as_waiting(
        self, shop: Shop, metrics: Lines
    ) -> None:
        order = shop.place()
        (first,) = commits(shop, order)
        poison = replace(damaged(first), version=2)
        shop.store.append(poison, "poison")
        shop.projecting(kinesis_of(first, poison), None)
        metrics()
        assert shop.projecting(kinesis_of(replace(first, version=3)), None) == ALL_WELL
        (counted,) = metrics()
        assert (counted["StillParked"], "Parked" in counted, "Failed" in counted) == (
            1,
            False,
            False,
        )

    @pytest.mark.parametrize(
        "record",
        [
            b"",
            b"\x00\xff",
            b"not a record",
            b"{}",
            b'{"commits": 3}',
            b'{"commits": [{"stream": "order-7"}]}',
            "not base64!",
            "é",
            "e30",
            *(plain.to_json({"commits": [ONE | {"stream": name}]}).encode() for name in NO_NAMES),
            plain.to_json({"commits": [ONE, ONE | {"stream": "7"}]}).encode(),
        ],
    )
    def test_an_unreadable_record_is_let_go_and_logged(
        self, shop: Shop, record: bytes | str, logs: Lines, metrics: Lines
    ) -> None:
        order = shop.place()
        (good,) = kinesis_of(*commits(shop, order))["Records"]
        batch = {"Records": [*kinesis(record)["Records"], good]}
        assert shop.projecting(batch, None) == ALL_WELL
        assert shop.rows.get(order).document
        line = next(line for line in logs() if line["message"] == "unreadable record")
        assert (line["level"], line["sequence"]) == ("ERROR", "1")
        assert metrics()[0]["UnreadableRecords"] == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"actor": None},
            {"correlation": None},
            {"correlation": []},
            {"correlation": {"a": 1}},
            {"causation": 3},
            {"command": None},
            {"command": {"id": [], "type": "x", "hash": "y"}},
            {"events": None},
            {"events": [3]},
        ],
    )
    def test_a_damaged_commit_in_a_good_record_costs_one_read(
        self, shop: Shop, changes: dict[str, object], metrics: Lines
    ) -> None:
        order, other = shop.place("a"), shop.place("b")
        (commit,) = commits(shop, order)
        wrong = replace(commit, body=plain.to_json({**plain.from_json(commit.body), **changes}))
        assert shop.projecting(kinesis_of(wrong, *commits(shop, other)), None) == ALL_WELL
        assert shop.rows.get(order).document
        (counted,) = metrics()
        assert (counted["Applied"], counted["Repaired"]) == (2, 1)

    def test_what_this_view_does_not_follow_is_passed_over(self, shop: Shop) -> None:
        commit = Commit("product-7", 1, "{}")
        assert shop.projecting(kinesis_of(commit), None) == ALL_WELL
        assert shop.rows.get("7").revision == 0

    def test_an_empty_batch_is_nothing_to_do(self, shop: Shop) -> None:
        assert shop.projecting({"Records": []}, None) == ALL_WELL

    def test_a_batch_is_one_log_line_for_each_view(self, shop: Shop, logs: Lines) -> None:
        order = shop.place()
        before = len(logs())
        shop.projecting(kinesis_of(*commits(shop, order)), None)
        (line,) = logs()[before:]
        assert (line["message"], line["view"]) == ("followed", "order_history")
        assert line["applied"] == {f"order-{order}": 1}
        assert line["commits"] == [f"order-{order}@1"]
        assert line["correlation_ids"] == ["request-1"]

    def test_a_log_line_stays_short_however_large_the_batch(self, shop: Shop, logs: Lines) -> None:
        orders = [shop.place(f"key-{n}") for n in range(40)]
        before = len(logs())
        shop.projecting(kinesis_of(*commits(shop, *orders)), None)
        (line,) = logs()[before:]
        assert len(line["commits"]) == len(line["applied"]) == len(line["correlation_ids"]) == 20


@pytest.mark.parametrize("record", ["text", 3, None, [], {"kinesis": None}, {"kinesis": {}}])
def test_what_is_no_record_at_all_is_unreadable_and_nothing_worse(record: Any) -> None:
    with pytest.raises(Unreadable):
        commits_in(record)
