"""Batches that a stream mapping gave up on, as Lambda stores them in its on-failure bucket.

Each object is the whole invocation record; its field `payload` is the event that was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cqrs import plain
from cqrs.adapters import clients
from cqrs.plain import Value

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["FailedBatch", "S3Failures"]


class FailedBatch(Value, kw_only=False):
    """`records` are those of the event; none if the object is not an invocation record."""

    key: str
    records: tuple[dict[str, Any], ...]


class S3Failures:
    def __init__(self, bucket: str, client: Callable[[], S3Client] = clients.s3) -> None:
        self._bucket = bucket
        self._client = client

    def keys(self) -> list[str]:
        """The names of all batches. Calls: 1 per thousand."""
        with clients.translated(self._bucket):
            pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
            return [listed["Key"] for page in pages for listed in page.get("Contents", ())]

    def remove(self, batch: FailedBatch) -> None:
        with clients.translated(self._bucket):
            self._client().delete_object(Bucket=self._bucket, Key=batch.key)

    def batch(self, key: str) -> FailedBatch | None:
        """None if it has just been removed."""
        client = self._client()
        with clients.translated(self._bucket):
            try:
                body = client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except client.exceptions.NoSuchKey:
                return None
        try:
            payload = plain.from_json(body)["payload"]
            event = plain.from_json(payload) if isinstance(payload, str) else payload
            return FailedBatch(key, tuple(event["Records"]))
        except (ValueError, LookupError, TypeError):
            return FailedBatch(key, ())
