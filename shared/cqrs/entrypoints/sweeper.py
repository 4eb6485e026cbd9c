"""The operator's edge: the scheduled sweep, and what a person asks of the followers.

{}                          sweep all stores, and what mappings gave up on
{"parked": true}            list the parked streams
{"redrive": "order-7"}      take a parked stream up again; "all" for all of them
{"catch_up": "order-7"}     bring one stream up to date now
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.s3_failures import S3Failures
from cqrs.entrypoints.streams import commits_in, tell
from cqrs.errors import Unavailable, Unreadable
from cqrs.event_store import EventStore
from cqrs.followers import Follower
from cqrs.observability import count, logger
from cqrs.sweep import sweep

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
        if stream := event.get("catch_up"):
            return {"catch_up": {v: self._ring(v, [stream]) for v in self._followers}}
        return self._sweep(context)

    def _sweep(self, context: Any) -> dict[str, Any]:
        """One part in trouble does not keep the others from being swept."""
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "given_up": self._take_what_was_given_up
        } | {service: partial(self._walk, service, context) for service in self._stores}
        result: dict[str, Any] = {}
        for name, part in parts.items():
            try:
                result[name] = part()
            except Unavailable as error:
                result[name] = {"error": str(error)}
                count({"SweepErrors": 1}, part=name)
        logger().info("swept", **result)
        return result

    def _walk(self, service: str, context: Any) -> dict[str, Any]:
        swept = sweep(
            self._stores[service],
            list(self._followers.values()),
            cursor=self._bookmarks.get(f"sweep/{service}"),
            out_of_time=lambda: context.get_remaining_time_in_millis() < SPARE_MS,
        )
        self._bookmarks.put(f"sweep/{service}", swept.cursor)
        return {
            "streams": swept.streams,
            "behind": swept.behind,
            "failed": sum(len(report.failed) for report in swept.reports),
            "finished": swept.cursor is None,
        }

    def _take_what_was_given_up(self) -> dict[str, int]:
        """Rings for every stream in the batches that mappings gave up on, and removes those."""
        done = {"batches": 0, "streams": 0}
        for batch in self._failures.batches():
            if not batch.records:
                logger().error("not what a stream mapping leaves", object=batch.key)
                continue
            streams: set[str] = set()
            for record in batch.records:
                try:
                    streams |= {commit.stream for commit in commits_in(record)}
                except Unreadable as error:
                    logger().error("unreadable record", error=str(error), object=batch.key)
            rung = [self._ring(view, sorted(streams)) for view in self._followers]
            if not any(answer["failed"] for answer in rung):
                self._failures.remove(batch)
                done["batches"] += 1
                done["streams"] += len(streams)
        return done

    def _ring(self, view: str, streams: Sequence[str], *, redrive: bool = False) -> dict[str, Any]:
        report = self._followers[view].catch_up(dict.fromkeys(streams, ()), redrive=redrive)
        if report.applied or report.parked or report.failed:
            tell("rung", self._followers[view], report)
        return {
            "applied": report.applied,
            "parked": {name: mark.error for name, mark in report.parked.items()},
            "failed": report.failed,
        }

    def _parked(self, view: str) -> dict[str, Any]:
        parked = self._followers[view].parked(MAX_LISTED)
        return {name: {"version": m.version, "error": m.error} for name, m in parked.items()}

    def _redrive(self, view: str, stream: str) -> dict[str, Any]:
        streams = sorted(self._parked(view)) if stream == "all" else [stream]
        return self._ring(view, streams, redrive=True)
