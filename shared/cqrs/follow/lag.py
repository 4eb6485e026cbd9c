"""Lag: how far views and processes are behind the stores.

It is counted from the versions in the stores and the positions in the rows; nothing is written.
This walks over all streams and loads all rows of every view: it costs as much as a sweep that finds
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cqrs.discretion import said
from cqrs.follow.followers import Follower
from cqrs.history.commits import category_of
from cqrs.history.event_store import EventReader
from cqrs.plain import Value

__all__ = ["Lag", "Lags", "lags"]


class Lag(Value):
    """A view has `rows` (with a stream of its first category), and has not applied `behind` of the
    `commits` in its streams; they are in so many
    `streams`. Streams that are `parked` can't go on, for now or until somebody has seen to it,
    and are not counted as behind.
    """

    commits: int = 0
    behind: int = 0
    streams: int = 0
    parked: int = 0
    rows: int = 0

    def __add__(self, other: Lag) -> Lag:
        return Lag(
            commits=self.commits + other.commits,
            behind=self.behind + other.behind,
            streams=self.streams + other.streams,
            parked=self.parked + other.parked,
            rows=self.rows + other.rows,
        )


class Lags(Value):
    """The lag of each view, by its name and generation.

    `down` names views and services that could not be asked, and why; they are not counted. Unless
    `finished`, time ran out before all was counted.
    """

    views: Mapping[str, Lag]
    down: Mapping[str, str]
    finished: bool


def lags(
    stores: Mapping[str, EventReader],
    followers: Sequence[Follower],
    out_of_time: Callable[[], bool] = lambda: False,
) -> Lags:
    """Counts for every follower. `stores` are by service."""
    views = {follower.view.scope: Lag() for follower in followers}
    down: dict[str, str] = {}
    finished = True
    for service, store in stores.items():
        try:
            for heads in _streams(store):
                if out_of_time():
                    finished = False
                    break
                for follower in followers:
                    scope = follower.view.scope
                    try:
                        views[scope] += Lag() if scope in down else _lag(follower, heads)
                    except Exception as error:  # whatever it is, the others are counted
                        down[scope] = said(error)
        except Exception as error:
            down[service] = said(error)
    return Lags(views=views, down=down, finished=finished)


def _streams(store: EventReader) -> Iterator[Mapping[str, int]]:
    """The newest version of each stream, once, part by part. Raises Unavailable."""
    heads = store.heads()
    yield heads.versions
    while heads.cursor is not None:
        heads = store.heads(heads.cursor)
        yield heads.versions


def _lag(follower: Follower, heads: Mapping[str, int]) -> Lag:
    parts = follower.parts(heads)
    first = follower.view.folds[0].category
    free = {name: max(0, heads[name] - p.version) for name, p in parts.items() if not p.is_parked}
    return Lag(
        commits=sum(heads[name] for name in parts),
        behind=sum(free.values()),
        streams=sum(1 for commits in free.values() if commits),
        parked=len(parts) - len(free),
        rows=sum(1 for name, p in parts.items() if p.version and category_of(name) == first),
    )
