"""The operator's edge: the scheduled sweep, and what a person asks of the followers.

{}                          sweep all stores, and what mappings gave up on
{"parked": true}            list the parked streams
{"redrive": "order-7"}      take a parked stream up again; "all" for all of them
{"catch_up": "order-7"}     bring one stream up to date now
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.s3_failures import S3Failures
from cqrs.entrypoints.streams import commits_in, tell
from cqrs.errors import Unreadable
from cqrs.event_store import EventStore
from cqrs.followers import Follower
from cqrs.observability import count, logger
from cqrs.sweep import sweep
from cqrs.views import ParkedAt

__all__ = ["SweeperFunction"]

SPARE_MS = 30_000  # of the function's time, kept for the last page and the log
MAX_LISTED = 1_000


class SweeperFunction:
    """Sweeps as much as there is time for; the next invocation goes on where this one stopped."""

    def __init__(
        self,
        stores: Mapping[str, EventStore],
        followers: Sequence[Follower],
        failures: S3Failures,
        bookmarks: DynamoDbBookmarks,
    ) -> None:
        """`stores` are by service."""
        self._stores = stores
        self._followers = {follower.view.name: follower for follower in followers}
        self._failures = failures
        self._bookmarks = bookmarks

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        if event.get("parked"):
            return {"parked": {view: self._parked(view) for view in self._followers}}
        if stream := event.get("redrive"):
            return {"redrive": {view: self._redrive(view, stream) for view in self._followers}}
        return self._sweep(lambda: context.get_remaining_time_in_millis() < SPARE_MS)

    def _sweep(self, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        """One part in trouble does not keep the others from being swept."""
        stores = {
            service: self._part(service, partial(self._walk, service, out_of_time))
            for service in self._stores
        }
        given_up = self._part("given_up", partial(self._take_what_was_given_up, out_of_time))
        result: dict[str, Any] = {"stores": stores, "given_up": given_up}
        logger().info("swept", **result)
        return result

    def _part(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return work()
        except Exception as error:  # whatever it is, the other parts must have their turn
            logger().exception("a part of the sweep failed", part=name)
            count({"SweepErrors": 1}, part=name)
            return {"error": f"{type(error).__name__}: {error}"}

    def _walk(self, service: str, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        bookmark = f"sweep/{service}"
        swept = sweep(
            self._stores[service],
            list(self._followers.values()),
            cursor=self._bookmarks.get(bookmark),
            keep=partial(self._bookmarks.put, bookmark),
            out_of_time=out_of_time,
        )
        for follower, report in swept.reports:
            tell("swept", follower, report)
        return {
            "streams": swept.streams,
            "behind": swept.behind,
            "failed": sum(len(report.failed) for _, report in swept.reports),
            "finished": swept.cursor is None,
        }

    def _take_what_was_given_up(self, out_of_time: Callable[[], bool]) -> dict[str, int]:
        """Rings for every stream in the batches that mappings gave up on, and removes those."""
        done = {"batches": 0, "streams": 0}
        for batch in self._failures.batches():
            if out_of_time():
                break
            if not batch.records:
                logger().error("not what a stream mapping leaves", object=batch.key)
                continue
            streams: set[str] = set()
            for record in batch.records:
                try:
                    streams |= {commit.stream for commit in commits_in(record)}
                except Unreadable as error:
                    logger().error("unreadable record", error=str(error), object=batch.key)
            if self._ring(streams):
                self._failures.remove(batch)
                done["batches"] += 1
                done["streams"] += len(streams)
        return done

    def _ring(self, streams: Iterable[str]) -> bool:
        """Whether every follower has caught up with `streams`, or has parked them."""
        reports = []
        for follower in self._followers.values():
            report = follower.catch_up(dict.fromkeys(sorted(streams), ()))
            if report.applied or report.parked or report.failed:
                tell("rung", follower, report)
            reports.append(report)
        return not any(report.failed for report in reports)

    def _parked(self, view: str) -> dict[str, Any]:
        return _marks(self._followers[view].parked(MAX_LISTED))

    def _redrive(self, view: str, stream: str) -> dict[str, Any]:
        follower = self._followers[view]
        report = follower.redrive(sorted(self._parked(view)) if stream == "all" else [stream])
        tell("redriven", follower, report)
        return {
            "applied": report.applied,
            "parked": _marks(report.parked),
            "failed": report.failed,
        }


def _marks(parked: Mapping[str, ParkedAt]) -> dict[str, Any]:
    return {name: {"version": m.version, "error": m.error} for name, m in parked.items()}
