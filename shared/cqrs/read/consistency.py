"""Read your writes: reads that are never older than the token sent with them.

If a row is behind the token, the reader waits for the view as long as its patience allows, and then
reads the missing commits from the event store and folds them into the answer. It writes nothing.
An answer that misses very many commits is refused instead, until the view has come nearer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cqrs.at_once import at_once
from cqrs.errors import Ahead, Unavailable
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.plain import Value, replace
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token
from cqrs.read.wanted import (
    MOST_FOLDED,
    Versions,
    Wanted,
    behind,
    no_version,
    parked_by,
    unknown_version,
    wanted_by,
)
from cqrs.views.generations import Editions, editions_of
from cqrs.views.rows import Row, RowReader, RowView
from cqrs.views.sources import Sources
from cqrs.waiting import Patience

__all__ = ["Page", "Reader", "load_all"]

PATIENCE = Patience(0)  # completing a row costs one read, as much as a second look
FURTHER = 100  # commits that are folded in passing, beyond what is wanted

_Spot = tuple[str, str]
"""A row's position in a list: its sort value and its key."""


class Page(Value, kw_only=False):
    """`rows` in the order asked for; `more` is the position of the last row if others follow it,
    in the generation `scope`.
    """

    rows: Sequence[Row]
    freshness: Freshness
    more: _Spot | None = None
    scope: str = ""


class Reader:
    """Answers queries on one view, from the generation that is active.

    AWS calls for a row: 1, and 1 more for each stream that is behind the token. For a page of a
    list: 1; with a token 1 more for the rows that it names, and 1 for each stream that is behind.
    1 more every few seconds, to see which generation that is.
    """

    def __init__(
        self,
        view: RowView,
        rows: RowReader | Editions[RowReader],
        stores: Mapping[str, EventReader],
        *,
        cipher: Cipher = CLEAR,
        patience: Patience = PATIENCE,
    ) -> None:
        """`rows` alone have everything, and are the only generation. `patience`: how long to wait
        for the view before completing a row from the store.
        """
        self.name, self.lists, self.choices = view.name, frozenset(view.lists), view.choices
        self._view = view
        self._editions = editions_of(view, rows)
        self._sources = Sources(view, stores, cipher)
        self._patience = patience

    def get(self, key: str, token: Token) -> Page:
        """The row `key`, never older than `token`; its document is None if there is no such row.

        Raises Parked, InvalidToken for a version that does not exist, Unavailable and NotFilled.
        """
        rows = self._editions.serving().rows
        wanted = wanted_by(token, self._view).get(key, {})
        for waited in self._patience.looks():  # noqa: B007  the answer says the last one
            row = rows.get(key)
            if not behind(row, wanted):
                break
        if behind(row, wanted):
            self._check_distance([row], {key: wanted})
        row, commits = self._complete(row, wanted)
        if parked := parked_by(row):
            raise parked
        return _page([row], token, Consistency.after(wanted, waited=waited, commits=commits))

    def is_filled(self) -> bool:
        """Raises Unavailable."""
        return self._editions.current().filled

    def load(self, keys: Sequence[str], token: Token) -> Page:
        """The rows `keys`, in that order, none older than `token`. A row that does not exist or
        shows nothing has no document. Parked rows are included, with their mark. Of a view that is
        not filled yet, any row may be missing.

        Raises InvalidToken and Unavailable.
        """
        (page,) = load_all([(self, keys)], token)
        return page

    def page(
        self,
        name: str,
        partition: str,
        token: Token,
        *,
        limit: int,
        after: _Spot | None = None,
        scope: str | None = None,
    ) -> Page:
        """A page of the list `name`, newest first, none of it older than `token`. `scope` is the
        generation that `after` is a position in.

        A DynamoDB index lags behind its table. So the rows that the token names are read by key,
        completed, and then inserted into the page, moved in it or removed from it. Parked rows are
        included, with their mark. Raises InvalidToken, Unavailable and NotFilled, InvalidCursor for
        a generation that is gone, and Parked if nobody can tell whether a row that the token names
        is in this list.
        """
        edition = self._editions.serving(scope, listed=name)
        found = edition.rows.page(name, partition, after, limit + 1)
        wanted = wanted_by(token, self._view)
        named, commits = self._complete_all(edition.rows.load(list(wanted)), wanted)
        for key, row in named.items():
            if not _stands_in(row, name, partition) and (error := parked_by(row, wanted[key])):
                raise error
        # 1. Rows that sort after the last one found belong to the next page.
        last = _spot(found[-1], name) if len(found) > limit else None
        come = [row for row in named.values() if _belongs(row, name, partition, after, last)]
        stay = [row for row in found if row.key not in named and _is_shown(row)]
        # 2. Inserted rows may push others out, which then belong to the next page, too.
        rows = sorted([*stay, *come], key=lambda row: _spot(row, name), reverse=True)
        shown = rows[:limit]
        end = _spot(shown[-1], name) if shown else last
        more = end if last or len(rows) > limit else None
        page = _page(shown, token, Consistency.after(wanted, commits=commits), more)
        return replace(page, scope=edition.scope)

    def _complete_all(self, rows: Mapping[str, Row], wanted: Wanted) -> tuple[dict[str, Row], int]:
        """`rows` with their missing commits applied, and the number of these."""
        (completed,) = _complete_all([(self, rows, wanted)])
        return completed

    def _complete(self, row: Row, wanted: Versions) -> tuple[Row, int]:
        """`row` with its missing commits applied, and the number of these. Parked parts stay as
        they are.
        """
        if not behind(row, wanted):
            return row, 0
        missing = self._missing(row, wanted)
        commits = 0
        for name, version in missing.items():
            source = self._sources[name]
            part = source.trusted(row.part(name))
            limit = max(0, version - part.version) + FURTHER
            found, _ = source.apply_all(part, self._sources.tail(name, part.version, limit))
            if not found.is_parked and found.version < wanted.get(name, 0):
                raise no_version(name, version, found.version)
            commits += found.version - part.version
            row = row.with_part(name, found)
        if not commits:  # all are parked where they were: there is nothing else to show
            return row, 0
        try:
            return self._view.shown(row), commits
        except Exception as error:  # the follower will park these streams, so answer as if it had
            for name, version in missing.items():
                parked = self._sources[name].parked(row.part(name), version, error)
                row = row.with_part(name, parked)
            return row, commits

    def _missing(self, row: Row, wanted: Versions) -> Versions:
        """The versions that the streams of `row` are to be folded to. Parts that this code can't
        read are among them: without them the row can't be rendered.
        """
        unreadable = [s for s in self._sources.unreadable(row) if not row.part(s).is_parked]
        again = {name: max(row.part(name).version, wanted.get(name, 0)) for name in unreadable}
        return {**{name: wanted[name] for name in behind(row, wanted)}, **again}

    def _check_distance(self, rows: Sequence[Row], wanted: Wanted) -> None:
        """Raises Unavailable if it would take too long to complete `rows`, InvalidToken if there
        is nothing to complete them to.
        """
        distance = sum(
            version - self._sources[name].trusted(row.part(name)).version
            for row in rows
            for name, version in self._missing(row, wanted[row.key]).items()
        )
        if distance <= MOST_FOLDED:
            return
        for row in rows:
            versions = wanted[row.key]
            for name in behind(row, versions):
                followed = row.part(name).version
                if error := unknown_version(name, versions[name], followed, self._sources):
                    raise error
        raise Unavailable(f"The view is too far behind, by {distance} commits; try again.")


def load_all(asked: Sequence[tuple[Reader, Sequence[str]]], token: Token) -> list[Page]:
    """As `Reader.load`, of several views together.

    AWS calls: 1 per 100 rows that are in DynamoDB, and 1 for each stream that is behind.
    """
    loaded = _rows_of([(reader._editions.current().rows, keys) for reader, keys in asked])
    wanted: list[Wanted] = []
    for reader, keys in asked:
        by_key = wanted_by(token, reader._view)
        wanted.append({key: by_key[key] for key in keys if key in by_key})
    readers = [reader for reader, _ in asked]
    completed = _complete_all(list(zip(readers, loaded, wanted, strict=True)))
    return [
        _page([rows[key] for key in keys], token, Consistency.after(of, commits=commits))
        for (_, keys), of, (rows, commits) in zip(asked, wanted, completed, strict=True)
    ]


def _rows_of(asked: Sequence[tuple[RowReader, Sequence[str]]]) -> list[dict[str, Row]]:
    """The rows of each store. Those of a kind are loaded together."""
    found: list[dict[str, Row]] = [{} for _ in asked]
    for kind in dict.fromkeys(type(rows) for rows, _ in asked):
        here = [n for n, (rows, _) in enumerate(asked) if type(rows) is kind]
        for n, rows in zip(here, kind.load_all([asked[n] for n in here]), strict=True):
            found[n] = rows
    return found


def _complete_all(
    asked: Sequence[tuple[Reader, Mapping[str, Row], Wanted]],
) -> list[tuple[dict[str, Row], int]]:
    """For each reader its rows with their missing commits applied, and the number of these."""
    late = [
        (n, key)
        for n, (_, rows, wanted) in enumerate(asked)
        for key in wanted
        if behind(rows[key], wanted[key])
    ]
    for n, (reader, rows, wanted) in enumerate(asked):
        reader._check_distance([rows[key] for m, key in late if m == n], wanted)

    def complete(one: tuple[int, str]) -> tuple[Row, int]:
        reader, rows, wanted = asked[one[0]]
        return reader._complete(rows[one[1]], wanted[one[1]])

    found = [dict(rows) for _, rows, _ in asked]
    commits = [0] * len(asked)
    for (n, key), (row, applied) in zip(late, at_once(complete, late), strict=True):
        found[n][key] = row
        commits[n] += applied
    return list(zip(found, commits, strict=True))


def _page(rows: Sequence[Row], token: Token, how: Consistency, more: _Spot | None = None) -> Page:
    """Raises Ahead."""
    if strange := [row.key for row in rows if row.unreadable]:
        raise Ahead(f"'{strange[0]}' is kept in a form that this code does not know")
    return Page(rows, Freshness(how, token.having_seen(row.positions for row in rows)), more)


def _is_shown(row: Row) -> bool:
    return row.document is not None or bool(row.parked) or row.unreadable


def _spot(row: Row, name: str) -> _Spot:
    return (row.places[name].sort, row.key)


def _stands_in(row: Row, name: str, partition: str) -> bool:
    place = row.places.get(name)
    return place is not None and place.partition == partition


def _belongs(row: Row, name: str, partition: str, after: _Spot | None, last: _Spot | None) -> bool:
    """Whether `row` belongs on this page of the list: after the page before, before the next."""
    if not _stands_in(row, name, partition):
        return False
    here = _spot(row, name)
    return (after is None or here < after) and (last is None or here >= last)
