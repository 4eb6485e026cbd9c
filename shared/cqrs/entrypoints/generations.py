"""The generations of views, for who asks for them by name: what there is, what a view needs, and
what a rebuild would take.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import ceil
from typing import Any

from cqrs.entrypoints.parts import each
from cqrs.follow.estimates import COMMITS_PER_STREAM, Limits, Walked, rebuild
from cqrs.follow.followers import Follower
from cqrs.follow.generations import Compared, Generations
from cqrs.follow.walks import Run
from cqrs.history.event_store import EventReader
from cqrs.observability import logger
from cqrs.views.generations import Known, NotPossible
from cqrs.views.rows import Generation, View

__all__ = ["ViewsToRebuild", "generation_of", "require"]

Told = dict[str, Any]


class ViewsToRebuild:
    """Raises NotPossible for a view that there is not, and a generation that is none."""

    def __init__(
        self, generations: Generations, stores: Mapping[str, EventReader], limits: Limits
    ) -> None:
        """`stores` are by service."""
        self._generations = generations
        self._stores = stores
        self._limits = limits

    def told(self, name: str) -> Told:
        view = self._generations.views[name]
        known = self._generations.known(view)
        number = view.edition.number
        return {**_known(known), "code": str(number), "changed": known.lacks(number)}

    def price(self, name: str) -> Told:
        view = self.named(name)
        services = [fold.events.context for fold in view.folds]
        sizes = {service: self._stores[service].size() for service in sorted(set(services))}
        stores = [
            Walked(
                size=size,
                streams=ceil(size.commits / COMMITS_PER_STREAM),
                compared=int(service == services[0]),
            )
            for service, size in sizes.items()
        ]
        estimate = rebuild(stores, self._limits)
        return {
            "commits": sum(size.commits for size in sizes.values()),
            "minutes": ceil(estimate.seconds / 60),
            "dollars": round(estimate.dollars, 2),
        }

    def compare(self, follower: Follower, streams: Sequence[str]) -> Compared:
        view, generation = self.scoped(follower.view.scope)
        return self._generations.compare(view, generation, follower, streams)

    def delete(self, scope: str, cursor: str | None) -> str | None:
        view, generation = self.scoped(scope)
        return self._generations.delete(view, generation, cursor)

    def scoped(self, scope: str) -> tuple[View, Generation]:
        name, _, label = scope.partition("#")
        return self.named(name), generation_of(label)

    def named(self, name: str) -> View:
        require(name, self._generations.views)
        return self._generations.views[name]

    def needs(self, name: str) -> Told:
        """`refused`: queries are, until this is filled."""
        view = self._generations.views[name]
        survey = self._generations.survey(view)
        refused = []
        if survey.needs == "first":
            lost = survey.known.copy_of(survey.known.active)
            generation = lost.generation if lost else self._generations.make(view)
            refused = [view.at(generation).scope]
        known = self._generations.known(view)
        unfilled = {
            view.at(copy.generation).scope: copy.incarnation
            for copy in known.live
            if not copy.filled and self._generations.followed(view, copy.generation)
        }
        to_delete = [view.at(one).scope for one in self._generations.to_delete(view)]
        return {
            "unfilled": unfilled,
            "refused": refused,
            "to_delete": to_delete,
            "changed": survey.needs == "changed",
        }

    def have_filled(self, run: Run) -> None:
        def have_filled(scope: str) -> Told:
            view, generation = self.scoped(scope)
            try:
                made = run.work.made.get(scope)
                self._generations.filled(view, generation, made=made)
            except NotPossible as lost:  # the next look finds out what it needs now
                logger().warning("not filled", view=scope, why=str(lost))
            return {}

        each(sorted(set(run.work.targets) - run.gave_up.keys()), have_filled)


def _known(known: Known) -> Told:
    live = [
        {
            "generation": str(copy.generation),
            "made": copy.made,
            "filled": copy.filled,
        }
        for copy in known.live
    ]
    return {
        "active": str(known.active) if known.active else None,
        "since": known.since,
        "before": str(known.before) if known.before else None,
        "live": live,
    }


def generation_of(label: str) -> Generation:
    try:
        return Generation.parse(label)
    except ValueError:
        raise NotPossible(f"'{label}' is no generation, as 2 is, or 2.1.") from None


def require(view: str, known: Collection[str]) -> None:
    if view not in known:
        there_are = ", ".join(dict.fromkeys(known))
        raise NotPossible(f"There is no view or process '{view}'; there are {there_are}.")
