"""What is given up is written to S3 as Lambda does it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

from scripts.local.streams.delivery import Answer, Attempt, Condition
from scripts.local.streams.destination import invocation_record, object_key
from tests.tools.unit.local.streams.world import MAPPING, record

NOW = datetime(2026, 11, 14, 0, 38, 6, 21_000, UTC)
ATTEMPT = Attempt(
    records=(record(1, 1767268800.5, '{"n":1}'), record(2, 1767268801.25, '{"n":2}')),
    invocations=3,
    last=Answer(error="Unhandled", request_id="request-9"),
)


def test_the_record_holds_the_whole_payload_and_what_happened_to_it() -> None:
    found = invocation_record(MAPPING, "shardId-1", ATTEMPT, Condition.RETRIES, NOW)
    assert found == {
        "requestContext": {
            "requestId": "request-9",
            "functionArn": MAPPING.function_arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2026-11-14T00:38:06.021Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "0001",
            "endSequenceNumber": "0002",
            "approximateArrivalOfFirstRecord": "2026-01-01T12:00:00.500Z",
            "approximateArrivalOfLastRecord": "2026-01-01T12:00:01.250Z",
            "batchSize": 2,
            "streamArn": MAPPING.stream_arn,
        },
        "payload": '{"Records":[{"n":1},{"n":2}]}',
    }
    assert json.loads(json.dumps(found)) == found


def test_a_table_has_its_own_kind_of_batch_info() -> None:
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000"
    mapping = replace(MAPPING, stream_arn=arn)
    found = invocation_record(mapping, "shardId-1", ATTEMPT, Condition.RETRIES, NOW)
    assert "KinesisBatchInfo" not in found
    info = found["DDBStreamBatchInfo"]
    assert info["streamArn"] == arn
    assert info["approximateArrivalOfFirstRecord"] == "2026-01-01T12:00:00Z"


def test_what_was_too_old_for_any_try_has_no_response() -> None:
    untried = replace(ATTEMPT, invocations=0, last=None)
    found = invocation_record(MAPPING, "shardId-1", untried, Condition.AGE, NOW)
    assert found["requestContext"]["condition"] == "RecordAgeExceeded"
    assert "responseContext" not in found


def test_objects_are_laid_out_by_mapping_shard_and_day() -> None:
    key = object_key(MAPPING, "shardId-1", NOW)
    pattern = r"aws/lambda/uuid-1/shardId-1/2026/11/14/2026-11-14T00\.38\.06-[0-9a-f-]{36}"
    assert re.fullmatch(pattern, key)
