"""The rules by which Lambda delivers a batch of stream records, as AWS documents them.

Nothing here knows the emulator: functions, clocks and destinations come in through `Ports`.

- A batch that failed is tried again, whole, until it succeeds, its retries are used up or its
  records get too old. Its shard waits meanwhile.
- A function that reports failures restarts the batch at the lowest reported record. An empty
  report is a success; a report that names no record of the batch is a failure of all of it.
- Bisecting cuts a failed batch in two, which does not consume retries. With a report it is cut at
  the reported record; if that is the first one, nothing is gained by it, and it is halved.
- What is given up goes, whole, to the on-failure destination, and the shard moves on.
- An invocation that never reached the function (throttled, no such function) consumes no retry.

The documentation does not say whether a batch that moved forward keeps the retries it has used.
Here it starts anew: it is another batch, whose first record has failed once.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from scripts.local.streams.mappings import FOREVER, StreamMapping
from scripts.local.streams.records import Record

PAYLOAD_BYTES = 6 * 1024 * 1024 - 16  # the limit of an invocation, less what wraps the records
LONGEST_PAUSE_SECONDS = 2.0


class Condition(StrEnum):
    """Why records were given up."""

    RETRIES = "RetryAttemptsExhausted"
    AGE = "RecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Lambda said. `invoked` is false when the function itself never ran."""

    body: Any = None
    error: str | None = None
    invoked: bool = True
    status: int = 200
    version: str = "$LATEST"
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A batch on its way, with what has happened to it so far."""

    records: tuple[Record, ...]
    retries: int = 0
    invocations: int = 0
    last: Answer | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """`settle` is told of records that are done with; `pause` may raise to abandon the batch."""

    invoke: Callable[[Sequence[Record]], Answer]
    give_up: Callable[[Attempt, Condition], None]
    settle: Callable[[Sequence[Record]], None]
    pause: Callable[[float], None]
    now: Callable[[], float]


def deliver(batch: Sequence[Record], mapping: StreamMapping, retention: int, ports: Ports) -> None:
    """Return when each record has succeeded or was given up; `retention` is the stream's."""
    work = [Attempt(tuple(batch))]
    while work:
        attempt = _drop_expired(work.pop(0), mapping, retention, ports)
        if not attempt.records:
            continue
        answer = ports.invoke(attempt.records)
        tried = replace(attempt, invocations=attempt.invocations + 1, last=answer)
        failed = first_failure(answer, tried.records, mapping.reports_failures)
        ports.settle(tried.records[:failed])
        if failed is not None:
            work[:0] = _after_failure(tried, failed, mapping, ports)


def first_failure(answer: Answer, batch: Sequence[Record], reports: bool) -> int | None:
    """The index from which the batch has to be delivered again; `None` when all is well."""
    if answer.error or not answer.invoked:
        return 0
    if not reports or answer.body is None:
        return None
    if not isinstance(answer.body, dict):
        return 0
    failures = answer.body.get("batchItemFailures")
    if not failures:
        return None if failures in (None, []) else 0
    return _lowest_reported(failures, batch)


def _lowest_reported(failures: Any, batch: Sequence[Record]) -> int:
    places = {record.sequence: place for place, record in enumerate(batch)}
    try:
        return min(places[failure["itemIdentifier"]] for failure in failures)
    except (KeyError, TypeError):  # not a list of identifiers of this batch
        return 0


def _after_failure(
    attempt: Attempt, failed: int, mapping: StreamMapping, ports: Ports
) -> list[Attempt]:
    rest = attempt.records[failed:]
    half = len(rest) // 2
    if attempt.last and not attempt.last.invoked:
        ports.pause(_back_off(attempt.invocations))
        return [attempt]
    if failed:
        ports.pause(_back_off(1))
        return [replace(attempt, records=rest, retries=0)]
    if mapping.bisects and half:
        ports.pause(_back_off(1))
        return [replace(attempt, records=rest[:half]), replace(attempt, records=rest[half:])]
    if FOREVER < mapping.maximum_retries <= attempt.retries:
        ports.give_up(attempt, Condition.RETRIES)
        ports.settle(rest)
        return []
    ports.pause(_back_off(attempt.retries + 1))
    return [replace(attempt, retries=attempt.retries + 1)]


def _back_off(failures: int) -> float:
    return min(LONGEST_PAUSE_SECONDS, 0.05 * 2.0 ** min(failures - 1, 10))


def _drop_expired(
    attempt: Attempt, mapping: StreamMapping, retention: int, ports: Ports
) -> Attempt:
    """Records that are too old are given up without another try."""
    limit = retention
    if mapping.maximum_age_seconds != FOREVER:
        limit = min(limit, mapping.maximum_age_seconds)
    oldest = ports.now() - limit
    expired = tuple(itertools.takewhile(lambda r: r.arrived < oldest, attempt.records))
    if expired:
        ports.give_up(replace(attempt, records=expired), Condition.AGE)
        ports.settle(expired)
    return replace(attempt, records=attempt.records[len(expired) :])


def cut(waiting: Sequence[Record], batch_size: int) -> tuple[int, bool]:
    """How many of the waiting records make the next batch, and whether it is full."""
    for count, size in enumerate(_sizes(waiting)):
        if count == batch_size or (count and size > PAYLOAD_BYTES):
            return count, True
    return len(waiting), len(waiting) >= batch_size


def _sizes(waiting: Sequence[Record]) -> Iterator[int]:
    return itertools.accumulate(record.size for record in waiting)
