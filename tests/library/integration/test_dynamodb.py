"""The DynamoDB adapters keep the contracts of their ports, on moto; and what they do with items
that this code did not write.
"""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import boto3
import pytest

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore
from cqrs.observability import logger
from cqrs.plain import replace
from cqrs.testing.contracts import EventStoreContract, Rows, RowsContract
from cqrs.views.rows import Place, Row
from tests.library.integration.counted import Counted
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_process_store,
    create_view_store,
    one_at_a_time,
)
from tests.library.processes import TRIPS, World
from tests.library.worlds import VIEW, follower, history, stored


@pytest.mark.usefixtures("aws")
class TestDynamoDbEventStore(EventStoreContract):
    @pytest.fixture
    def store(self, aws: None) -> EventStore:
        client = one_at_a_time(boto3.client("dynamodb"))
        create_event_store(client, "events")
        create_guard_store(client, "guards")
        return DynamoDbEventStore("events", "guards", client=lambda: client)


@pytest.mark.usefixtures("aws")
class TestDynamoDbRows(RowsContract):
    @pytest.fixture
    def rows(self, aws: None) -> Rows:
        client = boto3.client("dynamodb")
        create_view_store(client, "order_history")
        return DynamoDbRows("order_history", "order_history#1", ["customer"], lambda: client)


@pytest.fixture
def events(aws: None) -> tuple[Counted, DynamoDbEventStore]:
    counted = Counted()
    create_event_store(counted.client, "events")
    counted.start()
    return counted, DynamoDbEventStore("events", client=lambda: counted.client)


A_QUARTER = "x" * 220_000  # of a page of a scan, here as on AWS


@pytest.mark.parametrize(
    "lengths",
    [(4,), (4, 1), (1, 4, 3), (4, 4, 4), (9, 1, 1), (3, 1, 4, 1, 5), (12,), (13,), (1,) * 9],
)
def test_in_a_walk_every_stream_comes_up_once_wherever_its_parts_end(
    events: tuple[Counted, DynamoDbEventStore], lengths: tuple[int, ...]
) -> None:
    _, store = events
    for n, length in enumerate(lengths):
        for one in history(f"order-{n}", *[A_QUARTER] * length):
            store.append(one, "")

    found: list[tuple[str, int]] = []
    cursor: str | None = None
    while True:
        heads = store.heads(cursor)
        found += heads.versions.items()
        cursor = heads.cursor
        if cursor is None:
            break

    assert sorted(found) == [(f"order-{n}", length) for n, length in enumerate(lengths)]


@pytest.mark.parametrize(("limit", "units"), [(1, 1), (4, 1), (6, 2), (9, 3), (30, 3)])
def test_what_is_read_up_to_a_limit_is_all_that_is_read(
    events: tuple[Counted, DynamoDbEventStore], limit: int, units: int
) -> None:
    counted, store = events
    commits = history("order-7", *[A_QUARTER] * 12)
    for one in commits:
        store.append(one, "")
    counted.taken()

    assert list(store.read("order-7", 1, limit)) == commits[1 : 1 + limit]

    asked = [call.request["Limit"] for call in counted.taken()]
    assert asked[0] == limit
    assert len(asked) == units
    assert asked == sorted(set(asked), reverse=True)


@pytest.mark.parametrize("pages", [3, 5, 9])
def test_to_fold_every_stream_anew_reads_one_that_spans_pages_once(
    events: tuple[Counted, DynamoDbEventStore], pages: int
) -> None:
    counted, store = events
    for one in history("order-7", *[A_QUARTER] * 4 * pages):
        store.append(one, "")
    follows = follower(MemoryRows(max_bytes=10**9), store)
    counted.taken()

    list(sweep(store, [follows], anew=True))

    # the history once, and a look at what came meanwhile
    assert counted.names().count("Query") == pages + 1


def test_a_walk_goes_on_where_its_bookmark_lies(aws: None) -> None:
    client = boto3.client("dynamodb")
    create_view_store(client, "order_history")
    bookmarks = DynamoDbBookmarks("order_history", lambda: client)

    assert bookmarks.get("sweep/orders") is None
    bookmarks.put("sweep/orders", "here")
    assert bookmarks.get("sweep/orders") == "here"
    bookmarks.put("sweep/orders", None)
    assert bookmarks.get("sweep/orders") is None


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What is logged."""
    out = StringIO()
    handler = logger().registered_handler
    before = handler.setStream(out)
    yield out
    handler.setStream(before)


ITEM = {
    "row": "order_history#1/7",
    "positions": '{"order-7":2}',
    "states": '{"order-7":{"texts":["a","b"]}}',
    "doc": '{"order":["a","b"],"payment":[]}',
    "customer": "order_history#1/c-1",
    "customer_sort": "2026/7",
}
DAMAGED = {
    "positions": ["", "{", "3", '"order-7"', '{"order-7":"two"}', '{"order-7":null}'],
    "states": ["", "{", "3", "[1]", "NaN"],
    "doc": ["", "{", "NaN", "1e999"],
    "parked": ["", "{", "3", "[1]", '{"order-7":3}', '{"order-7":{"version":"3","error":"x"}}'],
}


class TestItemsThatNobodyCanRead:
    @pytest.mark.parametrize(
        ("name", "text"), [(name, text) for name, texts in DAMAGED.items() for text in texts]
    )
    def test_an_unreadable_row_keeps_its_place_and_what_can_be_read_and_is_folded_anew(
        self, aws: None, log: StringIO, name: str, text: str
    ) -> None:
        client = boto3.client("dynamodb")
        create_view_store(client, "order_history", ("customer", "all"))
        rows = DynamoDbRows("order_history", "order_history#1", ["customer"], lambda: client)
        texts: dict[str, Any] = {key: {"S": value} for key, value in (ITEM | {name: text}).items()}
        client.put_item(TableName="order_history", Item=texts | {"revision": {"N": "4"}})

        left = Row(
            key="7",
            revision=4,
            places={"customer": Place("c-1", "2026/7")},
            document=None if name == "doc" else {"order": ["a", "b"], "payment": []},
        )
        assert rows.get("7") == rows.load(["7"])["7"] == left
        line = json.loads(log.getvalue().splitlines()[0])
        assert (line["message"], line["row"]) == ("unreadable row", "order_history#1/7")
        assert line["level"] == "ERROR"

        commits = history("order-7", "a", "b")
        all_rows = DynamoDbRows("order_history", "order_history#1", VIEW.lists, lambda: client)
        report = Follower(VIEW, all_rows, dict.fromkeys(("order", "payment"), stored(commits)))
        assert report.catch_up({"order-7": commits[1:]}).applied == {"order-7": 2}
        mended = all_rows.get("7")
        assert (mended.revision, mended.document) == (5, {"order": ["a", "b"], "payment": []})

    @pytest.mark.parametrize("name", ["positions", "states"])
    def test_a_process_whose_parts_cannot_be_read_knows_what_it_has_sent(
        self, aws: None, name: str
    ) -> None:
        client = boto3.client("dynamodb")
        create_process_store(client, "trips")
        rows: Any = DynamoDbRows("trips", "trips#1", TRIPS.lists, lambda: client)
        world = World(rows=rows)
        world.works.trouble = {"bath": Unavailable("the works are down")}
        world.wishes("7", "bed", "bath")
        world.visit("7")
        first = world.entries("7")
        client.update_item(
            TableName="trips",
            Key={"row": {"S": "trips#1/7"}},
            UpdateExpression="SET #name = :text",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":text": {"S": "{"}},
        )
        assert world.entries("7") == first
        world.works.sent.clear()
        world.works.trouble = {}

        report = world.visit("7")

        assert (world.works.heard, report.delivered) == (["bath"], 1)
        assert ([*world.entries("7")], world.waits("7")) == (["bed", "bath"], [])

    def test_an_item_without_a_body_is_a_commit_that_stops_its_stream(self, aws: None) -> None:
        client = boto3.client("dynamodb")
        create_event_store(client, "events")
        store = DynamoDbEventStore("events", client=lambda: client)
        (first,) = history("order-7", "a")
        store.append(first, "c")
        client.put_item(
            TableName="events", Item={"stream": {"S": "order-7"}, "version": {"N": "2"}}
        )

        assert list(store.read("order-7")) == [first, Commit("order-7", 2, "")]
        rows = MemoryRows()
        report = follower(rows, store).catch_up({"order-7": ()})

        assert report.applied == {"order-7": 1}
        assert report.parked["order-7"].version == 2
        assert "not JSON" in report.parked["order-7"].error


class TestFilling:
    def test_a_table_that_is_new_has_nothing_and_each_generation_is_filled_apart(
        self, aws: None
    ) -> None:
        client = boto3.client("dynamodb")
        create_view_store(client, "notes", ("all",))

        def rows(generation: int) -> DynamoDbRows:
            made = DynamoDbRows.of(replace(VIEW, generation=generation), "notes")
            made._client = lambda: client
            return made

        assert (rows(1).state().condition, rows(1).is_filled()) == ("missing", False)
        rows(1).create()
        rows(1).open()
        assert (rows(1).is_filled(), rows(2).is_filled()) == (True, False)
        assert rows(2).state().condition == "missing"

    def test_a_table_that_was_lost_and_made_again_is_filled_from_the_beginning(
        self, aws: None
    ) -> None:
        client = boto3.client("dynamodb")
        create_view_store(client, "notes", ("all",))
        rows = DynamoDbRows("notes", "notes#1", ["all"], lambda: client)
        first = rows.create().made
        assert rows.create().made == first
        client.delete_table(TableName="notes")
        create_view_store(client, "notes", ("all",))

        assert rows.state().condition == "missing"
        assert rows.create().made > first
