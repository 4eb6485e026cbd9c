"""Puts records of commits on a Kinesis stream, in order per key, in few calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cqrs.adapters import clients
from cqrs.errors import Unavailable
from cqrs.history.publisher import Record
from cqrs.waiting import Backoff

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

__all__ = ["KinesisPublisher"]

RECORDS_PER_CALL = 500
BYTES_PER_CALL = 5 * 1024 * 1024
BACKOFF = Backoff(tries=4, first_seconds=0.1)


class KinesisPublisher:
    def __init__(
        self,
        stream: str,
        client: Callable[[], KinesisClient] = clients.kinesis,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stream = stream
        self._client = client
        self._pause = pause

    def publish(self, records: Sequence[Record]) -> Sequence[Record]:
        """Returns the records that failed in several tries, and later ones of their keys."""
        waiting = list(records)
        for _ in BACKOFF.attempts(self._pause):
            refused: list[Record] = []
            while waiting and not refused:
                call, rest = _next_call(waiting)
                refused = self._put(call)
                # refused records go first, so that no later one of their key overtakes them
                waiting = refused + rest
            if not waiting:
                break
        return waiting

    def _put(self, records: list[Record]) -> list[Record]:
        try:
            with clients.translated(self._stream):
                answer = self._client().put_records(
                    StreamName=self._stream,
                    Records=[{"PartitionKey": r.key, "Data": r.data} for r in records],
                )
        except Unavailable:
            return records
        outcomes = zip(records, answer["Records"], strict=True)
        return [record for record, outcome in outcomes if outcome.get("ErrorCode")]


def _next_call(waiting: list[Record]) -> tuple[list[Record], list[Record]]:
    """Splits records into those of one call, at most one per key, and those for later calls."""
    call: list[Record] = []
    rest: list[Record] = []
    keys: set[str] = set()
    size = 0
    for record in waiting:
        length = len(record.data) + len(record.key)
        fits = len(call) < RECORDS_PER_CALL and (size + length <= BYTES_PER_CALL or not call)
        if fits and record.key not in keys:
            call.append(record)
            size += length
        else:
            rest.append(record)
        # in any case: a later record of this key must not be in the same call
        keys.add(record.key)
    return call, rest
