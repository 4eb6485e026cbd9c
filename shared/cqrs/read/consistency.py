"""Read your writes: reads that are never older than the token sent with them.

A view that lags is waited for, if the reader has patience, and else completed at read: the missing
commits come from the event store and are folded into the answer. Nothing is written for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from cqrs.errors import CqrsError, InvalidToken, Parked, Unavailable
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token
from cqrs.views.rows import Followed, Part, Row, RowReader, RowView
from cqrs.views.sources import Sources, parked_at
from cqrs.waiting import Patience

__all__ = ["Page", "Reader", "Wanted", "wanted_by", "why_behind"]

READERS = 8  # rows that are completed at the same time
PATIENCE = Patience(0)  # to complete a row costs one read, as looking again would

Wanted = Mapping[str, Mapping[str, int]]
"""How far rows must have come: by row, the version of each stream that is asked for."""


def wanted_by(token: Token, view: Followed) -> Wanted:
    """What `token` asks of this view."""
    wanted: dict[str, dict[str, int]] = {}
    for stream, version in token.positions.items():
        if view.fold_of(stream) is not None:
            wanted.setdefault(view.key_of(stream), {})[stream] = version
    return wanted


def why_behind(wanted: Wanted, rows: Mapping[str, Row], sources: Sources) -> CqrsError:
    """The reason why a view that can't be completed at read is not as new as `wanted`, having
    `rows`: InvalidToken for a version that does not exist, Parked, or Unavailable: it will be.
    """
    for key, versions in wanted.items():
        for stream in _behind(rows[key], versions):
            commits = sources.tail(stream, rows[key].part(stream).version)
            newest = commits[-1].version if commits else rows[key].part(stream).version
            if newest < versions[stream]:
                return InvalidToken(
                    f"'{stream}' has no version {versions[stream]}; its newest is {newest}."
                )
        if parked := _parked(rows[key]):
            return parked
    return Unavailable("the view is not as new as asked yet")


@dataclass(frozen=True)
class Page:
    """`rows` in the order asked for; `more` is the place of the last one if others follow it."""

    rows: Sequence[Row]
    freshness: Freshness
    more: tuple[str, str] | None = None


class Reader:
    """Answers queries on one view.

    AWS calls for a row: 1, and 1 more when it is behind its token. For a page of a list: 1, and
    with a token 1 more for the rows that it names, and 1 for each of its streams that the view has
    not caught up with.
    """

    def __init__(
        self,
        view: RowView,
        rows: RowReader,
        stores: Mapping[str, EventReader],
        *,
        cipher: Cipher = CLEAR,
        patience: Patience = PATIENCE,
    ) -> None:
        """`patience`: how long to wait for the view before completing a row at read."""
        self.scope = view.scope
        self._view = view
        self._rows = rows
        self._sources = Sources(view, stores, cipher)
        self._patience = patience

    def get(self, key: str, token: Token) -> Page:
        """The row `key`, never older than `token`; its document is None if there is no such row.

        Raises Parked, InvalidToken for a version that does not exist, and Unavailable.
        """
        wanted = wanted_by(token, self._view).get(key, {})
        for waited in self._patience.looks():  # noqa: B007  the last one is said in the answer
            row = self._rows.get(key)
            if not _behind(row, wanted):
                break
        row, commits = self._complete(row, wanted)
        if parked := _parked(row):
            raise parked
        how = Consistency.after(wanted, waited=waited, commits=commits)
        return Page([row], Freshness(how, token.having_seen([row.positions])))

    def load(self, keys: Sequence[str], token: Token) -> Page:
        """The rows `keys`, in that order, none older than `token`; a row without document is not
        there, or shows nothing. Rows with a parked part are there, marked.

        Raises InvalidToken and Unavailable.
        """
        asked = wanted_by(token, self._view)
        wanted = {key: asked[key] for key in keys if key in asked}
        rows, commits = self._completed(self._rows.load(keys), wanted)
        found = [rows[key] for key in keys]
        how = Consistency.after(wanted, commits=commits)
        return Page(found, Freshness(how, token.having_seen(row.positions for row in found)))

    def page(
        self,
        name: str,
        partition: str,
        token: Token,
        *,
        limit: int,
        after: tuple[str, str] | None = None,
    ) -> Page:
        """A page of the list `name`, newest first, with all that `token` names in its right place.

        An index lags behind its table, so the rows that a token names are read by key, completed,
        and laid over the page: put in, moved or taken out. Rows with a parked part are there,
        marked.
        """
        found = self._rows.page(name, partition, after, limit + 1)
        wanted = wanted_by(token, self._view)
        overlay = self._rows.load(list(wanted)) if wanted else {}
        overlay, commits = self._completed(overlay, wanted)
        full = len(found) > limit
        rows = {row.key: row for row in found if row.document is not None or row.parked}
        last = _place(found[-1], name) if full else None
        for key, row in overlay.items():
            rows.pop(key, None)
            if _belongs(row, name, partition, after, last):
                rows[key] = row
        ordered = sorted(rows.values(), key=lambda row: _place(row, name), reverse=True)
        shown = ordered[:limit]
        end = _place(shown[-1], name) if shown else last
        more = end if full or len(ordered) > limit else None
        how = Consistency.after(wanted, commits=commits)
        seen = token.having_seen(row.positions for row in shown)
        return Page(shown, Freshness(how, seen), more)

    def _completed(self, rows: Mapping[str, Row], wanted: Wanted) -> tuple[dict[str, Row], int]:
        """`rows` with the commits that they lack, and how many those were."""
        behind = [key for key in wanted if _behind(rows[key], wanted[key])]
        if not behind:
            return dict(rows), 0
        with ThreadPoolExecutor(READERS) as pool:
            completed = list(pool.map(lambda key: self._complete(rows[key], wanted[key]), behind))
        found = {row.key: row for row, _ in completed}
        return {**rows, **found}, sum(commits for _, commits in completed)

    def _is_unreadable(self, name: str, part: Part) -> bool:
        return not part.parked and name in self._sources and not self._sources[name].can_read(part)

    def _complete(self, row: Row, wanted: Mapping[str, int]) -> tuple[Row, int]:
        """`row` with the commits that it lacks, and how many those were. What is parked stays."""
        commits = 0
        behind = _behind(row, wanted)
        if not behind:
            return row, commits
        # a part that this code can't read is completed too: the row could not be rendered without
        unreadable = [name for name, part in row.parts.items() if self._is_unreadable(name, part)]
        behind = list(dict.fromkeys([*behind, *unreadable]))
        for name in behind:
            part = self._sources[name].trusted(row.part(name))
            ahead = self._sources[name].apply_all(part, self._sources.tail(name, part.version))
            if not ahead.parked and ahead.version < wanted.get(name, 0):
                raise InvalidToken(
                    f"'{name}' has no version {wanted.get(name, 0)}; its newest is {ahead.version}."
                )
            commits += ahead.version - part.version
            row = row.with_part(name, ahead)
        try:
            return self._view.shown(row), commits
        except Exception as error:  # the follower will park these streams: already so here
            for name in behind:
                mark = parked_at(wanted.get(name, 0), error)
                row = row.with_part(name, replace(row.part(name), parked=mark))
            return row, commits


def _behind(row: Row, wanted: Mapping[str, int]) -> list[str]:
    parts = {stream: row.part(stream) for stream in wanted}
    return [s for s, part in parts.items() if part.version < wanted[s] and not part.parked]


def _parked(row: Row) -> Parked | None:
    parked = (Parked(stream, mark.version, mark.error) for stream, mark in row.parked.items())
    return next(parked, None)


def _place(row: Row, name: str) -> tuple[str, str]:
    return (row.places[name].sort, row.key)


def _belongs(
    row: Row,
    name: str,
    partition: str,
    after: tuple[str, str] | None,
    last: tuple[str, str] | None,
) -> bool:
    """Whether `row` stands in this list between the pages before and after this one."""
    place = row.places.get(name)
    if not place or place.partition != partition:
        return False
    here = (place.sort, row.key)
    return (after is None or here < after) and (last is None or here >= last)
