"""The on-failure destination: what Lambda writes to S3 about records that it gives up."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from scripts.local.streams.delivery import Attempt, Condition
from scripts.local.streams.mappings import StreamMapping, is_kinesis
from scripts.local.streams.records import payload


def object_key(mapping: StreamMapping, shard_id: str, now: datetime) -> str:
    return f"aws/lambda/{mapping.uuid}/{shard_id}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid4()}"


def invocation_record(
    mapping: StreamMapping, shard_id: str, attempt: Attempt, condition: Condition, now: datetime
) -> dict[str, Any]:
    """The document for S3, the only destination that is given the records themselves."""
    from_kinesis = is_kinesis(mapping.stream_arn)
    precision = "milliseconds" if from_kinesis else "seconds"
    first, last = attempt.records[0], attempt.records[-1]
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": attempt.last.request_id if attempt.last else str(uuid4()),
            "functionArn": mapping.function_arn,
            "condition": str(condition),
            "approximateInvokeCount": attempt.invocations,
        }
    }
    if attempt.last:
        record["responseContext"] = {
            "statusCode": attempt.last.status,
            "executedVersion": attempt.last.version,
            "functionError": attempt.last.error,
        }
    return record | {
        "version": "1.0",
        "timestamp": _iso(now, "milliseconds"),
        "KinesisBatchInfo" if from_kinesis else "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence,
            "endSequenceNumber": last.sequence,
            "approximateArrivalOfFirstRecord": _iso(_utc(first.arrived), precision),
            "approximateArrivalOfLastRecord": _iso(_utc(last.arrived), precision),
            "batchSize": len(attempt.records),
            "streamArn": mapping.stream_arn,
        },
        "payload": payload(attempt.records),
    }


def write_to_bucket(
    s3: Any, mapping: StreamMapping, shard_id: str, attempt: Attempt, condition: Condition
) -> None:
    now = datetime.now(UTC)
    s3.put_object(
        Bucket=mapping.failure_bucket,
        Key=object_key(mapping, shard_id, now),
        Body=json.dumps(invocation_record(mapping, shard_id, attempt, condition, now)).encode(),
        ContentType="application/json",
    )


def _utc(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _iso(time: datetime, precision: str) -> str:
    return time.isoformat(timespec=precision).removesuffix("+00:00") + "Z"
