"""The sweep: walks over the stores and rings the doorbell of every stream a view is behind at.

It finds what no message can: the last commit of a stream whose message was lost and that then fell
silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cqrs.follow.followers import Follower, Report
from cqrs.history.event_store import EventReader

__all__ = ["Swept", "sweep"]


@dataclass(frozen=True)
class Swept:
    """What one page of a walk had, with the reports of the followers that had something to do.

    `behind` counts streams by view; `cursor` says where to go on, None at the end of the store;
    `down` are views whose rows could not be asked, and why: this walk leaves them alone.
    """

    streams: int
    cursor: str | None
    behind: dict[str, int] = field(default_factory=dict)
    reports: list[tuple[Follower, Report]] = field(default_factory=list)
    down: dict[str, str] = field(default_factory=dict)

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
    down: dict[str, str] = {}
    while True:
        heads = store.heads(cursor)
        swept = Swept(len(heads.versions), heads.cursor, down=down)
        for follower in (one for one in followers if one.view.name not in down):
            try:
                behind = list(heads.versions) if anew else follower.behind(heads.versions)
            except Exception as error:  # whatever it is, the other views must have their turn
                down[follower.view.name] = f"{type(error).__name__}: {error}"
                continue
            if behind:
                report = (
                    follower.redrive(behind)
                    if anew
                    else follower.catch_up(dict.fromkeys(behind, ()))
                )
                swept.behind[follower.view.name] = len(behind)
                swept.reports.append((follower, report))
        yield swept
        cursor = heads.cursor
        if cursor is None:
            return
