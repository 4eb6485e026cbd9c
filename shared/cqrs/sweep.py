"""The sweep: walks over the stores and rings the doorbell of every stream a view is behind at.

It finds what no message can: the last commit of a stream whose message was lost and that then fell
silent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cqrs.event_store import EventReader
from cqrs.followers import Follower, Report

__all__ = ["Swept", "sweep"]


@dataclass
class Swept:
    """What a sweep found, with the reports of those that had something to catch up with.

    `cursor` says where to go on; None if the walk came to the end of the store.
    """

    streams: int = 0
    behind: dict[str, int] = field(default_factory=dict)  # streams, by view
    reports: list[tuple[Follower, Report]] = field(default_factory=list)
    cursor: str | None = None


def sweep(
    store: EventReader,
    followers: Sequence[Follower],
    *,
    cursor: str | None = None,
    keep: Callable[[str | None], None] = lambda _: None,
    out_of_time: Callable[[], bool] = lambda: False,
) -> Swept:
    """Walks over `store` from `cursor` until its end, or until `out_of_time` says so.

    After every page `keep` is told where to go on. Raises Unavailable when the store or a view's
    table is down; what was healed by then stays healed.
    """
    swept = Swept(cursor=cursor)
    while True:
        heads = store.heads(swept.cursor)
        swept.streams += len(heads.versions)
        for follower in followers:
            behind = follower.behind(heads.versions)
            if behind:
                name = follower.view.name
                swept.behind[name] = swept.behind.get(name, 0) + len(behind)
                swept.reports.append((follower, follower.catch_up(dict.fromkeys(behind, ()))))
        swept.cursor = heads.cursor
        keep(swept.cursor)
        if swept.cursor is None or out_of_time():
            return swept
