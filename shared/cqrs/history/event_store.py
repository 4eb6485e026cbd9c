"""The port of the event store, and what every implementation guarantees.

A stream is the history of one aggregate. A commit is appended directly after the version that its
decision was based on, or not at all. Nothing is ever changed or removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cqrs.errors import CqrsError
from cqrs.history.commits import Commit
from cqrs.history.events import Instant
from cqrs.history.guards import Claim, Guard
from cqrs.plain import Value

__all__ = [
    "WHOLE",
    "AppendConflict",
    "EventReader",
    "EventStore",
    "GuardTaken",
    "Heads",
    "Section",
    "Size",
    "Stored",
]


class AppendConflict(CqrsError):
    """Another commit, the `winner`, has the version already."""

    code = "append_conflict"
    retryable = True

    def __init__(self, winner: Commit) -> None:
        super().__init__(f"{winner} exists")
        self.winner = winner


class GuardTaken(CqrsError):
    """The commit `version` of `stream` holds already what a commit claims."""

    code = "guard_taken"

    def __init__(self, claim: Claim, stream: str, version: int) -> None:
        super().__init__(f"{claim.kind} is held by {stream}@{version}")
        self.claim, self.stream, self.version = claim, stream, version


class Stored(Value, kw_only=False):
    """A commit, and what was stored beside it: the id of its command, perhaps the state after it as
    a `snapshot`, and perhaps ids of `earlier` commands.
    """

    commit: Commit
    command_id: str
    snapshot: str | None = None
    earlier: str | None = None


class Section(Value):
    """The part of a store that a walk is over: one of so many `segments`, of about the same size;
    and only streams with commits since then.

    Time is that of the commits, by the clocks of the functions that decided on them.
    """

    segment: int = 0
    segments: int = 1
    since: Instant | None = None


WHOLE = Section()


class Heads(Value, kw_only=False):
    """One page of a walk over streams: the newest version of each stream on it.

    `cursor` gives the next page; None after the last one. `commits` is how many were looked at.
    """

    versions: Mapping[str, int]
    cursor: str | None
    commits: int = 0


class Size(Value):
    """About how much is in a store. DynamoDB counts every six hours."""

    commits: int
    bytes: int


class EventReader(Protocol):
    """Reads from an event store. They are consistent: every append acknowledged before is seen."""

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        """The commits of `stream` after a version, in order; all of them, or the first `limit`."""

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        """One page of a walk over the streams of a section. A stream is on the page where its
        newest version was found; so a page may be empty, if one long stream fills it and goes on.
        With `since`, a stream may be on two pages.
        """

    def size(self) -> Size: ...


class EventStore(EventReader, Protocol):
    def load(self, stream: str, limit: int | None = None) -> Sequence[Stored]:
        """The last commits of `stream`, newest first; all of them, or so many in one call."""

    def room(self, commit: Commit, command_id: str) -> int:
        """How many bytes may be stored beside a commit at no charge."""

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        """Appends `commit` and claims or releases its `guards`, all or nothing.

        Raises AppendConflict if its version exists; else GuardTaken if any commit holds a claim;
        TooLarge. What goes beside it is left out if the commit would be too large with it.
        """

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        """The stream and version of the commit that holds `claim`; None if nobody does."""
