"""Stream records in the shape that Lambda hands to functions."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """`text` is the record as the function sees it: encoded once, used for size and payload."""

    sequence: str
    arrived: float
    text: str

    @property
    def size(self) -> int:
        return len(self.text) + 1  # and the comma


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from, as far as it is repeated in each of them."""

    stream_arn: str
    shard_id: str
    role_arn: str

    @property
    def region(self) -> str:
        return self.stream_arn.split(":")[3]


def kinesis_record(raw: Mapping[str, Any], origin: Origin) -> Record:
    sequence = raw["SequenceNumber"]
    arrived = raw["ApproximateArrivalTimestamp"].timestamp()
    event = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": raw["PartitionKey"],
            "sequenceNumber": sequence,
            "data": raw["Data"],
            "approximateArrivalTimestamp": arrived,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{origin.shard_id}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": origin.role_arn,
        "awsRegion": origin.region,
        "eventSourceARN": origin.stream_arn,
    }
    return Record(sequence, arrived, _encode(event))


def dynamodb_record(raw: Mapping[str, Any], origin: Origin) -> Record:
    change = raw["dynamodb"]
    event = {
        "eventID": raw["eventID"],
        "eventName": raw["eventName"],
        "eventVersion": raw["eventVersion"],
        "eventSource": "aws:dynamodb",
        "awsRegion": origin.region,
        "dynamodb": change,
        "eventSourceARN": origin.stream_arn,
    }
    arrived = change["ApproximateCreationDateTime"].timestamp()
    return Record(change["SequenceNumber"], arrived, _encode(event))


def payload(records: Sequence[Record]) -> str:
    """The event of one invocation."""
    return f'{{"Records":[{",".join(record.text for record in records)}]}}'


def _encode(event: Mapping[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"), default=_encode_value)


def _encode_value(value: Any) -> str | float:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.timestamp()
    raise TypeError(f"{type(value).__name__} does not occur in a stream record")
