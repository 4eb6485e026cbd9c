"""What is counted of a command, a query, or a whole checkout: calls, units, bytes.

tests/shop/integration/test_costs_of_work.py counts all of it in the functions themselves, and fails
when a number is not so any more. Whoever makes something cheaper puts the lower number here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

__all__ = ["ALONE", "AT_ONCE", "FULL", "METRICS", "Piece", "Work"]


@dataclass(frozen=True, kw_only=True)
class Work:
    """`requests` come by the HTTP API. `invocations` are of functions, by whatever. `waits` are
    calls that functions wait for, each times the gigabytes of memory that wait. `reads` and
    `writes` are units of DynamoDB, `records` of Kinesis, as large as so many `kilobytes` (each
    counts as whole ones), `logged` kilobytes of log lines and metrics, `deadlines` schedules,
    `listings` of a bucket.
    """

    requests: float = 0
    invocations: float = 0
    waits: float = 0
    reads: float = 0
    writes: float = 0
    records: float = 0
    kilobytes: float = 0
    logged: float = 0
    deadlines: float = 0
    listings: float = 0

    def each(self, of: int) -> Work:
        return Work(**{f.name: round(getattr(self, f.name) / of, 3) for f in fields(self)})


class Piece(StrEnum):
    """What is counted. All but queries are counted with what follows, too."""

    COMMAND = "a command"
    VIEW = "a command, until one view has it"
    FOLLOWED = "a command, until all that follow have it"
    QUERY = "a query for a row"
    ORDER = "a query for an order, with names and titles"
    CHECKOUT = "a checkout of two products, from its order until all is confirmed and shown"
    MINUTE = "a minute in which nothing happens"


AT_ONCE = 10  # in FULL, each of other streams; in ALONE every message is an invocation of its own

ALONE: Mapping[Piece, Work] = {
    Piece.COMMAND: Work(requests=1, invocations=1, waits=2, reads=1, writes=1, logged=0.39),
    Piece.VIEW: Work(
        requests=1,
        invocations=3,
        waits=3.5,
        reads=2,
        writes=2,
        records=1,
        kilobytes=1,
        logged=1.56,
    ),
    Piece.FOLLOWED: Work(
        requests=1,
        invocations=6,
        waits=5,
        reads=3,
        writes=2,
        records=1,
        kilobytes=1,
        logged=2.31,
    ),
    Piece.QUERY: Work(requests=1, invocations=1, waits=1, reads=0.5, logged=0.31),
    Piece.ORDER: Work(requests=1, invocations=1, waits=2, reads=3.5, logged=0.31),
    Piece.CHECKOUT: Work(
        requests=1,
        invocations=39,
        waits=46,
        reads=26,
        writes=72,
        records=6,
        kilobytes=6,
        logged=20.7,
        deadlines=1,
    ),
    Piece.MINUTE: Work(invocations=2, waits=6.5, reads=4.5, logged=0.64, listings=1),
}

FULL: Mapping[Piece, Work] = {
    Piece.COMMAND: ALONE[Piece.COMMAND],
    Piece.VIEW: Work(
        requests=1,
        invocations=1.2,
        waits=2.6,
        reads=2,
        writes=2,
        records=1,
        kilobytes=1,
        logged=0.62,
    ),
    Piece.FOLLOWED: Work(
        requests=1,
        invocations=1.5,
        waits=3.2,
        reads=3,
        writes=2,
        records=1,
        kilobytes=1,
        logged=0.8,
    ),
    Piece.QUERY: ALONE[Piece.QUERY],
    Piece.ORDER: ALONE[Piece.ORDER],
    Piece.CHECKOUT: Work(
        requests=1,
        invocations=5.1,
        waits=19.75,
        reads=25.1,
        writes=72,
        records=6,
        kilobytes=6,
        logged=6.68,
        deadlines=1,
    ),
}

METRICS = 18  # of the application's own: those that all this writes
