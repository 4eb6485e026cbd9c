"""The walker's edge: what starts walks, the steps that the state machine takes, and the generations
of views, which walks fill.

{}                                   once a minute: goes on with walks that nobody goes on with,
                                     fills views that are new or were lost, deletes the rows of
                                     generations that were dropped, tells the metrics
{"start": "audit"}                   lets every view catch up with what no message told of since the
                                     last audit; with "everything": true since ever
{"start": "redrive"}                 folds every stream anew; with "view": "sales" in it alone
{"walks": true}                      all walks, and how far they are
{"stop": "redrive/sales"}            ends a walk where it is

{"views": true}                      the generations of views, and which one queries see
{"price": "sales"}                   what it would take to rebuild a view
{"rebuild": "sales"}                 fills a generation beside the one that queries see
{"switch": "sales", "generation": "2"}    queries see it
{"rollback": "sales"}                queries see the one before again
{"drop": "sales"}                    nobody keeps the other generation up to date any more, and its
                                     rows are deleted; with "generation": "1" if there are several

{"step": {"ticket", "leg", "left"}}     from the state machine: a step of a leg, which may take so
                                        many still
{"end": {"ticket", "legs"}}             from the state machine: all legs are done, or given up
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from cqrs import plain
from cqrs.entrypoints.generations import ViewsToRebuild, generation_of, require
from cqrs.entrypoints.parts import each, part
from cqrs.entrypoints.streams import log_report
from cqrs.errors import Refused
from cqrs.follow.estimates import DEFAULTS, Limits
from cqrs.follow.followers import Follower
from cqrs.follow.generations import Generations
from cqrs.follow.walker import Walker
from cqrs.follow.walks import Leg, LostError, Notes, Progress, Run, Ticket, Work
from cqrs.history.event_store import EventReader
from cqrs.history.events import Instant
from cqrs.history.instants import now, seconds_between
from cqrs.observability import count, logger
from cqrs.plain import replace
from cqrs.views.generations import NotPossible
from cqrs.views.rows import Generation, View

__all__ = ["SPARE_MS", "Machine", "WalkerFunction"]

SPARE_MS = 60_000  # of the function's time, kept for a group of streams and the log

Told = dict[str, Any]


class Machine(Protocol):
    """What takes the steps."""

    def start(self, run: Run, wait_seconds: int = 0) -> None:
        """Takes the legs of a walk, for its holder, after a wait. Raises Unavailable."""

    def stop(self, run: Run) -> None: ...


class WalkerFunction:
    def __init__(
        self,
        stores: Mapping[str, EventReader],
        followers: Callable[[], Sequence[Follower]],
        notes: Notes,
        machine: Machine,
        generations: Generations,
        limits: Limits = DEFAULTS,
        clock: Callable[[], Instant] = now,
    ) -> None:
        """`stores` are by service; `limits` are those of walks, to tell what one would take."""
        self._followers = followers
        self._machine = machine
        self._generations = generations
        self._views = ViewsToRebuild(generations, stores, limits)
        self._clock = clock
        self._walker = Walker(
            stores,
            followers,
            notes,
            clock=clock,
            worked=partial(log_report, "walked"),
            went_wrong=_went_wrong,
            compare=self._views.compare,
            delete=self._views.delete,
        )

    def __call__(self, event: dict[str, Any], context: Any) -> Told:
        def out_of_time() -> bool:
            return int(context.get_remaining_time_in_millis()) < SPARE_MS

        match event:
            case {"step": dict(step), **others} if not others:
                return self._step(step, out_of_time)
            case {"end": {"ticket": ticket, "legs": list(legs)}, **others} if not others:
                return self._end(plain.load(Ticket, ticket), legs)
            case _ if not event:
                return self._look()
        try:
            return self._of_walks(event) or self._of_views(event) or _not_understood(event)
        except Refused as refused:
            return {"error": str(refused)}

    def _of_walks(self, event: dict[str, Any]) -> Told | None:
        match event:
            case {"start": "audit", **others} if not others:
                return {"walk": self._start(Work(kind="audit"))}
            case {"start": "audit", "everything": True, **others} if not others:
                return {"walk": self._start(Work(kind="audit", everything=True))}
            case {"start": "redrive", "view": str(view), **others} if not others:
                views = [follower.view for follower in self._followers()]
                if view not in [one.scope for one in views]:
                    require(view, [one.name for one in views])
                return {"walk": self._start(Work(kind="redrive", targets=(view,)))}
            case {"start": "redrive", **others} if not others:
                return {"walk": self._start(Work(kind="redrive"))}
            case {"walks": True, **others} if not others:
                return {
                    "walks": {run.work.purpose: self._told(run) for run in self._walker.walks()}
                }
            case {"stop": str(purpose), **others} if not others:
                return self._stop(purpose)
        return None

    def _of_views(self, event: dict[str, Any]) -> Told | None:
        match event:
            case {"views": True, **others} if not others:
                return {"views": each(self._generations.views, self._views.told)}
            case {"price": str(view), **others} if not others:
                return self._views.price(view)
            case {"rebuild": str(view), **others} if not others:
                return self._rebuild(self._views.named(view))
            case {"switch": str(view), "generation": str(label), **others} if not others:
                self._generations.switch(self._views.named(view), generation_of(label))
                return self._views.told(view)
            case {"rollback": str(view), **others} if not others:
                self._generations.rollback(self._views.named(view))
                return self._views.told(view)
            case {"drop": str(view), "generation": str(label), **others} if not others:
                return self._drop(self._views.named(view), generation_of(label))
            case {"drop": str(view), **others} if not others:
                return self._drop(self._views.named(view), None)
        return None

    # Walks

    def _start(self, work: Work, wait_seconds: int = 0) -> Told:
        run, is_mine = self._walker.start(work)
        if is_mine:
            self._set_out(run, wait_seconds)
        return self._told(run)

    def _set_out(self, run: Run, wait_seconds: int = 0) -> None:
        try:
            self._machine.start(run, wait_seconds)
        except Exception:
            self._walker.let_go(run.ticket)  # whoever starts it next need not wait for the lease
            raise

    def _stop(self, purpose: str) -> Told:
        run = self._walker.stop(purpose)
        if run is None:
            return {"error": f"there is no walk '{purpose}' on its way"}
        self._machine.stop(run)
        return {"stopped": self._told(run)}

    # For the state machine

    def _step(self, step: dict[str, Any], out_of_time: Callable[[], bool]) -> Told:
        """`more`: the leg is not done, and is to be taken on."""
        ticket, leg = plain.load(Ticket, step["ticket"]), plain.load(Leg, step["leg"])
        left = int(step["left"]) - 1
        try:
            progress = self._walker.step(ticket, leg, out_of_time)
        except LostError as lost:
            logger().warning("another walks on", walk=ticket.purpose, why=str(lost))
            return {**step, "left": left, "more": False}
        logger().info("walked", walk=ticket.purpose, leg=plain.dump(leg), **_counts(progress))
        if progress.aside:
            logger().error("streams are set aside", walk=ticket.purpose, streams=progress.aside)
            count({"SetAside": len(progress.aside)})
        return {**step, "left": left, "more": not progress.done and left > 0}

    def _end(self, ticket: Ticket, legs: Sequence[dict[str, Any]]) -> Told:
        """What is not done is gone on with at once. If legs were given up, something has been down
        for long, and the next look goes on.
        """
        try:
            run = self._walker.end(ticket)
        except LostError as lost:
            return {"lost": str(lost)}
        if run.ended:
            logger().info("walk ended", walk=ticket.purpose, gave_up=dict(run.gave_up))
            if run.work.kind in ("fill", "rebuild"):
                self._views.have_filled(run)
        elif any(leg.get("gave_up") for leg in legs):
            logger().error("a walk is given up for now", walk=ticket.purpose)
            self._walker.let_go(ticket)
        else:
            self._set_out(self._walker.renew(ticket))
        return {"walk": self._told(run)}

    # Once a minute

    def _look(self) -> Told:
        runs = {run.work.purpose: run for run in self._walker.walks()}
        for run in runs.values():
            if not run.ended and self._is_of_other_code(run.work):
                self._stop(run.work.purpose)
                runs[run.work.purpose] = replace(run, ended=self._clock())
        left = [r for r in runs.values() if not r.ended and not r.is_held(self._clock())]
        going = {}
        names = self._names() if left else set()
        for run in left:
            if names.issuperset(target.partition("#")[0] for target in run.work.targets):
                going[run.work.purpose] = run.work
            else:  # it is about a view that the code has no more
                self._walker.stop(run.work.purpose)
        part("audited", lambda: {"known": self._walker.notice()})
        found = each(self._generations.views, self._views.needs)
        rebuilt = {
            target
            for run in runs.values()
            if run.work.kind == "rebuild" and not run.ended
            for target in run.work.targets
        }
        made = {s: m for told in found.values() for s, m in told.get("unfilled", {}).items()}
        if targets := tuple(sorted(made.keys() - rebuilt)):
            work = Work(kind="fill", targets=targets, made={s: made[s] for s in targets})
            going.setdefault("fill", work)
        elif "audit" not in runs:  # the first one need not wait for its schedule
            going["audit"] = Work(kind="audit")
        for scope in (s for told in found.values() for s in told.get("to_delete", ())):
            going.setdefault(f"drop/{scope}", Work(kind="drop", targets=(scope,)))
        started = {p: part(p, partial(self._start, work)) for p, work in going.items()}
        if audit := runs.get("audit"):
            age = seconds_between(audit.whole or audit.first or audit.began, self._clock())
            count({"AuditAge": int(age) + 1})
        for run in runs.values():
            if not run.ended and run.commits:
                walked = sum(leg.commits for leg in self._walker.progress(run))
                count({"WalkedPercent": max(1, 100 * walked // run.commits)}, walk=run.work.kind)
        count({"Done": 1})
        return {
            "walks": {p: told.get("error", "on its way") for p, told in started.items()},
            "unfilled": sorted({s for told in found.values() for s in told.get("refused", ())}),
            "changed": [view for view, told in found.items() if told.get("changed")],
            "errors": {v: told["error"] for v, told in found.items() if "error" in told},
        }

    def _is_of_other_code(self, work: Work) -> bool:
        """Whether it makes the rows of a generation that this code has another definition of."""
        if work.kind != "rebuild":
            return False
        made = [target.partition("#") for target in work.targets]
        views = self._generations.views
        return any(
            name in views and generation_of(label).number != views[name].edition.number
            for name, _, label in made
        )

    def _names(self) -> set[str]:
        """Of all views and processes that the code has."""
        return {one.view.name for one in self._followers()} | self._generations.views.keys()

    # Generations of views

    def _rebuild(self, view: View) -> Told:
        """Joins a rebuild that is on its way; compares anew what is filled already."""
        known = self._generations.survey(view).known
        if known.serving is None:
            raise NotPossible(f"{view.name} is not filled yet: there is nothing to rebuild beside.")
        generation = self._generations.next(view)
        heard = self._generations.followed(view, generation)
        wait = 0 if heard else int(self._generations.heard_seconds) + 1
        copy = self._generations.known(view).copy_of(generation)
        scope = view.at(generation).scope
        made = {scope: copy.incarnation} if copy else {}
        work = Work(kind="rebuild", targets=(scope,), made=made)
        return {
            "generation": str(generation),
            "active": str(known.active),
            "walk": self._start(work, wait),
        }

    def _drop(self, view: View, generation: Generation | None) -> Told:
        known = self._generations.known(view)
        others = [copy.generation for copy in known.live if copy.generation != known.active]
        if generation is None:
            if len(others) != 1:
                there = ", ".join(map(str, others)) or "there is none"
                raise NotPossible(f"Say which generation of {view.name} to drop: {there}.")
            generation = others[0]
        self._generations.drop(view, generation)
        purpose = f"rebuild/{view.at(generation).scope}"
        if run := self._walker.stop(purpose):
            self._machine.stop(run)
        return {"dropped": str(generation)}

    # Telling

    def _told(self, run: Run) -> Told:
        legs = self._walker.progress(run)
        found = sum((Counter(leg.found) for leg in legs), Counter[str]())
        told: Told = {
            "purpose": run.work.purpose,
            "began": run.began,
            "ended": run.ended,
            "whole": run.whole,
            "since": run.since,
            "commits": run.commits,
            "walked": sum(leg.commits for leg in legs),
            "streams": sum(leg.streams for leg in legs),
            "legs": len(legs),
            "done": sum(leg.done for leg in legs),
            "found": dict(found),
            "aside": [stream for leg in legs for stream in leg.aside],
            "gave_up": {**run.gave_up, **{k: v for leg in legs for k, v in leg.failed.items()}},
        }
        if run.work.kind == "rebuild":
            differences = [difference for leg in legs for difference in leg.differences]
            told["compared"] = {
                "equal": sum(leg.equal for leg in legs),
                "differing": sum(leg.differing for leg in legs),
                "skipped": sum(leg.skipped for leg in legs),
                "differences": differences,
            }
        return told


def _went_wrong(view: str, error: Exception) -> None:
    logger().error("a view could not be brought on", view=view, exc_info=error)
    count({"PartErrors": 1}, part=view)


def _counts(progress: Progress) -> Told:
    told: Told = plain.dump(progress)
    return {name: told[name] for name in ("done", "commits", "streams", "found", "failed", "aside")}


def _not_understood(event: object) -> Told:
    return {"error": f"not understood: {event}; see cqrs/entrypoints/walker.py"}
