"""Tallies over HTTP: what was counted on the days of a range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from cqrs.entrypoints.cursors import KEY_BYTES, cursor, open_cursor
from cqrs.entrypoints.http import Handler, Request, Response
from cqrs.entrypoints.queries import answer_of, token_of
from cqrs.errors import InvalidInput
from cqrs.read.consistency import Page
from cqrs.read.joiner import Joiner
from cqrs.read.tally_reader import TallyReader
from cqrs.views.rows import Document, Row
from cqrs.views.tallies import Cell, months

__all__ = ["days_of"]

MAX_LIMIT = 100
MAX_DAYS = 366
DAYS = 30

Shown = Callable[[Cell, Mapping[str, int]], Document]


def days_of(reader: TallyReader, items: str, shown: Shown, joiner: Joiner | None = None) -> Handler:
    """The route of a tally by days: `from`, `to` (both included, UTC), `limit` and `cursor` in the
    query. Without days they are the last thirty, with today.

    A cursor is good for one generation of the tally. It goes on after its cell, so that it is good
    tomorrow too, when the last thirty days are others.
    """

    def answer(request: Request) -> Response:
        first, last = _range(request)
        limit = request.number("limit", default=50, low=1, high=MAX_LIMIT)

        def place(partition: str, sort: str) -> Cell:
            if partition not in months(first, last) or len(sort.encode()) >= KEY_BYTES:
                raise ValueError("no cell of these days can be there")
            return Cell(partition, sort)

        after = open_cursor(request.query.get("cursor"), [reader.scope], place)
        found = reader.days(first, last, token_of(request), limit=limit, after=after)
        rows = [Row(key=c.sort, document=shown(c, numbers)) for c, numbers in found.counts.items()]
        page = Page(rows, found.freshness)
        page = joiner.join(page) if joiner else page
        more = [found.more.partition, found.more.sort] if found.more else None
        body = {
            items: [row.document for row in page.rows],
            "cursor": cursor([reader.scope], more) if more else None,
        }
        return answer_of(body, page.freshness)

    return answer


def _range(request: Request) -> tuple[str, str]:
    last = request.day("to") or date.fromisoformat(request.time[:10])
    first = request.day("from") or last - timedelta(days=DAYS - 1)
    if not first <= last < first + timedelta(days=MAX_DAYS):
        raise InvalidInput(f"'from' and 'to' in the query must be a range of 1 to {MAX_DAYS} days.")
    return first.isoformat(), last.isoformat()
