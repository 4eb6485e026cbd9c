"""Generations: the copies of a view's rows that there are, and the one that queries see.

A view is rebuilt beside its rows: another generation is made, filled by a walk, and switched to in
one write. Followers keep every live generation up to date until it is dropped, so a query with an
older pointer is still right, and to switch back is one write, too.

What there is of each view is kept in a register, one entry per view. Who follows or answers asks
it every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from cqrs.errors import InvalidCursor, NotFilled, Refused, Unavailable
from cqrs.history.events import Instant
from cqrs.plain import Value, replace
from cqrs.views.rows import Generation, View

__all__ = [
    "CACHE_SECONDS",
    "HEARD_SECONDS",
    "STALE_SECONDS",
    "Cached",
    "Copy",
    "Dropped",
    "Edition",
    "Editions",
    "GenerationStore",
    "Known",
    "NotPossible",
    "editions_of",
]

CACHE_SECONDS = 5  # for which an entry is used without a look
STALE_SECONDS = 60  # for which queries use it if the register is down
HEARD_SECONDS = CACHE_SECONDS + 2
"""After so long every follower knows of a generation that was made: a batch with a commit that was
appended later begins with what the register says then. While the register is down they fail.
"""

R = TypeVar("R", covariant=True)


class NotPossible(Refused):
    """A change of generations that makes no sense as things are."""

    code = "not_possible"


class Copy(Value):
    """A live generation: followers keep it up to date. `filled`: since when it has everything.

    `lists` are those that its rows have places in. `incarnation` is what its store was called when
    it was made: if it is another now, the rows were lost.
    """

    generation: Generation
    made: Instant
    filled: Instant | None = None
    lists: tuple[str, ...] = ()
    incarnation: str = ""


class Dropped(Value):
    """A generation that is not followed any more, and whose rows are not yet deleted."""

    generation: Generation
    at: Instant


class Known(Value):
    """What there is of one view. Queries see the `active` generation, `since` then; `before` is the
    one to switch back to. `newest` has the newest copy that there ever was of each number, as
    names are not used again. `revision` counts the saves; 0 is a view that nobody has registered.
    """

    active: Generation | None = None
    since: Instant | None = None
    before: Generation | None = None
    live: tuple[Copy, ...] = ()
    leftovers: tuple[Dropped, ...] = ()
    newest: tuple[Generation, ...] = ()
    revision: int = 0

    def copy_of(self, generation: Generation | None) -> Copy | None:
        """None if it is not live."""
        return next((copy for copy in self.live if copy.generation == generation), None)

    @property
    def serving(self) -> Copy | None:
        """The active generation, if it has everything."""
        copy = self.copy_of(self.active)
        return copy if copy and copy.filled else None

    def lacks(self, number: int) -> bool:
        """Whether this number is newer than what queries see, and nobody has made it yet."""
        serving = self.serving
        is_newer = serving is not None and serving.generation.number < number
        return is_newer and all(copy.generation.number != number for copy in self.live)

    def unfinished(self, number: int) -> Copy | None:
        """The newest live copy of this number that is not filled."""
        open_ones = [c for c in self.live if c.generation.number == number and not c.filled]
        return max(open_ones, key=lambda copy: copy.generation, default=None)

    def next(self, number: int) -> Generation:
        """The generation to make next of this number."""
        before = [one.copy for one in self.newest if one.number == number]
        return Generation(number, max(before) + 1 if before else 0)

    def active_first(self) -> list[Copy]:
        """The live generations; first the one that queries see, or else the newest."""
        newest_first = sorted(self.live, key=lambda copy: copy.generation, reverse=True)
        return sorted(newest_first, key=lambda copy: copy.generation != self.active)

    # Changes

    def added(self, copy: Copy) -> Known:
        """Raises NotPossible for one that there is, or was."""
        new = copy.generation
        if new < self.next(new.number):
            raise NotPossible(f"There is, or was, a generation {new} already.")
        others = [one for one in self.newest if one.number != new.number]
        return replace(self, live=(*self.live, copy), newest=(*sorted([*others, new]),))

    def filled(self, generation: Generation, at: Instant) -> Known:
        """Queries see it at once if there is nothing else for them. Raises NotPossible."""
        copy = self._live(generation)
        if copy.filled:
            return self
        known = self._with(replace(copy, filled=at))
        return known if known.serving else known.switched(generation, at)

    def switched(self, generation: Generation, at: Instant) -> Known:
        """Raises NotPossible."""
        if not self._live(generation).filled:
            raise NotPossible(f"Generation {generation} is not filled.")
        if generation == self.active:
            return self
        return replace(self, active=generation, since=at, before=self.active)

    def rolled_back(self, at: Instant) -> Known:
        """Raises NotPossible."""
        if self.before is None:
            raise NotPossible("There is no generation to go back to.")
        return self.switched(self.before, at)

    def dropped(self, generation: Generation, at: Instant) -> Known:
        """Without this generation, whose rows are left to be deleted. Raises NotPossible."""
        if generation == self.active:
            raise NotPossible(f"Generation {generation} is the one that queries see.")
        self._live(generation)
        return replace(
            self,
            live=tuple(copy for copy in self.live if copy.generation != generation),
            before=None if self.before == generation else self.before,
            leftovers=(*self.leftovers, Dropped(generation=generation, at=at)),
        )

    def deleted(self, generation: Generation) -> Known:
        """Its rows are gone."""
        left = tuple(one for one in self.leftovers if one.generation != generation)
        return replace(self, leftovers=left)

    def unfilled(self, generation: Generation) -> Known:
        """Its rows were lost. Raises NotPossible."""
        return self._with(replace(self._live(generation), filled=None))

    def remade(self, generation: Generation, incarnation: str) -> Known:
        """The store of its rows was made again, and is to be filled. Raises NotPossible."""
        copy = replace(self._live(generation), filled=None, incarnation=incarnation)
        return self._with(copy)

    def _live(self, generation: Generation) -> Copy:
        copy = self.copy_of(generation)
        if copy is None:
            there = ", ".join(str(copy.generation) for copy in self.live) or "none"
            raise NotPossible(f"Generation {generation} is not live; those that are: {there}.")
        return copy

    def _with(self, changed: Copy) -> Known:
        live = [changed if one.generation == changed.generation else one for one in self.live]
        return replace(self, live=tuple(live))


class GenerationStore(Protocol):
    """The register: what there is of each view."""

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        """The newest entry of each view; one at revision 0 for a view without. One call. Raises
        Unavailable.
        """

    def save(self, name: str, known: Known, revision: int) -> bool:
        """Saves the entry as the next revision, if it is still at this one. Raises Unavailable."""


class Cached:
    """What the register says, for who asks it all the time: one call for all views, every few
    seconds. While it is down, what it said last is good for a while.

    So nobody may delete what a generation had before it was dropped for longer than that.
    """

    def __init__(
        self,
        store: GenerationStore,
        names: Collection[str],
        clock: Callable[[], float] = time.monotonic,
        seconds: float = CACHE_SECONDS,
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        """`names` may grow. `stale_seconds`: for how long it is good while the register is down."""
        self._store = store
        self._names = names
        self._clock = clock
        self._seconds, self._stale_seconds = seconds, stale_seconds
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        self._loaded = self._looked = float("-inf")

    def known(self, name: str) -> Known:
        """Raises Unavailable."""
        return self.everything()[name]

    def everything(self) -> Mapping[str, Known]:
        """Of all views, from one look. Raises Unavailable."""
        with self._lock:  # of those who ask at once, one looks
            now = self._clock()
            stale = now - self._loaded >= STALE_SECONDS
            grown = not self._known.keys() >= set(self._names)
            if stale or grown or now - self._looked >= self._seconds:
                self._look(now)
            return self._known

    def _look(self, now: float) -> None:
        try:
            self._known = self._store.load(sorted(self._names))
        except Unavailable:
            if now - self._loaded >= self._stale_seconds:
                raise
        else:
            self._loaded = now
        self._looked = now


class Edition(Value, Generic[R]):
    """One generation of a view, and the store of its rows. Unless `filled`, any row may be missing;
    those that are there have places in `lists`; None: in all.
    """

    scope: str
    rows: R
    filled: bool = True
    lists: tuple[str, ...] | None = None


class Editions(Generic[R]):
    """The live generations of one view, for who answers from them."""

    def __init__(self, name: str, live: Callable[[], Sequence[Edition[R]]]) -> None:
        """`live` has the one that queries see first, or what there is of it."""
        self.name = name
        self._live = live

    @classmethod
    def of(cls, view: View, rows: Callable[[Any], R], cached: Cached) -> Editions[R]:
        """`rows` makes the store of the rows of `view` at a generation, once for each."""

        @cache
        def made(generation: Generation) -> tuple[str, R]:
            here = view.at(generation)
            return here.scope, rows(here)

        def edition(copy: Copy) -> Edition[R]:
            scope, kept = made(copy.generation)
            return Edition(scope=scope, rows=kept, filled=bool(copy.filled), lists=copy.lists)

        def live() -> list[Edition[R]]:
            known = cached.known(view.name)
            if not known.live:
                scope, kept = made(view.edition)
                return [Edition(scope=scope, rows=kept, filled=False)]
            return [edition(copy) for copy in known.active_first()]

        return cls(view.name, live)

    def current(self) -> Edition[R]:
        """The generation that queries see, or what there is of it. Raises Unavailable."""
        return self._live()[0]

    def serving(self, scope: str | None = None, listed: str | None = None) -> Edition[R]:
        """The generation to answer from: the active one, or the one in which an answer has begun
        that goes on now. `listed` is the list that is asked for.

        Raises NotFilled, Unavailable, and InvalidCursor for a `scope` that is not served any more.
        """
        live = self._live()
        edition = live[0]
        if edition.filled and scope is not None:
            found = [one for one in live if one.scope == scope]
            if not found:
                raise InvalidCursor("This cursor belongs to another list, or the list was rebuilt.")
            edition = found[0]  # if this is not filled, somebody else knows already that it is
        has = edition.lists is None or listed is None or listed in edition.lists
        if not (edition.filled and has):
            raise NotFilled(self.name)
        return edition


def editions_of(view: View, rows: R | Editions[R]) -> Editions[R]:
    """`rows` alone are those of a view that is there once, and has everything."""
    if isinstance(rows, Editions):
        return rows
    only = [Edition(scope=view.scope, rows=rows)]
    return Editions(view.name, lambda: only)
