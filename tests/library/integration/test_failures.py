"""Batches that mappings gave up on, as Lambda leaves them in S3."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError

from cqrs.adapters.s3_failures import FailedBatch, S3Failures
from cqrs.entrypoints.streams import commits_in
from cqrs.errors import Unavailable
from cqrs.history.commits import Commit
from tests.library.payloads import dynamodb, kinesis_of, on_failure

# as Lambda names them: aws/lambda/<mapping>/<shard>/<day>/<time>-<uuid>
FOLDER = "aws/lambda/0a1b2c3d/shardId-000000000000/2026/01/01/2026-01-01T"
COMMIT = Commit("order-7", 1, '{"events":[]}')


@pytest.fixture
def client(aws: None) -> Any:
    client = boto3.client("s3")
    location = {"LocationConstraint": client.meta.region_name}
    client.create_bucket(Bucket="failures", CreateBucketConfiguration=location)
    return client


@pytest.fixture
def failures(client: Any) -> S3Failures:
    return S3Failures("failures", lambda: client)


def batches(failures: S3Failures) -> list[FailedBatch]:
    return [batch for batch in map(failures.batch, failures.keys()) if batch]


def left(client: Any, name: str, content: object) -> str:
    """Leaves an object in the bucket as JSON, or as it is."""
    key = f"{FOLDER}{name}"
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    client.put_object(Bucket="failures", Key=key, Body=body)
    return key


def test_an_empty_bucket_has_no_batches(failures: S3Failures) -> None:
    assert batches(failures) == []


@pytest.mark.parametrize("batch", [kinesis_of(COMMIT), dynamodb(COMMIT)])
def test_a_batch_is_what_the_function_was_invoked_with(
    failures: S3Failures, client: Any, batch: dict[str, Any]
) -> None:
    key = left(client, "12.00.00-a", on_failure(batch))
    (found,) = batches(failures)
    assert found == FailedBatch(key, tuple(batch["Records"]))
    assert [commit for record in found.records for commit in commits_in(record)] == [COMMIT]


def test_a_payload_that_was_not_packed_as_text_is_read_too(
    failures: S3Failures, client: Any
) -> None:
    batch = kinesis_of(COMMIT)
    left(client, "12.00.00-a", {**on_failure(None), "payload": batch})
    (found,) = batches(failures)
    assert list(found.records) == batch["Records"]


def test_batches_come_oldest_first_within_a_shard(failures: S3Failures, client: Any) -> None:
    later = left(client, "12.00.01-a", on_failure(kinesis_of(COMMIT)))
    earlier = left(client, "12.00.00-b", on_failure(kinesis_of(COMMIT)))
    assert [batch.key for batch in batches(failures)] == [earlier, later]


def test_a_batch_that_was_dealt_with_does_not_come_again(failures: S3Failures, client: Any) -> None:
    left(client, "12.00.00-a", on_failure(kinesis_of(COMMIT)))
    kept = left(client, "12.00.01-b", on_failure(kinesis_of(COMMIT)))
    failures.remove(batches(failures)[0])
    assert [batch.key for batch in batches(failures)] == [kept]


def test_batches_can_be_removed_while_they_are_walked(failures: S3Failures, client: Any) -> None:
    for n in range(5):
        left(client, f"12.00.0{n}", on_failure(kinesis_of(COMMIT)))
    for batch in batches(failures):
        failures.remove(batch)
    assert batches(failures) == []


def test_a_batch_that_another_has_just_taken_is_none(failures: S3Failures, client: Any) -> None:
    key = left(client, "12.00.00-a", on_failure(kinesis_of(COMMIT)))
    client.delete_object(Bucket="failures", Key=key)
    assert failures.batch(key) is None


def test_all_batches_are_named_however_many_there_are(failures: S3Failures, client: Any) -> None:
    keys = [left(client, f"12.00.00-{n:04}", {}) for n in range(1_001)]
    assert failures.keys() == keys


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"not json",
        [],
        {},
        {"payload": None},
        {"payload": "not json"},
        {"payload": "[]"},
        {"payload": "{}"},
        {"payload": {"Records": None}},
        {"payload": {"Records": 3}},
    ],
)
def test_what_is_no_batch_is_one_without_records(
    failures: S3Failures, client: Any, content: object
) -> None:
    key = left(client, "12.00.00-a", content)
    assert batches(failures) == [FailedBatch(key, ())]


def test_a_bucket_that_is_down_is_said_to_be_unavailable(failures: S3Failures, client: Any) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectTimeoutError(endpoint_url="https://s3.eu-west-1.amazonaws.com")

    client.meta.events.register("before-call.s3", refuse)
    with pytest.raises(Unavailable):
        batches(failures)
    with pytest.raises(Unavailable):
        failures.remove(FailedBatch("key", ()))
