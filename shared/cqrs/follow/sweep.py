"""The sweep: walks over the stores and rings the doorbell of every stream a view is behind at.

It finds what no message can: the last commit of a stream whose message was lost and that then fell
silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cqrs.follow.followers import Follower, Hints
from cqrs.follow.reports import Report
from cqrs.history.event_store import EventReader
from cqrs.plain import Value

__all__ = ["Swept", "sweep"]


class Swept(Value, kw_only=False):
    """What one page of a walk had, with the reports of the followers that had something to do.

    `behind` counts streams by view; `cursor` says where to go on, None at the end of the store;
    `down` are views that could not be asked or caught up, and why: this walk leaves them alone.
    """

    streams: int
    cursor: str | None
    behind: dict[str, int]
    reports: list[tuple[Follower, Report]]
    down: dict[str, Exception]

    @property
    def failed(self) -> bool:
        """Whether a view has not come as far as the streams of this page."""
        return bool(self.down) or any(report.failed for _, report in self.reports)


def sweep(
    store: EventReader,
    followers: Sequence[Follower],
    *,
    cursor: str | None = None,
    anew: bool = False,
) -> Iterator[Swept]:
    """Walks over `store` from `cursor` to its end, page by page, as long as pages are taken.

    `anew`: every stream is folded anew, behind or not. Raises Unavailable when the store is down;
    what was healed by then stays healed.
    """
    down: dict[str, Exception] = {}
    while True:
        heads = store.heads(cursor)
        found: dict[str, int] = {}
        reports: list[tuple[Follower, Report]] = []
        for follower in (one for one in followers if one.view.name not in down):
            try:
                behind = list(heads.versions) if anew else follower.behind(heads.versions)
                hints: Hints = dict.fromkeys(behind, ())
                if hints:
                    report = (
                        follower.redrive(hints)
                        if anew
                        else follower.catch_up(hints, to_the_end=True)
                    )
                    found[follower.view.name] = len(hints)
                    reports.append((follower, report))
            except Exception as error:  # whatever it is, the other views must have their turn
                down[follower.view.name] = error
        yield Swept(len(heads.versions), heads.cursor, found, reports, dict(down))
        if heads.cursor is None:
            return
        cursor = heads.cursor
