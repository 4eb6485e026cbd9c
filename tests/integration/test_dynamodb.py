"""The DynamoDB adapters keep the contracts of their ports, on moto."""

import boto3
import pytest

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.event_store import EventStore
from cqrs.testing.contracts import EventStoreContract, Rows, RowsContract
from tests.integration.tables import create_event_store, create_view_store


@pytest.mark.usefixtures("aws")
class TestDynamoDbEventStore(EventStoreContract):
    @pytest.fixture
    def store(self, aws: None) -> EventStore:
        client = boto3.client("dynamodb")
        create_event_store(client, "events")
        return DynamoDbEventStore("events", lambda: client)


@pytest.mark.usefixtures("aws")
class TestDynamoDbRows(RowsContract):
    @pytest.fixture
    def rows(self, aws: None) -> Rows:
        client = boto3.client("dynamodb")
        create_view_store(client, "order_history")
        return DynamoDbRows("order_history", "order_history#1", ["customer"], lambda: client)


def test_a_walk_goes_on_where_its_bookmark_lies(aws: None) -> None:
    client = boto3.client("dynamodb")
    create_view_store(client, "order_history")
    bookmarks = DynamoDbBookmarks("order_history", lambda: client)

    assert bookmarks.get("sweep/orders") is None
    bookmarks.put("sweep/orders", "here")
    assert bookmarks.get("sweep/orders") == "here"
    bookmarks.put("sweep/orders", None)
    assert bookmarks.get("sweep/orders") is None
