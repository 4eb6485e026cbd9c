"""The streams that feed a view, as a row follows them: one stream at a time, and purely."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cqrs.discretion import said, traced
from cqrs.errors import Ahead, Unavailable, Unreadable
from cqrs.history.commits import CATEGORY, Commit, category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher, EventCodec, Instant
from cqrs.history.instants import now
from cqrs.plain import Value, replace
from cqrs.views.rows import Fold, Followed, ParkedAt, Part, Row, load_state, part_with

__all__ = ["ERROR_LENGTH", "Advance", "Source", "Sources", "reason_of"]

ERROR_LENGTH = 500
TRACE_LENGTH = 2_000


class Advance(Value, kw_only=False):
    """How a part went on: from `base`, by `commits`, to `part`, which may be parked there.

    `earlier`: so many commits were folded before `base`. `taken`: so many had to be read from the
    store. `more`: it has more than were taken. `waits`: it is parked as it was before, ahead of
    this code. `cause`: what parked it now.
    """

    base: Part
    part: Part
    commits: Sequence[Commit] = ()
    earlier: int = 0
    taken: int = 0
    more: bool = False
    waits: bool = False
    cause: Exception | None = None

    @property
    def applied(self) -> int:
        return self.earlier + len(self.commits)


class Source:
    """Follows one stream for one view: the pure part of following."""

    def __init__(
        self,
        name: str,
        fold: Fold[Any, Any],
        codec: EventCodec,
        clock: Callable[[], Instant] = now,
    ) -> None:
        self.name = name
        self._fold = fold
        self._codec = codec
        self._clock = clock

    def can_read(self, part: Part) -> bool:
        """Whether this code can read the state, which other code may have saved."""
        try:
            load_state(self._fold, part)
        except Unreadable:
            return False
        return True

    def trusted(self, part: Part) -> Part:
        """`part`, or the empty one if its state can't be read: it is only a cache of the store."""
        return part if self.can_read(part) else Part()

    def apply(self, part: Part, *commits: Commit) -> Part:
        """`part` after the next commits, whose state is loaded and dumped once. Raises whatever the
        fold raises, and Unreadable.
        """
        if not commits:
            return part
        state, version, evolve = load_state(self._fold, part), part.version, self._fold.evolve
        for commit in commits:
            if commit.stream != self.name or commit.version != version + 1:
                raise Unreadable(f"{commit} does not follow {self.name}@{version}")
            for recorded in commit.events(self._codec):
                state = evolve(state, recorded)
            version = commit.version
        return part_with(self._fold, version, state)

    def apply_all(self, part: Part, commits: Sequence[Commit]) -> tuple[Part, Exception | None]:
        """`part` after all of `commits`, or parked at the first that can't be applied, and why.

        Raises Unavailable when it can't be told for now, as when a cipher's keys are out of reach.
        """
        try:
            return self.apply(part, *commits), None
        except Unavailable:
            raise
        except Exception:  # one of them is bad: which one shows when they are taken one at a time
            return self._one_by_one(part, commits)

    def _one_by_one(self, part: Part, commits: Sequence[Commit]) -> tuple[Part, Exception | None]:
        for commit in commits:
            try:
                part = self.apply(part, commit)
            except Unavailable:
                raise
            except Exception as error:  # whatever a fold raises, only its own stream stops
                return self.parked(part, commit.version, error), error
        return part, None

    def parked(self, part: Part, version: int, error: Exception | str) -> Part:
        """`part`, which can't go on to `version`."""
        ahead = isinstance(error, Ahead)
        mark = ParkedAt(
            version=version,
            error=reason_of(error),
            at=self._clock(),
            cause="ahead" if ahead else "error",
            trace=None if ahead else _trace_of(error),
        )
        return replace(part, parked=mark)

    def paused(self, part: Part, before: ParkedAt | None) -> Part:
        """`part`, which goes on later, as it did `before`."""
        at = before.at if before and before.cause == "long" else self._clock()
        reason = "it has more commits than are taken at once"
        return replace(
            part, parked=ParkedAt(version=part.version + 1, error=reason, at=at, cause="long")
        )


class Sources:
    """The streams that feed a view. `stores` are by the category of the streams in them."""

    def __init__(
        self,
        view: Followed,
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
        clock: Callable[[], Instant] = now,
    ) -> None:
        _check(view)
        missing = {fold.category for fold in view.folds} - stores.keys()
        if missing:
            raise ValueError(f"{view.name} needs the stores of {sorted(missing)} too")
        self._view = view
        self._stores = stores
        self._codecs = {fold.category: EventCodec(fold.events, cipher) for fold in view.folds}
        self._clock = clock

    def __contains__(self, name: str) -> bool:
        return self._view.fold_of(name) is not None

    def __getitem__(self, name: str) -> Source:
        fold = self._view.fold_of(name)
        if fold is None:
            raise KeyError(f"{self._view.name} does not follow {name}")
        return Source(name, fold, self._codecs[fold.category], self._clock)

    def unreadable(self, row: Row) -> list[str]:
        """The streams whose part of `row` this code can't read. It can't be shown beside those."""
        parts = {name: part for name, part in row.parts.items() if name in self}
        return [name for name, part in parts.items() if not self[name].can_read(part)]

    def tail(self, name: str, after: int, limit: int) -> Sequence[Commit]:
        """The first `limit` commits that the store has of a stream after a version, however new.
        Raises Unavailable.
        """
        return self._stores[category_of(name)].read(name, after, limit)


def _check(view: Followed) -> None:
    """Raises ValueError for folds of which a stream could not find the one that is meant."""
    categories = [fold.category for fold in view.folds]
    for category in categories:
        if not re.fullmatch(CATEGORY, category):
            raise ValueError(
                f"{view.name} folds '{category}', and no stream can be of it: a category is what "
                f"stands before the first '-', {CATEGORY}"
            )
        if categories.count(category) > 1:
            raise ValueError(
                f"{view.name} has several folds of '{category}': make it one, which remembers all"
            )


def reason_of(error: Exception | str) -> str:
    text = error if isinstance(error, str) else said(error)
    return _unicode(text[:ERROR_LENGTH])


def _trace_of(error: Exception | str) -> str | None:
    """The end of the traceback, if there is one."""
    if isinstance(error, str) or not error.__traceback__:
        return None
    return _unicode(traced(error)[-TRACE_LENGTH:])


def _unicode(text: str) -> str:
    """`text` without half surrogate pairs, which no store takes."""
    return text.encode(errors="replace").decode()
