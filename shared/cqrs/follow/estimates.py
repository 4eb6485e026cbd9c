"""What walks cost and how long they take, told before they begin.

A walk scans every commit of the stores, whatever it looks for. For an audit that is nearly all: it
only looks at the rows of streams that had commits since the last one. A rebuild also reads each
stream, writes its row, and compares it. Estimates are compared with counted calls and units of real
walks; how long they take is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapreplace
from math import ceil, exp

from cqrs import prices
from cqrs.follow.walker import GROUP, MOST_SEGMENTS, SEGMENT_BYTES, WALK_READERS
from cqrs.history.event_store import Size
from cqrs.plain import Value

__all__ = [
    "COMMITS_PER_STREAM",
    "DEFAULTS",
    "Estimate",
    "Limits",
    "Walked",
    "audit",
    "hour_items_dollars",
    "index_dollars",
    "rebuild",
]

# How DynamoDB counts, by its documentation.
PAGE_BYTES = 1 << 20  # of a Scan or a Query, before its filter
READ_BYTES = 4 << 10  # of a read unit; an eventually consistent read takes half a unit
WRITE_BYTES = 1 << 10  # of a write unit

# The walker, as terraform/nouns.tf makes it.
MEMORY_GB = 0.5
STEP_SECONDS = 240  # of a function's 300, less those that it spares

# Assumed: calls by what AWS says of DynamoDB ("single-digit milliseconds"), rounded up. CPU times
# were measured on a whole core and multiplied by 3.5, since 512 MB have 0.29 of one.
PAGE_SECONDS = 0.1
CALL_SECONDS = 0.01
ROW_SECONDS = 0.00025  # to parse a row: 66 us measured
SAVE_SECONDS = 0.0015  # 8 rows are saved at a time, 0.37 ms of CPU each measured
COMMIT_SECONDS = 0.0002  # to parse and fold a commit: 53 us measured

# Notes: a Run is so large, and grows by so much with each leg (measured).
RUN_BYTES, LEG_BYTES = 250, 45
NOTES_PER_CALL = 100

COMMITS_PER_STREAM = 5  # where nobody has counted: orders have about so many

# Indexes that an audit could use instead (docs/adr/0023-audit-or-index.md).
INDEX_ENTRY_BYTES = 200  # its keys, and the 100 bytes that DynamoDB adds to each
HOUR_ENTRY_BYTES, HOUR_SHARDS = 40, 16


class Limits(Value):
    """`walks` in terraform/variables.tf, and how the walker cuts a store into segments."""

    at_once: int = 16
    read_units_per_second: int = 8_000
    segment_bytes: int = SEGMENT_BYTES

    def legs(self, size: Size) -> int:
        return min(MOST_SEGMENTS, 1 + size.bytes // self.segment_bytes)


DEFAULTS = Limits()


class Walked(Value):
    """A store, as many of its `streams` as a walk looks at, and the `views` that it looks into.

    `compared` are those views whose rows it compares: those whose first fold is of this store.
    """

    size: Size
    streams: int
    views: int = 1
    compared: int = 0


class Estimate(Value):
    """`pages` are of scans, and among the `calls`, all of DynamoDB. `done_after`: the seconds until
    each store was walked, in their order.
    """

    pages: int
    calls: float
    read_units: float
    write_units: float
    lambda_seconds: float
    transitions: int
    done_after: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return max(self.done_after, default=0)

    @property
    def dollars(self) -> float:
        return (
            self.read_units * prices.READ_UNIT
            + self.write_units * prices.WRITE_UNIT
            + self.lambda_seconds * MEMORY_GB * prices.GIGABYTE_SECOND
            + self.transitions * prices.TRANSITION
        )


class _Part(Value):
    """A store's share of a walk."""

    legs: int
    pages: int
    notes: int
    calls: float
    read_units: float
    write_units: float
    paced: float  # seconds of all legs that the limit of read units makes them take
    work: float  # seconds of all legs without it

    @property
    def seconds(self) -> float:
        return max(self.paced, self.work)

    @property
    def steps(self) -> int:
        return self.legs * max(1, ceil(self.seconds / self.legs / STEP_SECONDS))


def audit(stores: Sequence[Walked], limits: Limits = DEFAULTS) -> Estimate:
    """An audit that finds all views up to date. `streams`: those with commits since the last one;
    all, if it is the first.
    """
    return _walk([_audited(store, limits) for store in stores], limits)


def rebuild(
    stores: Sequence[Walked], limits: Limits = DEFAULTS, *, write_units: float = 2
) -> Estimate:
    """A walk that makes all rows of the views from nothing. `streams` are all that there are.

    `write_units`: of saving a row, one for each kB, in the table and in each list. A tally takes
    twice as many, and two for each changed cell.
    """
    return _walk([_filled(store, limits, write_units) for store in stores], limits)


def _audited(store: Walked, limits: Limits) -> _Part:
    legs = limits.legs(store.size)
    pages = legs * max(1, ceil(store.size.bytes / legs / PAGE_BYTES))
    units = store.size.bytes / READ_BYTES / 2
    share = store.streams / pages  # of a page: some have none, if they are few
    groups = ceil(share / GROUP)
    loads = store.views * pages * (1 - exp(-share)) * groups
    rows = store.views * store.streams
    return _Part(
        legs=legs,
        pages=pages,
        notes=pages * max(1, groups),
        calls=pages + loads,
        read_units=units + rows,
        write_units=0,
        paced=_paced(units, limits),
        work=pages * PAGE_SECONDS + loads * CALL_SECONDS + rows * ROW_SECONDS,
    )


def _filled(store: Walked, limits: Limits, write_units: float) -> _Part:
    """Rows are loaded twice: to see that they are behind, and to bring them on. Then those that
    queries see, and the new ones again, to be compared; before that the register is asked.
    """
    found = _audited(store, limits)
    loads, rows = found.calls - found.pages, store.views * store.streams
    groups, compared = loads / max(1, store.views) * store.compared, store.compared * store.streams
    tails = rows * ceil(store.size.bytes / max(1, store.streams) / READ_BYTES)
    return _Part(
        legs=found.legs,
        pages=found.pages,
        notes=found.notes,
        calls=found.calls + loads + 2 * rows + 3 * groups,
        read_units=found.read_units + rows + tails + groups + 2 * compared,
        write_units=rows * write_units,
        paced=found.paced + _paced(tails, limits),
        work=found.work
        + (loads + 3 * groups) * CALL_SECONDS
        + 2 * compared * ROW_SECONDS
        + rows * (CALL_SECONDS / WALK_READERS + ROW_SECONDS + SAVE_SECONDS)
        + store.views * store.size.commits * COMMIT_SECONDS,
    )


def _paced(units: float, limits: Limits) -> float:
    """The seconds that a leg must take for its reads: each has an equal share of the limit."""
    return units * limits.at_once / limits.read_units_per_second


def _walk(parts: Sequence[_Part], limits: Limits) -> Estimate:
    """The parts together, and the notes that are taken: one after each group of streams. A step
    first reads and saves the run and its leg. Start and end read the run twice, and save it three
    times; the end reads all legs.
    """
    legs, steps = sum(part.legs for part in parts), sum(part.steps for part in parts)
    notes = sum(part.notes for part in parts)
    run = RUN_BYTES + LEG_BYTES * legs
    of_run = 5 + ceil(legs / NOTES_PER_CALL)
    return Estimate(
        pages=sum(part.pages for part in parts),
        calls=sum(part.calls for part in parts) + len(parts) + 4 * steps + notes + of_run,
        read_units=sum(part.read_units for part in parts)
        + (steps + 2) * ceil(run / READ_BYTES)
        + steps
        + legs,
        write_units=sum(part.write_units for part in parts)
        + (steps + 3) * ceil(run / WRITE_BYTES)
        + steps
        + notes,
        lambda_seconds=sum(part.seconds for part in parts),
        transitions=3 + legs + 2 * steps,
        done_after=_done_after(parts, limits.at_once),
    )


def _done_after(parts: Sequence[_Part], at_once: int) -> tuple[float, ...]:
    """A leg begins, in the order of the stores, as soon as another one is done."""
    free = [0.0] * at_once
    done: list[float] = []
    for part in parts:
        ends = []
        for _ in range(part.legs):
            ends.append(free[0] + part.seconds / part.legs)
            heapreplace(free, ends[-1])
        done.append(max(ends))
    return tuple(done)


def index_dollars(commits_a_month: int, months: int) -> float:
    """A month of an index on the event store with the keys of each commit by its hour: one write
    unit for each, their storage since the first month, and one read of them.
    """
    stored = INDEX_ENTRY_BYTES * commits_a_month
    return (
        commits_a_month * prices.WRITE_UNIT
        + stored * months / 1e9 * prices.STORED_GIGABYTE_MONTH
        + stored / READ_BYTES / 2 * prices.READ_UNIT
    )


def hour_items_dollars(commits_a_month: int, months: int) -> float:
    """A month of items, one for each shard and hour, to which each commit adds its stream: it
    writes the item as large as it is by then, on average half of what it will be.
    """
    entries = commits_a_month / prices.HOURS_PER_MONTH / HOUR_SHARDS
    units = max(1.0, entries * HOUR_ENTRY_BYTES / 2 / WRITE_BYTES)
    stored = HOUR_ENTRY_BYTES * commits_a_month
    return (
        commits_a_month * units * prices.WRITE_UNIT
        + stored * months / 1e9 * prices.STORED_GIGABYTE_MONTH
        + stored / READ_BYTES / 2 * prices.READ_UNIT
    )
