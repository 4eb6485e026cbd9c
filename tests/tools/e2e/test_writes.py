"""The local AWS says which streams were just written to."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from scripts.local.streams.news import news
from tests.tools.e2e.conftest import Local


def make_table(local: Local, name: str, **settings: Any) -> str:
    """Its stream's ARN, if it has one."""
    made = local.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **settings,
    )
    return str(made["TableDescription"].get("LatestStreamArn"))


def test_whoever_writes_to_a_stream_is_heard(local: Local) -> None:
    dynamodb, kinesis = local.client("dynamodb"), local.client("kinesis")
    images = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    orders = make_table(local, "orders", StreamSpecification=images)
    make_table(local, "rows")
    kinesis.create_stream(StreamName="events", ShardCount=1)
    events = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]
    item, row = {"id": {"S": "7"}}, {"id": {"S": "8"}}
    record = {"PartitionKey": "7", "Data": b"{}"}

    with closing(news(local.endpoint)) as heard:
        assert next(heard) == set()
        dynamodb.put_item(TableName="rows", Item=item)
        dynamodb.put_item(TableName="orders", Item=item)
        assert next(heard) == {orders}
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": row}}])
        assert next(heard) == {orders}
        kinesis.put_record(StreamName="events", **record)
        assert next(heard) == {events["StreamARN"]}
        kinesis.put_records(StreamName="events", Records=[record])
        assert next(heard) == {events["StreamARN"]}
