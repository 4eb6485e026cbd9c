"""The client of DynamoDB gives what any client of it gives."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from cqrs.adapters import clients
from tests.library.integration.tables import create_event_store


@pytest.fixture
def both(aws: None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Ours, and one as boto3 makes it, of a table with two items."""
    ours = clients._client("dynamodb")
    create_event_store(ours, "events")
    for version in ("1", "2"):
        item = {
            "stream": {"S": "order-é"},
            "version": {"N": version},
            "body": {"S": '{"a": "\\n"}'},
        }
        ours.put_item(TableName="events", Item=item)
    return [ours, boto3.client("dynamodb")]


KEY: Any = {"stream": {"S": "order-é"}, "version": {"N": "1"}}
QUERY: Any = {
    "TableName": "events",
    "KeyConditionExpression": "#stream = :stream",
    "ExpressionAttributeNames": {"#stream": "stream"},
    "ExpressionAttributeValues": {":stream": {"S": "order-é"}},
    "ReturnConsumedCapacity": "TOTAL",
}


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("query", QUERY),
        ("query", {**QUERY, "Limit": 1}),
        ("get_item", {"TableName": "events", "Key": KEY}),
        ("get_item", {"TableName": "events", "Key": {**KEY, "version": {"N": "9"}}}),
        ("batch_get_item", {"RequestItems": {"events": {"Keys": [KEY]}}}),
        ("scan", {"TableName": "events"}),
    ],
)
def test_items_are_the_same(both: list[Any], operation: str, asked: Any) -> None:
    ours, plain = (getattr(client, operation)(**asked) for client in both)
    for answer in (ours, plain):
        assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert ours == plain
