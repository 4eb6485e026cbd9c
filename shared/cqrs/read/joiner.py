"""Joins: puts rows of other views (lookups, such as names) into the rows that refer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.plain import replace
from cqrs.read.consistency import Page, Reader, load_all
from cqrs.views.generations import Editions
from cqrs.views.joins import NOT_FILLED, Join, Lookups, problem_of
from cqrs.views.rows import Document, Row, RowReader

__all__ = ["Joiner"]


class Joiner:
    """Puts lookups into the rows of a page.

    AWS calls: 1 per 100 different lookups of all joins, and 1 for each stream of a lookup that is
    behind the token, these at the same time.
    """

    def __init__(
        self,
        joins: Sequence[tuple[Join, RowReader | Editions[RowReader]]],
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
    ) -> None:
        """`joins`: each with the rows of its view. `stores`: event stores by stream category."""
        self._joins = [join for join, _ in joins]
        self._readers = [Reader(join.view, rows, stores, cipher=cipher) for join, rows in joins]

    def join(self, page: Page) -> Page:
        """`page` with lookups put into its rows, none older than the page's token.

        Raises InvalidToken for a version that does not exist, and Unavailable.
        """
        named = [_named(join, page.rows) for join in self._joins]
        filled = [reader.is_filled() for reader in self._readers]  # before their rows are read
        found = load_all([*zip(self._readers, named, strict=True)], page.freshness.token)
        for join, has_all, lookups in zip(self._joins, filled, found, strict=True):
            shown = _shown(lookups.rows, None if has_all else NOT_FILLED)
            rows = [_with(join, row, shown) for row in page.rows]
            page = replace(page, rows=rows, freshness=page.freshness.and_then(lookups.freshness))
        return page


def _named(join: Join, rows: Sequence[Row]) -> list[str]:
    """The keys of the lookups that `rows` refer to, each once."""
    documents = [row.document for row in rows if row.document is not None and not row.parked]
    return list(dict.fromkeys(key for document in documents for key in join.keys(document)))


def _shown(lookups: Sequence[Row], missing: Document | None) -> Lookups:
    found = {one.key: problem_of(one) or one.document or missing for one in lookups}
    return {key: document for key, document in found.items() if document}


def _with(join: Join, row: Row, lookups: Lookups) -> Row:
    if row.document is None or row.parked:
        return row
    return replace(row, document=join.put(row.document, lookups))
