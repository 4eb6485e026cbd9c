"""Lag: how far views and processes are behind the stores.

It is counted, from what the stores have and what the rows say, and nothing is written. That takes a
walk over all streams which asks every view for all of its rows: what a sweep costs that finds
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cqrs.follow.followers import Follower
from cqrs.history.event_store import EventReader
from cqrs.plain import Value

__all__ = ["Lag", "Lags", "lags"]


class Lag(Value):
    """Of the `commits` in the streams that a view follows, `behind` are not applied yet, in so many
    `streams`. Those of `parked` streams, which can't go on, are not among them.
    """

    commits: int = 0
    behind: int = 0
    streams: int = 0
    parked: int = 0

    def __add__(self, other: Lag) -> Lag:
        return Lag(
            commits=self.commits + other.commits,
            behind=self.behind + other.behind,
            streams=self.streams + other.streams,
            parked=self.parked + other.parked,
        )


class Lags(Value):
    """The lag of each view, by its name and generation.

    `down` are views and services that could not be asked, and why: what they have is not counted.
    Unless `finished`, there was no time to count it all.
    """

    views: Mapping[str, Lag]
    down: Mapping[str, str]
    finished: bool


def lags(
    stores: Mapping[str, EventReader],
    followers: Sequence[Follower],
    out_of_time: Callable[[], bool] = lambda: False,
) -> Lags:
    """Asks every follower about every stream. `stores` are by service."""
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
                        down[scope] = f"{type(error).__name__}: {error}"
        except Exception as error:
            down[service] = f"{type(error).__name__}: {error}"
    return Lags(views=views, down=down, finished=finished)


def _streams(store: EventReader) -> Iterator[Mapping[str, int]]:
    """The newest version of each stream, once, part by part. Raises Unavailable."""
    heads = store.heads()
    while heads.cursor is not None:
        following = store.heads(heads.cursor)
        # a stream in which a part ends goes on in the next one
        yield {name: v for name, v in heads.versions.items() if name not in following.versions}
        heads = following
    yield heads.versions


def _lag(follower: Follower, heads: Mapping[str, int]) -> Lag:
    parts = follower.parts(heads)
    free = {name: max(0, heads[name] - p.version) for name, p in parts.items() if not p.parked}
    return Lag(
        commits=sum(heads[name] for name in parts),
        behind=sum(free.values()),
        streams=sum(1 for commits in free.values() if commits),
        parked=len(parts) - len(free),
    )
