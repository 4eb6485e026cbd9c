"""The publisher on Kinesis: in order per key, in few calls, honest about what it could not send."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from cqrs.adapters.dynamodb_kinds import DynamoDbKinds
from cqrs.adapters.kinesis_publisher import (
    BACKOFF,
    BYTES_PER_CALL,
    RECORDS_PER_CALL,
    KinesisPublisher,
)
from cqrs.history.commits import Commit
from cqrs.history.publisher import Record, read_record, records_of
from tests.library.integration.tables import create_kinds_store

SLOW_DOWN = "ProvisionedThroughputExceededException"


def record(key: str, version: int, size: int = 2) -> Record:
    return Record(key, (Commit(f"order-{key}", version, "x" * size),))


def sent_by(call: Sequence[dict[str, Any]]) -> list[str]:
    """The commits in a call."""
    return [str(commit) for entry in call for commit in read_record(entry["Data"])]


class Kinesis:
    """A client that refuses records as told: a call's number and a commit's name give an error."""

    def __init__(self, refuse: Callable[[int, str], str | None] = lambda *_: None) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.arrived: list[str] = []
        self._refuse = refuse

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> Any:  # noqa: N803
        assert StreamName == "events"
        self.calls.append(Records)
        outcomes = []
        for name in sent_by(Records):
            code = self._refuse(len(self.calls), name)
            if code:
                outcomes.append({"ErrorCode": code, "ErrorMessage": "no"})
            else:
                self.arrived.append(name)
                outcomes.append({"SequenceNumber": "1", "ShardId": "shardId-0"})
        return {"Records": outcomes, "FailedRecordCount": 0}


def publisher(client: Any, pauses: list[float] | None = None) -> KinesisPublisher:
    pause = (lambda _: None) if pauses is None else pauses.append
    return KinesisPublisher("events", lambda: client, pause)


def test_what_is_published_can_be_read_from_the_stream_in_order_per_key(aws: None) -> None:
    client = boto3.client("kinesis")
    client.create_stream(StreamName="events", ShardCount=2)
    commits = [
        Commit(f"order-{key}", version, "é" * 100_000) for key in "abc" for version in range(1, 6)
    ]

    assert list(publisher(client).publish(records_of(commits))) == []

    arrived: dict[str, list[int]] = {}
    shards = client.describe_stream(StreamName="events")["StreamDescription"]["Shards"]
    for shard in shards:
        iterator = client.get_shard_iterator(
            StreamName="events", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for entry in client.get_records(ShardIterator=iterator)["Records"]:
            for commit in read_record(entry["Data"]):
                assert entry["PartitionKey"] == commit.stream.removeprefix("order-")
                arrived.setdefault(commit.stream, []).append(commit.version)
    assert arrived == {f"order-{key}": [1, 2, 3, 4, 5] for key in "abc"}


def test_a_stream_that_does_not_exist_is_not_taken_for_a_busy_one(aws: None) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        publisher(boto3.client("kinesis")).publish([record("7", 1)])


def test_records_of_different_keys_go_in_one_call() -> None:
    client = Kinesis()
    assert publisher(client).publish([record(str(n), 1) for n in range(RECORDS_PER_CALL)]) == []
    assert len(client.calls) == 1


def test_nothing_to_publish_is_no_call() -> None:
    client = Kinesis()
    assert publisher(client).publish([]) == []
    assert client.calls == []


def test_two_records_of_one_key_never_go_in_one_call() -> None:
    client = Kinesis()
    records = [record(key, version) for version in (1, 2, 3) for key in "abc"]
    publisher(client).publish(records)
    assert [sent_by(call) for call in client.calls] == [
        [f"order-{key}@{version}" for key in "abc"] for version in (1, 2, 3)
    ]


def test_a_small_record_does_not_overtake_a_large_one_of_its_key_that_has_to_wait() -> None:
    client = Kinesis()
    first = [record(f"{n}", 1, 900_000) for n in range(5)]
    publisher(client).publish([*first, record("7", 1, 900_000), record("7", 2)])

    sent = [commit for call in client.calls for commit in sent_by(call)]
    assert sent.index("order-7@1") < sent.index("order-7@2")


def test_a_call_has_no_more_records_than_kinesis_takes() -> None:
    client = Kinesis()
    publisher(client).publish([record(str(n), 1) for n in range(RECORDS_PER_CALL + 1)])
    assert [len(call) for call in client.calls] == [RECORDS_PER_CALL, 1]


def test_a_call_has_no_more_bytes_than_kinesis_takes() -> None:
    client = Kinesis()
    publisher(client).publish([record(str(n), 1, size=400_000) for n in range(30)])
    sizes = [sum(len(e["Data"]) + len(e["PartitionKey"]) for e in call) for call in client.calls]
    assert max(sizes) <= BYTES_PER_CALL
    assert [len(call) for call in client.calls] == [13, 13, 4]


def test_what_was_refused_is_sent_again_in_the_same_invocation() -> None:
    client = Kinesis(lambda call, name: SLOW_DOWN if call == 1 and name == "order-b@1" else None)
    pauses: list[float] = []
    assert publisher(client, pauses).publish([record(key, 1) for key in "abc"]) == []
    assert client.arrived == ["order-a@1", "order-c@1", "order-b@1"]
    assert len(pauses) == 1


def test_nothing_overtakes_what_was_refused() -> None:
    client = Kinesis(lambda call, name: SLOW_DOWN if call in (1, 2) and "a@1" in name else None)
    records = [record(key, version) for version in (1, 2, 3) for key in "ab"]
    assert publisher(client).publish(records) == []
    for key in "ab":
        own = [name for name in client.arrived if name.startswith(f"order-{key}@")]
        assert own == [f"order-{key}@{version}" for version in (1, 2, 3)]


def test_what_stays_refused_is_returned_with_all_that_is_behind_it() -> None:
    client = Kinesis(lambda _, name: "InternalFailure" if name == "order-a@2" else None)
    records = [record(key, version) for version in (1, 2, 3) for key in "ab"]
    unsent = publisher(client).publish(records)
    assert [str(r.commits[0]) for r in unsent] == ["order-a@2", "order-a@3"]
    assert client.arrived[-1] == "order-b@3"
    assert sum("order-a@2" in sent_by(call) for call in client.calls) == BACKOFF.tries


def test_pauses_grow_and_end() -> None:
    pauses: list[float] = []
    publisher(Kinesis(lambda *_: SLOW_DOWN), pauses).publish([record("7", 1)])
    assert len(pauses) == BACKOFF.tries - 1
    assert all(0 <= pause <= 0.05 * 2**n for n, pause in enumerate(pauses, start=1))
    of_the_functions_minute = sum(0.05 * 2**n for n in range(1, BACKOFF.tries))
    assert of_the_functions_minute < 2


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": SLOW_DOWN}}, "PutRecords"),
        ClientError({"Error": {"Code": "InternalFailure"}}, "PutRecords"),
        ReadTimeoutError(endpoint_url="https://kinesis.eu-west-1.amazonaws.com"),
    ],
)
def test_a_call_that_fails_as_a_whole_is_made_again(error: Exception) -> None:
    class Stumbling(Kinesis):
        def put_records(self, **call: Any) -> Any:
            answer = super().put_records(**call)
            if len(self.calls) == 1:
                self.arrived.clear()
                raise error
            return answer

    client = Stumbling()
    assert publisher(client).publish([record("a", 1), record("a", 2), record("b", 1)]) == []
    assert client.arrived == ["order-a@1", "order-b@1", "order-a@2"]
    assert [sent_by(call) for call in client.calls[:2]] == [["order-a@1", "order-b@1"]] * 2


def test_an_answer_that_was_lost_repeats_records_and_keeps_their_order() -> None:
    class Forgetful(Kinesis):
        def put_records(self, **call: Any) -> Any:
            answer = super().put_records(**call)
            if len(self.calls) == 2:
                raise ReadTimeoutError(endpoint_url="https://kinesis.eu-west-1.amazonaws.com")
            return answer

    client = Forgetful()
    assert publisher(client).publish([record("a", n) for n in (1, 2, 3)]) == []
    assert client.arrived == ["order-a@1", "order-a@2", "order-a@2", "order-a@3"]
    assert all(a <= b for a, b in pairwise(client.arrived))


def test_what_is_forbidden_is_not_tried_again() -> None:
    class Forbidding(Kinesis):
        def put_records(self, **call: Any) -> Any:
            super().put_records(**call)
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutRecords")

    client = Forbidding()
    with pytest.raises(ClientError, match="AccessDenied"):
        publisher(client).publish([record("7", 1)])
    assert len(client.calls) == 1


def test_kinds_of_events_are_kept_beside_those_that_were_noted_before(aws: None) -> None:
    client = boto3.client("dynamodb")
    create_kinds_store(client, "written")
    kinds = DynamoDbKinds("written", lambda: client)
    for noted in (["book.Added@1", "book.Lent@1"], ["book.Lent@1", "book.Lent@2"]):
        kinds.add(noted)
    (item,) = client.scan(TableName="written")["Items"]
    assert sorted(item["kinds"]["SS"]) == ["book.Added@1", "book.Lent@1", "book.Lent@2"]
