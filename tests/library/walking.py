"""Walks that are taken at once, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cqrs.adapters.memory import MemoryNotes
from cqrs.entrypoints.walker import WalkerFunction
from cqrs.follow.followers import Follower
from cqrs.follow.walker import Walker
from cqrs.follow.walks import Notes, Progress, Run, Work
from cqrs.history.event_store import EventReader
from cqrs.plain import dump, replace

__all__ = ["AUDIT", "REDRIVE", "StateMachine", "a_walker", "audit", "to_the_end", "walk"]

STEPS = 20  # of a leg in one execution
AUDIT, REDRIVE = Work(kind="audit"), Work(kind="redrive")


def never() -> bool:
    return False


def a_walker(
    store: EventReader, followers: Sequence[Follower], notes: Notes | None = None, **how: Any
) -> Walker:
    """Over one store, which has all that these follow."""
    services = {fold.events.context for one in followers for fold in one.view.folds}
    stores = dict.fromkeys(sorted(services), store)
    how.setdefault("pause", lambda _: None)
    return Walker(stores, lambda: followers, notes or MemoryNotes(), **how)


def to_the_end(
    walker: Walker, work: Work = AUDIT, out_of_time: Callable[[], bool] = never
) -> tuple[Run, Progress]:
    """Takes all steps of a walk. What its legs have done is added up."""
    run, is_new = walker.start(work)
    assert is_new
    for leg in run.legs:
        while not walker.step(run.ticket, leg, out_of_time).done:
            pass
    legs = walker.progress(run)
    whole = replace(
        legs[0],
        commits=sum(leg.commits for leg in legs),
        streams=sum(leg.streams for leg in legs),
        found=dict(sum((Counter(leg.found) for leg in legs), Counter[str]())),
        failed={view: why for leg in legs for view, why in leg.failed.items()},
        aside=tuple(stream for leg in legs for stream in leg.aside),
    )
    return walker.end(run.ticket), whole


def walk(store: EventReader, followers: Sequence[Follower], work: Work, **how: Any) -> Progress:
    return to_the_end(a_walker(store, followers, **how), work)[1]


def audit(store: EventReader, followers: Sequence[Follower], **how: Any) -> Progress:
    """A first audit, which looks at all streams."""
    return walk(store, followers, AUDIT, **how)


class StateMachine:
    """Takes the steps of walks, when it is asked to `go`, as Step Functions do."""

    def __init__(self) -> None:
        self.waiting: list[Run] = []
        self.waits: list[int] = []
        self.stopped: list[str] = []
        self.down: Exception | None = None

    def start(self, run: Run, wait_seconds: int = 0) -> None:
        """The waits are noted, and not waited for."""
        if self.down:
            raise self.down
        self.waits.append(wait_seconds)
        self.waiting.append(run)

    def stop(self, run: Run) -> None:
        self.stopped.append(run.holder)
        self.waiting = [one for one in self.waiting if one.holder != run.holder]

    def go(self, function: WalkerFunction, context: Callable[[], Any], times: int = 100) -> int:
        """Executes what waits, and what comes of that. How many executions it were."""
        for executions in range(times):
            if not self.waiting:
                return executions
            self._execute(function, context, self.waiting.pop(0))
        return times

    def _execute(self, function: WalkerFunction, context: Callable[[], Any], run: Run) -> None:
        ticket: Mapping[str, Any] = dump(run.ticket)
        legs = []
        for leg in run.legs:
            step = {"ticket": ticket, "leg": dump(leg), "left": STEPS}
            try:
                while (step := function({"step": step}, context()))["more"]:
                    pass
            except Exception as error:  # its tries are used up
                step |= {"gave_up": {"Error": type(error).__name__}}
            legs.append(step)
        function({"end": {"ticket": ticket, "legs": legs}}, context())
