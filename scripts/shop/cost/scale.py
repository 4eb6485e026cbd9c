"""What so many commands a second need of AWS, reckoned from counted work and AWS's limits. Nothing
of it was measured on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from cqrs.follow.estimates import CALL_SECONDS as SURE_CALL_SECONDS
from cqrs.follow.estimates import COMMIT_SECONDS, SAVE_SECONDS
from scripts.shop.cost.reckoning import (
    CALL_SECONDS,
    CORE_GIGABYTES,
    CPU_SECONDS,
    FOLLOWERS,
    SHARD_RECORDS,
    Settings,
    at_rate,
)
from scripts.shop.cost.work import FULL, Piece

__all__ = ["RATES", "of_one_stream", "rows", "rows_of_one_batch", "shards"]

RATES = (1_000, 10_000, 100_000)

# Limits, by AWS's documentation: docs/scale.md names its pages.
REQUESTS_EACH = 10  # a second, for each unit of Lambda's concurrency
PARTITION_WRITES = 1_000  # units a second
SHARD_KILOBYTES_OUT = 2_048  # a second, of all followers together

COMMAND_GIGABYTES = 1.0
BATCH, SAVED_AT_ONCE = 200, 8  # of the projector
DEADLINE_SECONDS = 900


def command_seconds() -> float:
    """That a command function is busy with one: it loads, decides, and appends."""
    work = FULL[Piece.COMMAND]
    return work.waits * CALL_SECONDS + CPU_SECONDS * CORE_GIGABYTES / COMMAND_GIGABYTES


def of_one_stream() -> float:
    """Commits a second, one after the other: each is decided on the one before."""
    return 1 / command_seconds()


def shards(commits: float) -> int:
    """Whichever is more: for what is written, or for what all followers read."""
    read = commits * FULL[Piece.FOLLOWED].kilobytes * FOLLOWERS / SHARD_KILOBYTES_OUT
    return ceil(max(commits / SHARD_RECORDS, read))


def rows_of_one_batch() -> float:
    """Rows a second that the projector saves in a batch, if each message is of another row."""
    saves = ceil(BATCH / SAVED_AT_ONCE)
    seconds = (1 + saves) * SURE_CALL_SECONDS + BATCH * (COMMIT_SECONDS + SAVE_SECONDS)
    return BATCH / seconds


def rows() -> Iterator[Sequence[str]]:
    """The table of docs/scale.md, by rate."""
    yield "Commands a second", *(f"{rate:,}" for rate in RATES)
    yield "Commands under way at a time", *(f"{ceil(rate * command_seconds()):,}" for rate in RATES)
    yield (
        "Concurrency that Lambda wants for them",
        *(f"{ceil(rate / REQUESTS_EACH):,}" for rate in RATES),
    )
    yield (
        "Write units a second: event stores; one view",
        *(f"{rate:,}; {rate:,}" for rate in RATES),
    )
    yield (
        "Partitions of the event stores, and publishers at a time",
        *(f"{ceil(rate / PARTITION_WRITES):,}" for rate in RATES),
    )
    yield (
        "Shards of the event stream: to write; for four followers to read",
        *(f"{ceil(rate / SHARD_RECORDS):,}; {shards(rate):,}" for rate in RATES),
    )
    yield (
        "Batches of the projector at a time",
        *(f"{ceil(rate / rows_of_one_batch()):,}" for rate in RATES),
    )
    yield (
        "Deadlines that wait, if each command places an order",
        *(f"{rate * DEADLINE_SECONDS:,}" for rate in RATES),
    )
    costs = [sum(at_rate(Piece.FOLLOWED, rate, Settings()).values()) for rate in RATES]
    yield "$ a month, beside what is idle", *(f"{cost:,.0f}" for cost in costs)


def lines() -> Iterator[str]:
    """As Markdown."""
    for number, row in enumerate(rows()):
        yield f"| {' | '.join(row)} |"
        if not number:
            yield "|---" * len(row) + "|"
