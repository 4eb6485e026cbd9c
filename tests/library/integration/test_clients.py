"""Clients of AWS: each is made once, whoever asks first. That of DynamoDB gives what any does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import boto3
import pytest

from cqrs.adapters import clients
from tests.library.integration.tables import create_event_store, made_anew

SERVICES = {
    "dynamodb": "dynamodb",
    "functions": "lambda",
    "kinesis": "kinesis",
    "s3": "s3",
    "scheduler": "scheduler",
}


@pytest.mark.parametrize(("name", "service"), SERVICES.items())
def test_a_client_is_made_once(aws: None, name: str, service: str) -> None:
    make = made_anew(getattr(clients, name))
    client = make()
    assert make() is client
    assert client.meta.service_model.service_name == service


def test_however_many_ask_first_at_the_same_time_one_client_is_made() -> None:
    together = Barrier(8)
    made: list[object] = []

    @clients.once
    def client() -> object:
        made.append(object())
        time.sleep(0.02)
        return made[-1]

    def ask(_: int) -> object:
        together.wait()
        return client()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert found == made * 8


# DynamoDB


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
