"""Records look to a function as Lambda documents them."""

import json
from datetime import UTC, datetime

from scripts.local.streams.records import Origin, dynamodb_record, kinesis_record, payload

STREAM = "arn:aws:kinesis:eu-west-1:000000000000:stream/events"
TABLE = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000"
ROLE = "arn:aws:iam::000000000000:role/projector"
ARRIVED = datetime(2026, 1, 1, 12, 0, 0, 500_000, UTC)


def test_a_kinesis_record_carries_its_data_in_base64_and_its_arrival_as_a_number() -> None:
    raw = {
        "SequenceNumber": "123",
        "ApproximateArrivalTimestamp": ARRIVED,
        "Data": b"\xffhello",
        "PartitionKey": "7",
    }
    record = kinesis_record(raw, Origin(STREAM, "shardId-000000000000", ROLE))
    assert (record.sequence, record.arrived) == ("123", ARRIVED.timestamp())
    assert json.loads(payload([record]))["Records"] == [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "7",
                "sequenceNumber": "123",
                "data": "/2hlbGxv",
                "approximateArrivalTimestamp": 1767268800.5,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": "shardId-000000000000:123",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": ROLE,
            "awsRegion": "eu-west-1",
            "eventSourceARN": STREAM,
        }
    ]


def test_a_dynamodb_record_keeps_its_typed_attributes() -> None:
    change = {
        "ApproximateCreationDateTime": ARRIVED,
        "Keys": {"stream": {"S": "order-7"}, "version": {"N": "1"}},
        "NewImage": {"stream": {"S": "order-7"}, "blob": {"B": b"\xff"}},
        "SequenceNumber": "456",
        "SizeBytes": 59,
        "StreamViewType": "NEW_IMAGE",
    }
    raw = {"eventID": "e1", "eventName": "INSERT", "eventVersion": "1.1", "dynamodb": change}
    record = dynamodb_record(raw, Origin(TABLE, "shard", ROLE))
    assert record.sequence == "456"
    assert json.loads(record.text) == {
        "eventID": "e1",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": change
        | {
            "ApproximateCreationDateTime": 1767268800.5,
            "NewImage": {"stream": {"S": "order-7"}, "blob": {"B": "/w=="}},
        },
        "eventSourceARN": TABLE,
    }


def test_a_payload_holds_its_records_in_order() -> None:
    raw = {"eventID": "e", "eventName": "INSERT", "eventVersion": "1.1"}
    made = [
        dynamodb_record(
            raw | {"dynamodb": {"ApproximateCreationDateTime": ARRIVED, "SequenceNumber": n}},
            Origin(TABLE, "shard", ROLE),
        )
        for n in "12"
    ]
    found = json.loads(payload(made))["Records"]
    assert [event["dynamodb"]["SequenceNumber"] for event in found] == ["1", "2"]
