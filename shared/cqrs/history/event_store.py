"""The event store: what every follower and every command can rely on.

One stream is the history of one aggregate. A commit is appended at the version after the one that
the decision was made on, or not at all; nothing is ever changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from cqrs.errors import CqrsError
from cqrs.history.commits import Commit
from cqrs.history.guards import Claim, Guard
from cqrs.plain import Value

__all__ = ["AppendConflict", "EventReader", "EventStore", "GuardTaken", "Heads", "History"]

S = TypeVar("S")


class AppendConflict(CqrsError):
    """The version is taken. `winner` is the commit that has it."""

    code = "append_conflict"
    retryable = True

    def __init__(self, winner: Commit) -> None:
        super().__init__(f"{winner} exists")
        self.winner = winner


class GuardTaken(CqrsError):
    """What a commit claims is held already: by the commit `version` of `stream`."""

    code = "guard_taken"

    def __init__(self, claim: Claim, stream: str, version: int) -> None:
        super().__init__(f"{claim.kind} is held by {stream}@{version}")
        self.claim, self.stream, self.version = claim, stream, version


class History(Value, Generic[S], kw_only=False):
    """What a stream's state follows from: the newest usable snapshot, and the commits after it in
    order.

    `version` is the stream's; 0 when it has no commits.
    """

    snapshot: S | None
    commits: Sequence[Commit]
    version: int


class Heads(Value, kw_only=False):
    """A part of a walk over all streams: the newest version of each stream seen, and where to go
    on.

    `cursor` is None at the end of the walk.
    """

    versions: Mapping[str, int]
    cursor: str | None


class EventReader(Protocol):
    """Reads are consistent: they see every append that was acknowledged before."""

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        """The commits of `stream` after a version, in order."""

    def heads(self, cursor: str | None = None) -> Heads:
        """A part of a walk over all streams. A stream may come up in two parts of one walk; the
        later part has its newest version.
        """


class EventStore(EventReader, Protocol):
    def load(self, stream: str, limit: int, open_snapshot: Callable[[str], S | None]) -> History[S]:
        """The end of a stream, back to the newest snapshot that `open_snapshot` can use.

        One call if that is among the last `limit` commits, or the stream is no longer than that.
        """

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
    ) -> None:
        """Appends `commit` and takes or gives up its `guards`, all or nothing.

        Raises AppendConflict if its version is taken, else GuardTaken if a claim is held, by
        whichever commit. `snapshot` is the state after this commit; it is left out if the commit
        would get too large. Raises TooLarge if the commit alone is.
        """
