"""Joins: rows of other views that a document names by key, put into it when it is read.

What many rows would show, such as a customer's name, is in one place only, its lookup: a row of a
view of its own. So to change it is one write, and all who name it show it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from cqrs.consistency import Answer, Reader
from cqrs.errors import Parked
from cqrs.event_store import EventReader
from cqrs.events import CLEAR, Cipher
from cqrs.views import Document, Row, RowReader, RowView

__all__ = ["Join", "Joiner", "Lookups", "problem_of"]

Lookups = Mapping[str, Document]
"""What is shown of each lookup, by key: `{"problem": ...}` of one that can't go on. One that is not
there is not among them.
"""


@dataclass(frozen=True, kw_only=True)
class Join:
    """`keys` says which lookups, rows of `view`, a document names; `put` puts them into it."""

    view: RowView
    keys: Callable[[Document], Iterable[str]]
    put: Callable[[Document, Lookups], Document]


class Joiner:
    """Completes answers with the lookups that their rows name.

    AWS calls: for each join 1 per 100 lookups, however many rows name them, and 1 for each stream
    of a lookup that is behind the token. Joins don't wait for each other.
    """

    def __init__(
        self,
        joins: Sequence[tuple[Join, RowReader]],
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
    ) -> None:
        """Each join with the rows of its view; `stores` are by the category of their streams."""
        self._joins = [join for join, _ in joins]
        self._readers = [Reader(join.view, rows, stores, cipher=cipher) for join, rows in joins]

    def join(self, answer: Answer) -> Answer:
        """`answer` with its lookups, none of them older than its token.

        Raises InvalidToken for a version that does not exist, and Unavailable.
        """
        named = [_named(join, answer.rows) for join in self._joins]
        with ThreadPoolExecutor(len(self._joins)) as pool:
            found = list(pool.map(Reader.load, self._readers, named, [answer.token] * len(named)))
        rows, how, token = answer.rows, answer.consistency, answer.token
        for join, lookups in zip(self._joins, found, strict=True):
            shown = _shown(lookups.rows)
            rows = [_with(join, row, shown) for row in rows]
            how = how.and_then(lookups.consistency)
            token = token.having_seen([lookups.token.positions])
        return replace(answer, rows=rows, consistency=how, token=token)


def problem_of(row: Row) -> Document | None:
    """What is said instead of a row that can't go on, so that old is not shown as new."""
    for stream, mark in row.parked.items():
        return {"problem": {"code": Parked.code, "stream": stream, "version": mark.version}}
    return None


def _named(join: Join, rows: Sequence[Row]) -> list[str]:
    """The lookups that are named, each of them once."""
    documents = [row.document for row in rows if row.document is not None and not row.parked]
    return list(dict.fromkeys(key for document in documents for key in join.keys(document)))


def _shown(lookups: Sequence[Row]) -> Lookups:
    found = {lookup.key: problem_of(lookup) or lookup.document for lookup in lookups}
    return {key: document for key, document in found.items() if document}


def _with(join: Join, row: Row, lookups: Lookups) -> Row:
    if row.document is None or row.parked:
        return row
    return replace(row, document=join.put(row.document, lookups))
