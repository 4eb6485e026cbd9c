"""Walks: whatever must look at every stream, leg by leg, however often it is cut short.

    audit       finds what no message told: lets every view catch up with the streams that have had
                commits since the last audit that was whole
    fill        fills views, from nothing to all that the stores have
    rebuild     fills a generation of a view, and compares its rows with the active ones
    redrive     folds every stream anew, in one view or in all
    drop        deletes the rows of a generation

A leg is a segment of a store. A step takes a leg as far as its time allows, notes how far that is
after every group of streams, and goes on from there the next time. So who is killed loses a group.
Notes are only taken from the step that has read the ones before: two that walk the same leg find
out, and one of them stops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from cqrs.errors import CqrsError
from cqrs.history.event_store import Section
from cqrs.history.events import Instant
from cqrs.history.instants import seconds_between
from cqrs.plain import Value, field
from cqrs.views.rows import Followed

__all__ = [
    "AUDITED",
    "LEASE_SECONDS",
    "Audited",
    "Leg",
    "LostError",
    "Note",
    "Notes",
    "Progress",
    "Run",
    "Ticket",
    "Work",
    "note_of",
]

LEASE_SECONDS = 600  # without a step until others may go on: longer than a step and its repeats

WorkKind = Literal["audit", "fill", "rebuild", "redrive", "drop"]


class LostError(CqrsError):
    """Somebody else goes on with this walk, or has ended it."""

    code = "walk_lost"


class Work(Value):
    """What a walk is for: all views and processes, or those in `targets`, by name (`sales`) or by
    name and generation (`sales#2`). An audit looks at `everything`, or at what is new. `made`: by
    target, what the store of its rows was called when the walk began.
    """

    kind: WorkKind
    targets: tuple[str, ...] = ()
    everything: bool = False
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def purpose(self) -> str:
        """Names the walk: of those with the same purpose there is one at a time."""
        if self.everything:
            return f"{self.kind}/everything"
        if self.kind == "fill" or not self.targets:
            return self.kind
        return f"{self.kind}/{'+'.join(self.targets)}"

    def concerns(self, view: Followed) -> bool:
        return not self.targets or view.name in self.targets or view.scope in self.targets


class Leg(Value):
    """One of the `segments` of a service's store, from 0; of a view's rows, to drop them."""

    of: str
    segment: int = 0
    segments: int = 1

    def section(self, since: Instant | None) -> Section:
        return Section(segment=self.segment, segments=self.segments, since=since)


class Ticket(Value):
    """Lets its holder go on with a walk, until the lease of another one."""

    purpose: str
    number: int
    holder: str


class Run(Value):
    """A walk from its begin to its end. `number` counts those of the same purpose.

    `since`: only streams with commits since then are looked at. `commits` are about as many as
    there were. `beat`: when a step last began. `whole`: when the last one began that left out
    nothing; `first`, when the first of all did. `gave_up`: what it could not do, by view.
    """

    work: Work
    number: int
    holder: str
    began: Instant
    beat: Instant
    legs: tuple[Leg, ...]
    commits: int = 0
    since: Instant | None = None
    ended: Instant | None = None
    whole: Instant | None = None
    first: Instant | None = None
    gave_up: Mapping[str, str] = field(default_factory=dict)

    @property
    def ticket(self) -> Ticket:
        return Ticket(purpose=self.work.purpose, number=self.number, holder=self.holder)

    def is_held(self, moment: Instant) -> bool:
        return self.ended is None and seconds_between(self.beat, moment) < LEASE_SECONDS


class Progress(Value):
    """How far a leg is: `cursor` is the page, `after` the stream on it that was done last.

    `tries` counts the steps that began this page, to find out that it kills them. Then streams are
    taken one at a time, by one view after the other; what is a `suspect` when a step begins has
    killed the last one, and is set `aside`. Both are a view with its generation, and a stream.

    `found` counts by view the streams that were behind, or folded anew; `failed` says by view what
    went wrong. Of a rebuild: rows that are `equal`, or `differing`, in both generations, and those
    that were `skipped` because they were changing.
    """

    number: int
    cursor: str | None = None
    after: str | None = None
    tries: int = 0
    suspect: str | None = None
    done: bool = False
    commits: int = 0
    streams: int = 0
    found: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    equal: int = 0
    skipped: int = 0
    differing: int = 0
    differences: tuple[str, ...] = ()


AUDITED = "audited"
"""The name of the note of what audits have done for each view and process."""


class Audited(Value):
    """A view or process that audits know: since `whole` at the latest nothing of it was left out.
    `number` is that of the last audit that began with it. After a rollback the code knows fewer,
    and what its audits have not looked at is looked at once the newer code is back.
    """

    whole: Instant
    number: int = 0


class Note(Value, kw_only=False):
    """A text, and how often it was saved."""

    text: str
    revision: int


class Notes(Protocol):
    """Where walks keep how far they are."""

    def load(self, names: Sequence[str]) -> dict[str, Note]:
        """The notes that there are, the newest of each. Raises Unavailable."""

    def save(self, name: str, text: str, revision: int) -> bool:
        """Saves a note that is still at `revision`, 0 if there was none. Raises Unavailable."""

    def beginning(self, prefix: str) -> dict[str, Note]:
        """All notes whose names begin so; may lag. Raises Unavailable."""


def note_of(purpose: str, leg: Leg | None = None) -> str:
    """The name of the note of a walk, or of a leg of it."""
    return f"leg/{purpose}/{leg.of}/{leg.segment}" if leg else f"walk/{purpose}"
