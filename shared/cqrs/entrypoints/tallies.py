"""Tallies over HTTP: what was counted on the days of a range, or in one partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from cqrs.entrypoints import about
from cqrs.entrypoints.about import telling
from cqrs.entrypoints.cursors import KEY_BYTES, cursor, open_cursor
from cqrs.entrypoints.http import Handler, Request, Response
from cqrs.entrypoints.queries import (
    answer_of,
    asked_for,
    in_path,
    of_list,
    of_partition,
    token_of,
)
from cqrs.errors import InvalidInput
from cqrs.read.consistency import Page
from cqrs.read.joiner import Joiner
from cqrs.read.tally_reader import Tallied, TallyReader
from cqrs.views.rows import Document, Row
from cqrs.views.tallies import Cell, months

__all__ = ["cells_of", "days_of"]

LIMITS = {"default": 50, "low": 1, "high": 100}
MAX_DAYS = 366
DAYS = 30

LIMIT = about.number("limit", "How many, at most.", **LIMITS)
FROM = about.day("from", f"The first day, in UTC. Without, {DAYS - 1} days before the last.")
TO = about.day("to", f"The last day; up to {MAX_DAYS} are asked for. Without, today.")

Shown = Callable[[Cell, Mapping[str, int]], Document]
"""The document of a cell. A number that the cell does not have reads as 0."""


def days_of(reader: TallyReader, items: str, shown: Shown, joiner: Joiner | None = None) -> Handler:
    """The route of a tally of `daily` cells: `from`, `to` (both included, UTC), `limit` and
    `cursor` in the query. Without days they are the last thirty, with today.

    A cursor is good for one generation of the tally. It goes on after its cell, so that it is good
    tomorrow too, when the last thirty days are others.
    """

    counted = f"What was counted in the view `{reader.name}`."

    @telling(of_list(items, f"{items.capitalize()} by day", counted, (FROM, TO, LIMIT)))
    def answer(request: Request) -> Response:
        first, last = _range(request)
        limit = request.number("limit", **LIMITS)

        scope, after = _after(request, reader, months(first, last))
        token = token_of(request)
        found = reader.days(first, last, token, limit=limit, after=after, scope=scope)
        return _answer(found, items, shown, joiner)

    return answer


def cells_of(
    reader: TallyReader,
    items: str,
    shown: Shown,
    joiner: Joiner | None = None,
    partition_in: Callable[[Request], str] = in_path,
) -> Handler:
    """The route of the cells of one partition of a tally, in order; `limit` and `cursor` are in the
    query. `partition_in` gets the partition from the request.

    A cursor is valid for one partition of one generation of the tally.
    """

    asked = (*asked_for(partition_in), LIMIT)
    counted = f"What was counted in the view `{reader.name}`."

    @telling(of_list(items, f"A list of {items}", counted, asked))
    def answer(request: Request) -> Response:
        partition = partition_in(request)
        limit = request.number("limit", **LIMITS)
        scope, after = _after(request, reader, [partition])
        everything, token = ([partition], "", ""), token_of(request)
        found = reader.cells(*everything, token, limit=limit, after=after, scope=scope)
        return _answer(found, items, shown, joiner)

    return of_partition(answer, partition_in)


def _after(
    request: Request, reader: TallyReader, partitions: Sequence[str]
) -> tuple[str, Cell] | tuple[None, None]:
    """The cell after which the cursor in the query goes on, and in which generation. Raises
    InvalidCursor.
    """

    def place(partition: str, sort: str) -> Cell:
        if partition not in partitions or len(sort.encode()) >= KEY_BYTES:
            raise ValueError("no cell that is asked for can be there")
        return Cell(partition, sort)

    return open_cursor(request.query.get("cursor"), reader.name, [], place)


def _answer(found: Tallied, items: str, shown: Shown, joiner: Joiner | None) -> Response:
    counts = {cell: Counter(numbers) for cell, numbers in found.counts.items()}
    rows = [Row(key=cell.sort, document=shown(cell, numbers)) for cell, numbers in counts.items()]
    page = Page(rows, found.freshness)
    page = joiner.join(page) if joiner else page
    more = [found.more.partition, found.more.sort] if found.more else None
    body = {
        items: [row.document for row in page.rows],
        "cursor": cursor(found.scope, [], more) if more else None,
    }
    return answer_of(body, page.freshness)


def _range(request: Request) -> tuple[str, str]:
    last = request.day("to") or date.fromisoformat(request.time[:10])
    first = request.day("from") or last - timedelta(days=DAYS - 1)
    if not first <= last < first + timedelta(days=MAX_DAYS):
        raise InvalidInput(f"'from' and 'to' in the query must be a range of 1 to {MAX_DAYS} days.")
    return first.isoformat(), last.isoformat()
