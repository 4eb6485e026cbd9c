"""Rosters: the followers that there are just now, one for each live generation of each view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cqrs.follow.followers import Follower
from cqrs.views.generations import Cached
from cqrs.views.rows import View

__all__ = ["Roster", "by_name"]


class Roster:
    """The followers of all live generations of some views, the active ones first. A view that
    nobody has registered yet is followed in the generation that its code says.
    """

    def __init__(
        self, views: Sequence[View], build: Callable[[View], Follower], cached: Cached
    ) -> None:
        self._views = views
        self._build = build
        self._cached = cached
        self._built: dict[str, Follower] = {}

    def __iter__(self) -> Iterator[Follower]:
        """Raises Unavailable."""
        known = self._cached.everything()
        for view in self._views:
            live = known[view.name].active_first()
            for edition in [copy.generation for copy in live] or [view.edition]:
                yield self.follower(view.at(edition))

    def follower(self, view: View) -> Follower:
        """The follower of a view at some generation: built once, and kept."""
        if view.scope not in self._built:
            self._built[view.scope] = self._build(view)
        return self._built[view.scope]


def by_name(followers: Iterable[Follower]) -> dict[str, Follower]:
    """Each under the name of its view. Where a view has several generations the first has that
    name, and others go by name and generation.
    """
    found: dict[str, Follower] = {}
    for follower in followers:
        name = follower.view.name
        found[follower.view.scope if name in found else name] = follower
    return found
