"""Shards are read on from where one left off, also when iterators and records expire."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.streams.records import Origin, Record, kinesis_record
from scripts.local.streams.shards import PolledShard, StreamApi, latest
from tests.tools.unit.local.streams.world import World, numbers, records

ARN = "arn:aws:kinesis:eu-west-1:000000000000:stream/events"


@dataclass
class FakeKinesis:
    """An iterator is the position before which everything was read."""

    numbers: list[int] = field(default_factory=list)
    trimmed: bool = False
    expired: bool = False
    asked: list[str] = field(default_factory=list)

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        kind = request["ShardIteratorType"]
        self.asked.append(kind)
        if kind == "TRIM_HORIZON":
            return {"ShardIterator": "0000"}
        if self.trimmed:
            raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "any")
        return {"ShardIterator": request["StartingSequenceNumber"]}

    def get_records(self, **request: Any) -> dict[str, Any]:
        if self.expired:
            raise ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "any")
        after = request["ShardIterator"]
        page = [n for n in self.numbers if f"{n:04}" > after][: request["Limit"]]
        return {
            "Records": [
                {
                    "SequenceNumber": f"{n:04}",
                    "ApproximateArrivalTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
                    "Data": b"",
                    "PartitionKey": "7",
                }
                for n in page
            ],
            "NextShardIterator": f"{page[-1]:04}" if page else after,
        }


@pytest.fixture
def kinesis() -> FakeKinesis:
    return FakeKinesis()


@pytest.fixture
def shard(kinesis: FakeKinesis) -> PolledShard:
    api = StreamApi(kinesis, "StreamARN", "StartingSequenceNumber", 10_000, kinesis_record)
    return PolledShard(api, Origin(ARN, "shardId-0", "role"))


def test_reading_on_keeps_the_iterator(kinesis: FakeKinesis, shard: PolledShard) -> None:
    kinesis.numbers = [1, 2, 3]
    assert numbers(shard.read("", 2)) == [1, 2]
    assert numbers(shard.read("0002", 2)) == [3]
    assert numbers(shard.read("0003", 2)) == []
    assert kinesis.asked == ["TRIM_HORIZON"]


def test_reading_again_from_an_earlier_place_makes_an_iterator_for_it(
    kinesis: FakeKinesis, shard: PolledShard
) -> None:
    kinesis.numbers = [1, 2, 3]
    shard.read("", 10)
    assert numbers(shard.read("0001", 10)) == [2, 3]
    assert kinesis.asked == ["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER"]


def test_an_iterator_that_has_expired_is_made_anew(
    kinesis: FakeKinesis, shard: PolledShard
) -> None:
    kinesis.numbers = [1]
    shard.read("", 10)
    kinesis.expired = True
    with pytest.raises(ClientError):
        shard.read("0001", 10)
    kinesis.expired, kinesis.numbers = False, [1, 2]
    assert numbers(shard.read("0001", 10)) == [2]


def test_when_the_place_has_expired_reading_goes_on_at_the_oldest_record(
    kinesis: FakeKinesis, shard: PolledShard
) -> None:
    kinesis.trimmed, kinesis.numbers = True, [7, 8]
    assert numbers(shard.read("0003", 10)) == [7, 8]


@pytest.mark.parametrize("stream", [[], records(1, 2, 3)])
def test_latest_is_the_place_after_all_there_is(stream: list[Record]) -> None:
    assert latest(World(stream=stream)) == (stream[-1].sequence if stream else "")
