"""Answers queries on tallies with cells that are never older than the token sent with the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.plain import Value
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token
from cqrs.read.wanted import Wanted, wanted_by, why_behind
from cqrs.views.generations import Editions, editions_of
from cqrs.views.rows import Row
from cqrs.views.sources import Sources
from cqrs.views.tallies import Cell, Counts, TallyStore, TallyView, months
from cqrs.waiting import Patience

__all__ = ["Tallied", "TallyReader"]

PATIENCE = Patience(1)


class Tallied(Value, kw_only=False):
    """`counts` by cell, in order; `more` is the last cell if others follow it, in the generation
    `scope`.
    """

    counts: Counts
    freshness: Freshness
    more: Cell | None = None
    scope: str = ""


class TallyReader:
    """Answers queries on one tally, from the generation that is active.

    AWS calls: 1 for each partition; with a token 1 more. If it has to wait: 1 for each stream that
    the view is behind at, and 1 for each further look. 1 more every few seconds, to see which
    generation that is.
    """

    def __init__(
        self,
        view: TallyView,
        rows: TallyStore | Editions[TallyStore],
        stores: Mapping[str, EventReader],
        *,
        cipher: Cipher = CLEAR,
        patience: Patience = PATIENCE,
    ) -> None:
        """`rows` alone have everything, and are the only generation. `patience`: how long to wait
        for the view. Its cells can't be completed from the store: a missing commit may change any
        of them.
        """
        self.name = view.name
        self._view = view
        self._editions = editions_of(view, rows)
        self._sources = Sources(view, stores, cipher)
        self._patience = patience

    def cells(
        self,
        partitions: Sequence[str],
        first: str,
        last: str,
        token: Token,
        *,
        limit: int,
        after: Cell | None = None,
        scope: str | None = None,
    ) -> Tallied:
        """The cells from `first` to `last` (an empty one is no bound) in each of `partitions`, one
        after the other, none older than `token`. `after` must be in one of the partitions; `scope`
        is the generation that it was found in.

        Raises Parked, InvalidToken for a version that does not exist, InvalidCursor for a
        generation that is gone, NotFilled, and Unavailable when the view does not reach the token's
        versions in time.
        """
        edition = self._editions.serving(scope)
        wanted = wanted_by(token, self._view)
        waited = self._wait(edition.rows, wanted) if wanted else 0
        left = list(partitions)
        if after:
            left = left[left.index(after.partition) :]
        found: dict[Cell, Mapping[str, int]] = {}
        while left and len(found) <= limit:
            partition = left.pop(0)
            start = after.sort if after and after.partition == partition else None
            found |= edition.rows.cells(partition, first, last, start, limit + 1 - len(found))
        shown = dict(list(found.items())[:limit])
        freshness = Freshness(Consistency.after(wanted, waited=waited), token)
        more = [*shown][-1] if len(found) > limit else None
        return Tallied(shown, freshness, more, edition.scope)

    def days(
        self,
        first: str,
        last: str,
        token: Token,
        *,
        limit: int,
        after: Cell | None = None,
        scope: str | None = None,
    ) -> Tallied:
        """The `daily` cells from the day `first` to the day `last`, both included; otherwise as
        `cells`.
        """
        everything_of_last = f"{last}~"  # in a sort key a day is followed by `/`, which is less
        partitions = months(first, last)
        where = (partitions, first, everything_of_last)
        return self.cells(*where, token, limit=limit, after=after, scope=scope)

    def _wait(self, store: TallyStore, wanted: Wanted) -> float:
        """Waits until the rows are as new as `wanted`, and so are the cells, read after them.
        Returns the seconds waited.
        """
        rows: dict[str, Row] = {}
        behind = wanted
        for waited in self._patience.looks():
            rows |= store.load(list(behind))
            behind = _behind(rows, behind)
            if not behind:
                return waited
            if not waited or _parked_in(rows, behind):
                reason = why_behind(behind, rows, self._sources)
                if not reason.retryable:  # there is nothing to wait for
                    raise reason
        raise reason


def _behind(rows: Mapping[str, Row], wanted: Wanted) -> Wanted:
    """The versions in `wanted` that rows have not reached, those of parked rows included."""
    found = {
        key: {name: n for name, n in versions.items() if rows[key].part(name).version < n}
        for key, versions in wanted.items()
    }
    return {key: versions for key, versions in found.items() if versions}


def _parked_in(rows: Mapping[str, Row], behind: Wanted) -> bool:
    return any(rows[key].part(name).is_parked for key, names in behind.items() for name in names)
