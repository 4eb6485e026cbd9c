"""The DynamoDB adapters keep the contracts of their ports, on moto; and what they do with items
that this code did not write.
"""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import boto3
import pytest

from cqrs.adapters import dynamodb_rows
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_notes import DynamoDbNotes
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Ahead, Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.walks import Notes
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore
from cqrs.observability import logger
from cqrs.plain import replace
from cqrs.read.consistency import Reader
from cqrs.read.tokens import Token
from cqrs.testing.contracts import (
    EventStoreContract,
    GenerationsContract,
    NotesContract,
    Rows,
    RowsContract,
)
from cqrs.views.filling import Filling
from cqrs.views.generations import GenerationStore
from cqrs.views.rows import Place, Row
from tests.library.integration.counted import Counted
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_process_store,
    create_register,
    create_view_store,
    one_at_a_time,
)
from tests.library.processes import TRIPS, World
from tests.library.walking import REDRIVE, walk
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
class TestDynamoDbNotes(NotesContract):
    @pytest.fixture
    def notes(self, aws: None) -> Notes:
        client = one_at_a_time(boto3.client("dynamodb"))
        create_view_store(client, "walks")
        return DynamoDbNotes("walks", lambda: client)


@pytest.mark.usefixtures("aws")
class TestDynamoDbRows(RowsContract):
    @pytest.fixture
    def rows(self, aws: None) -> Rows:
        client = one_at_a_time(boto3.client("dynamodb"))
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
    """Not once for each page: to fold everything anew takes time in proportion."""
    counted, store = events
    for one in history("order-7", *[A_QUARTER] * 4 * pages):
        store.append(one, "")
    follows = follower(MemoryRows(max_bytes=10**9), store)
    counted.taken()

    walk(store, [follows], REDRIVE)

    # the history once, and a look at what came meanwhile
    assert counted.names().count("Query") == pages + 1


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
            unreadable=name == "doc",
        )
        assert rows.get("7") == rows.load(["7"])["7"] == left
        line = json.loads(log.getvalue().splitlines()[0])
        assert (line["message"], line["row"]) == ("unreadable row", "order_history#1/7")
        assert line["level"] == "ERROR"

        commits = history("order-7", "a", "b")
        stores = dict.fromkeys(("order", "payment"), stored(commits))
        all_rows = DynamoDbRows("order_history", "order_history#1", VIEW.lists, lambda: client)
        if name == "doc":  # it is not as if there were none
            reader = Reader(replace(VIEW, lists={"customer": VIEW.lists["all"]}), rows, stores)
            with pytest.raises(Ahead):
                reader.get("7", Token())
            with pytest.raises(Ahead):
                reader.page("customer", "c-1", Token(), limit=10)
        report = Follower(VIEW, all_rows, stores)
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

        assert rows(1).state() == Filling("missing")
        rows(1).create()
        assert (rows(1).state().condition, rows(2).state().condition) == ("there", "missing")

    def test_that_older_code_has_filled_a_view_is_known(self, aws: None) -> None:
        client = boto3.client("dynamodb")
        create_view_store(client, "notes", ("all",))
        rows = DynamoDbRows("notes", "notes#1", ["all"], lambda: client)
        made = rows.create().made
        item = {"row": {"S": "filling/notes#1"}, "made": {"S": made}, "filled": {"S": "yes"}}
        client.put_item(TableName="notes", Item=item)

        assert rows.state() == Filling("there", made, filled=True)

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

    def test_of_a_generation_that_is_deleted_no_other_loses_a_row(self, aws: None) -> None:
        client = boto3.client("dynamodb")
        create_view_store(client, "notes", ("all",))
        labels = ["2", "2.1", "22", "12"]
        rows = {
            label: DynamoDbRows("notes", f"notes#{label}", ["all"], lambda: client)
            for label in labels
        }
        keys = [f"row-{n}" for n in range(60)]
        for one in rows.values():
            one.create()
            one.save([Row(key=key, document={}) for key in keys])

        pages, cursor = 1, rows["2"].delete()
        while cursor is not None:
            pages, cursor = pages + 1, rows["2"].delete(cursor)

        has = {
            label: sum(row.revision for row in one.load(keys).values())
            for label, one in rows.items()
        }
        assert has == {"2": 0, "2.1": 60, "22": 60, "12": 60}
        conditions = {label: one.state().condition for label, one in rows.items()}
        assert conditions == {**dict.fromkeys(labels, "there"), "2": "missing"}

    def test_what_is_cut_short_in_the_middle_of_a_deletion_goes_on(
        self, aws: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dynamodb_rows, "ITEMS_PER_SCAN", 20)
        client = boto3.client("dynamodb")
        create_view_store(client, "notes", ("all",))
        rows = DynamoDbRows("notes", "notes#1", ["all"], lambda: client)
        rows.create()
        rows.save([Row(key=f"row-{n}", document={}) for n in range(70)])

        cursors = [rows.delete()]
        while cursors[-1] is not None:
            assert rows.state().condition == "there"
            cursors.append(rows.delete(cursors[-1]))

        assert len(cursors) >= 4
        assert client.scan(TableName="notes")["Count"] == 0


@pytest.mark.usefixtures("aws")
class TestDynamoDbGenerations(GenerationsContract):
    @pytest.fixture
    def register(self, aws: None) -> GenerationStore:
        return create_register(one_at_a_time(boto3.client("dynamodb")), "generations")


class TestTheRegister:
    def test_views_that_are_not_told_of_at_once_are_asked_for_again(self, aws: None) -> None:
        counted = Counted()
        register = create_register(counted.client, "generations", VIEW)
        counted.start()
        assert register.load([f"view-{n}" for n in range(120)] + ["notes"])["notes"].serving
        assert counted.names() == ["BatchGetItem"] * 2
