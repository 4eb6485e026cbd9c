"""What is done with generations of views: they are made, filled, switched to, compared, dropped.

    survey(view)               what the view needs; whatever was lost is found here
    make(view)                 makes the next generation, which followers keep from then on
    ... a walk over the stores lets its follower catch up with every stream ...
    filled(view, generation)   it has everything
    compare(view, generation, follower, streams)    whether its rows are those that queries see
    switch(view, generation)   queries see it
    rollback(view)             they see the one before again
    drop(view, generation)     nobody follows it any more
    delete(view, generation)   deletes its rows, part by part

Each change is one conditional write to the register; who lost a race tries again. Refused with
NotPossible is what makes no sense as things are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Literal, Protocol

from cqrs import plain
from cqrs.errors import Conflict
from cqrs.follow.followers import Follower
from cqrs.history.commits import category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import Instant
from cqrs.history.instants import later, now
from cqrs.plain import Json, Value, field, replace
from cqrs.views.filling import Fillable
from cqrs.views.generations import (
    CACHE_SECONDS,
    HEARD_SECONDS,
    STALE_SECONDS,
    Copy,
    GenerationStore,
    Known,
    NotPossible,
)
from cqrs.views.rows import Document, Generation, Row, RowStore, View

__all__ = ["Compared", "Generations", "Kept", "Survey", "difference", "misses"]

ATTEMPTS = 6
ON_ITS_WAY_SECONDS = 300  # in which a row of a stream that has begun need not be there yet
LOOKED_AT = 20  # streams that have no row
MAX_VALUE, MAX_DIFFERENCE = 60, 500  # characters of what is told
LONGEST_SECONDS = 900  # of an invocation
LEFT_ALONE_SECONDS = LONGEST_SECONDS + STALE_SECONDS
"""For so long somebody may know nothing of a change: a pointer is that old, and an invocation uses
the one that it began with. A step of a walk would write rows again after they were deleted.
"""


class Kept(RowStore, Fillable, Protocol):
    """The store of the rows of one generation."""


class Survey(Value):
    """What a view needs, and what there is of it.

    `first`: queries are refused until something is filled. `changed`: the code has a newer
    generation than queries see, and it is not there yet.
    """

    needs: Literal["nothing", "first", "changed"]
    known: Known


class Compared(Value):
    """Rows of two generations: so many are equal; those that differ, by key, with what both show.

    Rows that stand at other versions of their streams in one than in the other, or that are parked,
    are skipped.
    """

    equal: int = 0
    differ: Sequence[tuple[str, Document | None, Document | None]] = field(default_factory=list)
    skipped: int = 0


class Generations:
    """The generations of some views."""

    def __init__(
        self,
        views: Sequence[View],
        kept: Callable[[View], Kept],
        store: GenerationStore,
        *,
        misses: Callable[[View], bool] = lambda view: False,
        clock: Callable[[], Instant] = now,
        heard_seconds: float = HEARD_SECONDS,
        patience_seconds: float = LEFT_ALONE_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`kept` makes the store of the rows of a view at a generation. `misses` says whether rows
        that are not there should be: it is asked of a store that is known to be empty.
        `heard_seconds`: how long followers may know nothing of a change, `patience_seconds`:
        anybody.
        """
        self.views = {view.name: view for view in views}
        self.kept = kept
        self._store = store
        self._misses = misses
        self._clock = clock
        self.heard_seconds = heard_seconds
        self._patience_seconds = patience_seconds
        self._pause = pause

    def known(self, view: View) -> Known:
        """Raises Unavailable."""
        return self._store.load([view.name])[view.name]

    def survey(self, view: View) -> Survey:
        """Looks at the rows of every live generation. Where they were lost their store is made
        again, as its follower would fail without it, and is to be filled. Raises Unavailable.
        """
        known = self.register(view)
        for copy in known.live:
            if self._is_lost(view, copy):
                known = self._made_again(view, copy)
        if not known.serving:
            return Survey(needs="first", known=known)
        changed = known.lacks(view.edition.number)
        return Survey(needs="changed" if changed else "nothing", known=known)

    def register(self, view: View) -> Known:
        """What is known of the view. One that older code has filled, which knew of no register, is
        registered as it is. Raises Unavailable.
        """
        known = self.known(view)
        if known.revision:
            return known
        for number in range(view.edition.number, 0, -1):
            generation = Generation(number)
            state = self.kept(view.at(generation)).state()
            if state.filled and state.condition != "missing":
                copy = self._copy(view, generation, state.made)
                return self._change(view, partial(_as_filled_before, copy))
        return known

    def make(self, view: View) -> Generation:
        """The generation that is to be filled: a new one, or one that was made and is not filled.
        It has the number in the code; a further copy has that too. Raises Unavailable.
        """
        known = self.register(view)
        number = view.edition.number
        unfinished = known.unfinished(number)
        generation = unfinished.generation if unfinished else known.next(number)
        made = self.kept(view.at(generation)).create().made

        def change(found: Known) -> Known:
            copy = found.copy_of(generation)
            if copy is None:
                return found.added(self._copy(view, generation, made))
            if copy.filled or copy.incarnation == made:
                return found
            return found.remade(generation, made)

        self._change(view, change)
        return generation

    def followed(self, view: View, generation: Generation) -> bool:
        """Whether every follower has heard of it, so that a walk which begins now misses nothing.
        The first one of a view is followed before it is registered.
        """
        known = self.known(view)
        copy = known.copy_of(generation)
        alone = len(known.live) == 1 and generation == view.edition
        return copy is not None and (alone or self._is_past(copy.made, self.heard_seconds))

    def filled(self, view: View, generation: Generation, *, made: str | None = None) -> None:
        """Queries see it now if there is nothing else that they can see. `made`: what the store of
        its rows was called when the walk that has filled it began.

        Raises NotPossible also if its rows were lost since then, or since it was made.
        """
        there = self.kept(view.at(generation)).state().made

        def change(known: Known) -> Known:
            copy = known.copy_of(generation)
            if copy and not copy.incarnation == there == (made or there):
                raise NotPossible(f"The rows of {view.name}#{generation} were lost meanwhile.")
            return known.filled(generation, self._clock())

        self._change(view, change)

    def switch(self, view: View, generation: Generation) -> None:
        self._change(view, lambda known: known.switched(generation, self._clock()))

    def rollback(self, view: View) -> None:
        self._change(view, lambda known: known.rolled_back(self._clock()))

    def drop(self, view: View, generation: Generation) -> None:
        self._change(view, lambda known: known.dropped(generation, self._clock()))

    def delete(self, view: View, generation: Generation, cursor: str | None = None) -> str | None:
        """Deletes rows of a dropped generation, from `cursor` on. Returns where to go on; None when
        all are gone. Raises NotPossible as long as somebody may still use them.
        """
        known = self.known(view)
        if known.copy_of(generation):
            raise NotPossible(f"{view.name}#{generation} was not dropped.")
        left = [one for one in known.leftovers if one.generation == generation]
        if not left:
            return None
        if not self._is_past(left[0].at, self._patience_seconds):
            raise NotPossible(f"{view.name}#{generation} was dropped only just now: try again.")
        cursor = self.kept(view.at(generation)).delete(cursor)
        if cursor is None:
            self._change(view, lambda known: known.deleted(generation))
        return cursor

    def next(self, view: View) -> Generation:
        """The generation to rebuild into: one that was made for it and that queries do not see yet,
        or else a new one. Raises Unavailable.
        """
        known = self.register(view)
        made = [copy.generation for copy in known.live]
        newer = [one for one in made if known.active is None or one > known.active]
        own = [one for one in newer if one.number == view.edition.number]
        return max(own) if own else self.make(view)

    def to_delete(self, view: View) -> list[Generation]:
        """Dropped generations whose rows nobody uses any more."""
        return [
            left.generation
            for left in self.known(view).leftovers
            if self._is_past(left.at, self._patience_seconds)
        ]

    def compare(
        self, view: View, new: Generation, follower: Follower, streams: Iterable[str]
    ) -> Compared:
        """Compares the rows of streams with those that queries see, once all their other streams
        are followed as far: what both show, and where it stands in the lists that both have. Only
        rows with a stream of the view's first category are compared, so each is counted once.
        `follower` is that of the generation `new`.

        Raises NotPossible if that is not live. Calls: one of the register, and one for the rows of
        each generation; those that lag are loaded again.
        """
        first = view.folds[0].category
        keys = sorted({view.key_of(name) for name in streams if category_of(name) == first})
        known = self.known(view)
        if not keys or known.serving is None:
            return Compared()
        old, copy = known.serving, known.copy_of(new)
        if copy is None:
            raise NotPossible(f"{view.name}#{new} is not live.")
        lists = set(old.lists).intersection(copy.lists)
        before = self.kept(view.at(old.generation)).load(keys)
        rows = self.kept(view.at(new))
        after = dict(rows.load(keys))
        if late := [key for key in keys if _lags(after[key], before[key])]:
            follower.catch_up({name: () for key in late for name in _versions(before[key])})
            after |= rows.load(late)
        equal, skipped = 0, 0
        differ: list[tuple[str, Document | None, Document | None]] = []
        for key in keys:
            one, other = before[key], after[key]
            if _versions(one) != _versions(other) or one.parked or other.parked:
                skipped += 1
            elif _seen(one, lists) == _seen(other, lists):
                equal += 1
            else:
                differ.append((key, one.document, other.document))
        return Compared(equal=equal, differ=differ, skipped=skipped)

    def _is_lost(self, view: View, copy: Copy) -> bool:
        here = view.at(copy.generation)
        state = self.kept(here).state()
        if state.condition == "missing" or state.made != copy.incarnation:
            return True
        return bool(copy.filled) and state.condition == "empty" and self._misses(here)

    def _made_again(self, view: View, copy: Copy) -> Known:
        if copy.filled:
            # what is there again, but not filled, must not be taken for what was lost
            known = self._change(view, partial(_unfilled, copy))
            copy = replace(copy, filled=None)
            if known.copy_of(copy.generation) != copy:
                return known
            self._pause(CACHE_SECONDS)
        made = self.kept(view.at(copy.generation)).create().made
        return self._change(view, partial(_remade, copy, made))

    def _copy(self, view: View, generation: Generation, made: str) -> Copy:
        lists = tuple(sorted(view.lists))
        return Copy(generation=generation, made=self._clock(), lists=lists, incarnation=made)

    def _is_past(self, time: Instant, seconds: float) -> bool:
        return later(time, seconds) <= self._clock()

    def _change(self, view: View, change: Callable[[Known], Known]) -> Known:
        """What is known after `change`. Raises Unavailable, and Conflict."""
        for _ in range(ATTEMPTS):
            known = self.known(view)
            changed = change(known)
            if changed == known or self._store.save(view.name, changed, known.revision):
                return changed
        raise Conflict(view.name, ATTEMPTS)


def _as_filled_before(copy: Copy, known: Known) -> Known:
    return known if known.revision else known.added(copy).filled(copy.generation, copy.made)


def _unfilled(copy: Copy, known: Known) -> Known:
    """Unless somebody has changed it since."""
    if known.copy_of(copy.generation) != copy:
        return known
    return known.unfilled(copy.generation)


def _remade(copy: Copy, made: str, known: Known) -> Known:
    """Unless somebody has changed it since."""
    if known.copy_of(copy.generation) != copy:
        return known
    return known.remade(copy.generation, made)


def _versions(row: Row) -> dict[str, int]:
    return {stream: version for stream, version in row.positions.items() if version}


def _lags(row: Row, other: Row) -> bool:
    """Whether it can be brought on to where the other stands."""
    parts = {name: row.part(name) for name in _versions(other)}
    return any(p.version < other.positions[n] and not p.is_parked for n, p in parts.items())


def _seen(row: Row, lists: Iterable[str]) -> object:
    places = {name: row.places[name] for name in lists if name in row.places}
    return row.document, places


def misses(
    follower: Follower, stores: Mapping[str, EventReader], clock: Callable[[], Instant] = now
) -> bool:
    """Whether a view without rows lacks some. What is counted lags behind what was saved; rows that
    are asked for by key do not. A stream that began just now is on its way to them: the first one
    of all would otherwise look like a loss. `stores` are by service.
    """
    services = sorted({fold.events.context for fold in follower.view.folds})
    return any(_misses_of(follower, stores[service], clock()) for service in services)


def _misses_of(follower: Follower, store: EventReader, at: Instant) -> bool:
    for stream in follower.behind(_some_heads(store))[:LOOKED_AT]:
        (first,) = store.read(stream, limit=1)
        if later(first.envelope.time, ON_ITS_WAY_SECONDS) <= at:
            return True
    return False


def _some_heads(store: EventReader) -> Mapping[str, int]:
    """The first that a walk finds; none if the store has none."""
    heads = store.heads()
    while heads.cursor and not heads.versions:
        heads = store.heads(heads.cursor)
    return heads.versions


def difference(key: str, old: Document | None, new: Document | None) -> str:
    """What differs between two documents, by field, in a line."""
    if old is None or new is None:
        return f"{key}: {_short(old)} -> {_short(new)}"
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = (f"{name} {_short(old.get(name))} -> {_short(new.get(name))}" for name in names)
    return f"{key}: {'; '.join(told) or 'stands elsewhere in a list'}"[:MAX_DIFFERENCE]


def _short(value: Json | Document) -> str:
    text = plain.to_json(value)
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}..."
