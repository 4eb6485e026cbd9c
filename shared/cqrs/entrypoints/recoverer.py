"""The recoverer's edge: once a minute it takes up what was left lying.

First the batches that stream mappings gave up on: every follower looks after the streams in them,
and the batch is removed. A batch with a stream that still fails stays. Then the streams that go on
by themselves: those that were ahead of the code, and long ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from cqrs.adapters.s3_failures import FailedBatch, S3Failures
from cqrs.entrypoints.parts import part
from cqrs.entrypoints.streams import commits_in, log_report
from cqrs.errors import Unreadable
from cqrs.follow.followers import Follower
from cqrs.observability import count, logger

__all__ = ["RecovererFunction"]

SPARE_MS = 10_000  # of the function's time, kept for a batch and the log


class RecovererFunction:
    def __init__(self, followers: Callable[[], Sequence[Follower]], failures: S3Failures) -> None:
        self._followers = followers
        self._failures = failures

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        def out_of_time() -> bool:
            return int(context.get_remaining_time_in_millis()) < SPARE_MS

        followers = self._followers()
        done = part("given_up", lambda: self._take_batches(followers, out_of_time))
        gone_on = {
            one.view.scope: part(one.view.name, partial(_go_on, one, out_of_time))
            for one in followers
        }
        if "error" not in done:
            count({"Done": 1})
        went_on = {scope: told for scope, told in gone_on.items() if any(told.values())}
        logger().info("recovered", given_up=done, went_on=went_on)
        return {"given_up": done, "went_on": went_on}

    def _take_batches(
        self, followers: Sequence[Follower], out_of_time: Callable[[], bool]
    ) -> dict[str, Any]:
        keys = self._failures.keys()
        random.shuffle(keys)  # what is stuck must not always come first
        taken, streams = 0, 0
        for key in keys:
            if out_of_time():
                break
            if not (batch := self._failures.batch(key)):
                continue
            if not batch.records:
                logger().error("not what a stream mapping leaves", object=batch.key)
                continue
            names = _streams_in(batch)
            if _ring(followers, names):
                self._failures.remove(batch)
                taken, streams = taken + 1, streams + len(names)
        return {"batches": taken, "streams": streams, "left": len(keys) - taken}


def _go_on(follower: Follower, out_of_time: Callable[[], bool]) -> dict[str, Any]:
    """`applied` counts commits, `left` the streams that have some more."""
    applied, left = 0, 0
    for report in follower.go_on():
        log_report("went on", follower, report)
        applied += sum(report.applied.values())
        left = len(report.long)
        if out_of_time():
            break
    return {"applied": applied, "left": left}


def _streams_in(batch: FailedBatch) -> set[str]:
    streams: set[str] = set()
    for record in batch.records:
        try:
            streams |= {commit.stream for commit in commits_in(record)}
        except Unreadable as error:
            logger().error("unreadable record", error=str(error), object=batch.key)
    return streams


def _ring(followers: Sequence[Follower], streams: Iterable[str]) -> bool:
    """Whether every follower has caught up with `streams`, or has parked them."""
    hints = dict.fromkeys(sorted(streams), ())

    def ring(follower: Follower) -> dict[str, Any]:
        report = follower.catch_up(hints)
        if report.applied or report.parked or report.failed:
            log_report("rung", follower, report)
        return {"failed": report.failed}

    rung = [part(one.view.name, partial(ring, one)) for one in followers]  # so alarms name it
    return not any("error" in told or told["failed"] for told in rung)
