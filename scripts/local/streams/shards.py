"""Reading shards of Kinesis and of DynamoDB Streams in the same way."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from scripts.local.clients import Clients
from scripts.local.streams.checkpoints import HORIZON
from scripts.local.streams.mappings import StreamMapping, is_kinesis
from scripts.local.streams.records import Origin, Record, dynamodb_record, kinesis_record

# The emulator's Kinesis iterators are indexes into a list that shifts when records expire, so that
# an old one skips records. One made from a sequence number is right.
ITERATOR_SECONDS = 1.0


class Shard(Protocol):
    def read(self, after: str, limit: int) -> list[Record]: ...


@dataclass(frozen=True, slots=True)
class StreamApi:
    """What differs between the two services."""

    client: Any
    arn_parameter: str
    sequence_parameter: str
    most_records: int
    to_record: Callable[[Mapping[str, Any], Origin], Record]


class PolledShard:
    """Keeps an iterator as long as reading goes on where it left off."""

    def __init__(self, api: StreamApi, origin: Origin) -> None:
        self._api = api
        self._origin = origin
        self._iterator: str | None = None
        self._next_after = HORIZON
        self._renew_at = 0.0

    def read(self, after: str, limit: int) -> list[Record]:
        iterator = self._current_iterator(after)
        try:
            page = self._api.client.get_records(
                ShardIterator=iterator, Limit=min(limit, self._api.most_records)
            )
        except ClientError:
            self._iterator = None
            raise
        records = [self._api.to_record(raw, self._origin) for raw in page["Records"]]
        self._iterator = page.get("NextShardIterator")
        self._next_after = records[-1].sequence if records else after
        return records

    def _current_iterator(self, after: str) -> str:
        now = time.monotonic()
        if self._iterator and self._next_after == after and now < self._renew_at:
            return self._iterator
        self._renew_at = now + ITERATOR_SECONDS
        if after == HORIZON:
            return self._new_iterator("TRIM_HORIZON")
        try:
            return self._new_iterator("AFTER_SEQUENCE_NUMBER", after)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                raise
            return self._new_iterator("TRIM_HORIZON")  # what was read has expired since

    def _new_iterator(self, kind: str, sequence: str | None = None) -> str:
        position = {self._api.sequence_parameter: sequence} if sequence else {}
        answer = self._api.client.get_shard_iterator(
            **{self._api.arn_parameter: self._origin.stream_arn},
            ShardId=self._origin.shard_id,
            ShardIteratorType=kind,
            **position,
        )
        return str(answer["ShardIterator"])


def latest(shard: Shard) -> str:
    """The position after the last record there is now, which is what LATEST means at first sight.

    Kept as a sequence number, so that nothing that comes after is missed by a later start.
    """
    position = HORIZON
    while records := shard.read(position, 1000):
        position = records[-1].sequence
    return position


@dataclass(frozen=True, slots=True)
class Stream:
    """`identity` tells it from a later stream of the same name."""

    identity: str
    retention_seconds: int
    shards: Mapping[str, PolledShard]


def open_stream(mapping: StreamMapping, role_arn: str, clients: Clients) -> Stream:
    opener = _open_kinesis if is_kinesis(mapping.stream_arn) else _open_dynamodb
    return opener(mapping.stream_arn, role_arn, clients)


def _open_kinesis(arn: str, role_arn: str, clients: Clients) -> Stream:
    client = clients.client("kinesis")
    summary = client.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
    api = StreamApi(client, "StreamARN", "StartingSequenceNumber", 10_000, kinesis_record)
    return Stream(
        identity=f"{arn} {summary['StreamCreationTimestamp'].isoformat()}",
        retention_seconds=summary["RetentionPeriodHours"] * 3600,
        shards=_shards(api, arn, role_arn, client.list_shards(StreamARN=arn)["Shards"]),
    )


def _open_dynamodb(arn: str, role_arn: str, clients: Clients) -> Stream:
    client = clients.client("dynamodbstreams")
    description = client.describe_stream(StreamArn=arn)["StreamDescription"]
    api = StreamApi(client, "StreamArn", "SequenceNumber", 1000, dynamodb_record)
    return Stream(
        identity=arn,  # ends in the time of its birth
        retention_seconds=24 * 3600,
        shards=_shards(api, arn, role_arn, description["Shards"]),
    )


def _shards(
    api: StreamApi, arn: str, role_arn: str, described: Sequence[Mapping[str, Any]]
) -> dict[str, PolledShard]:
    ids = [shard["ShardId"] for shard in described]
    return {shard_id: PolledShard(api, Origin(arn, shard_id, role_arn)) for shard_id in ids}
