"""The operator's edge: the scheduled sweep, and what a person asks of the followers.

{}                          sweep all stores, and what mappings gave up on
{"behind": true}            count how far each view and process is behind the stores
{"parked": true}            list the parked streams
{"history": "order-7"}      the commits of a stream, and what processes have sent because of it;
                            with "after": 100 those after that version
{"redrive": "order-7"}      fold this stream anew from the store, parked or not
{"redrive": "all"}          the same for all that are parked
{"redrive": "every"}        the same for every stream there is: after a view has changed
{"redrive": "rest"}         go on with "every" where it ran out of time
                            each with "view": "order_history" in this view alone
{"deliver": "waiting"}      send what processes could not deliver, or no timer has rung for
{"waiting": true}           list what processes wait to have sent
{"fill": "views"}           fill views that are new or were lost, and make search indexes
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from cqrs import plain
from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.s3_failures import S3Failures
from cqrs.entrypoints.histories import history_of
from cqrs.entrypoints.streams import commits_in, log_report
from cqrs.errors import Unreadable
from cqrs.follow.fill import fill
from cqrs.follow.followers import Follower, Hints
from cqrs.follow.lag import Lags, lags
from cqrs.follow.process_followers import ProcessFollower
from cqrs.follow.process_managers import entries_of
from cqrs.follow.sweep import sweep
from cqrs.history.commits import STREAM_NAME
from cqrs.history.event_store import EventReader
from cqrs.observability import count, logger
from cqrs.views.filling import Fillable
from cqrs.views.rows import ParkedAt, Row

__all__ = ["SweeperFunction"]

SPARE_MS = 30_000  # of the function's time, kept for the last page and the log
MAX_LISTED = 1_000


class SweeperFunction:
    """Sweeps as much as there is time for; the next invocation goes on where this one stopped."""

    def __init__(
        self,
        stores: Mapping[str, EventReader],
        followers: Sequence[Follower],
        failures: S3Failures,
        bookmarks: DynamoDbBookmarks,
        kept: Mapping[str, Fillable] | None = None,
        unfollowed: Sequence[EventReader] = (),
    ) -> None:
        """`stores` are by service; `kept`, the rows of views among the followers, by view;
        `unfollowed` are the stores that no view or process follows.
        """
        self._stores = stores
        self._all_stores = [*stores.values(), *unfollowed]
        self._followers = {follower.view.name: follower for follower in followers}
        self._processes = [one for one in followers if isinstance(one, ProcessFollower)]
        self._failures = failures
        self._bookmarks = bookmarks
        self._kept = kept or {}

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        def out_of_time() -> bool:
            return int(context.get_remaining_time_in_millis()) < SPARE_MS

        match event:
            case {"behind": True, **others} if not others:
                return _told(lags(self._stores, list(self._followers.values()), out_of_time))
            case {"parked": True, **others} if not others:
                return {"parked": self._each(self._followers, self._parked)}
            case {"waiting": True, **others} if not others:
                return {"waiting": self._of_processes(_waiting)}
            case {"deliver": "waiting", **others} if not others:
                return {"delivered": self._deliver(out_of_time)}
            case {"redrive": str(which), "view": str(view), **others} if not others:
                if view in self._followers:
                    return self._redrive(which, [view], f"redrive/{view}", out_of_time)
                known = ", ".join(self._followers)
                return {"error": f"there is no view or process '{view}'; there are {known}"}
            case {"redrive": str(which), **others} if not others:
                return self._redrive(which, [*self._followers], "redrive", out_of_time)
            case {"history": str(stream), "after": int(after), **others} if not others:
                return self._history(stream, after)
            case {"history": str(stream), **others} if not others:
                return self._history(stream, 0)
            case {"fill": "views", **others} if not others:
                return {"filled": self._each(self._kept, partial(self._fill, out_of_time))}
            case _ if not event:
                return self._sweep(out_of_time)
        return _not_understood(event)

    def _sweep(self, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        """One part in trouble does not keep the others from being swept."""
        stores = self._walks(self._followers, "sweep", out_of_time)
        given_up = self._part("given_up", partial(self._take_what_was_given_up, out_of_time))
        result: dict[str, Any] = {"stores": stores, "given_up": given_up}
        logger().info("swept", **result)
        return result

    def _deliver(self, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        def deliver(process: ProcessFollower) -> dict[str, Any]:
            done: dict[str, Any] = {"delivered": 0, "undelivered": {}}
            for report in process.deliver_waiting():
                log_report("delivered", process, report)
                done["delivered"] += report.delivered
                done["undelivered"] |= report.undelivered
                if out_of_time():
                    break
            return done

        return self._of_processes(deliver)

    def _of_processes(self, work: Callable[[ProcessFollower], dict[str, Any]]) -> dict[str, Any]:
        return {p.view.name: self._part(p.view.name, partial(work, p)) for p in self._processes}

    def _each(self, parts: Iterable[str], work: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        return {part: self._part(part, partial(work, part)) for part in parts}

    def _history(self, stream: str, after: int) -> dict[str, Any]:
        """The commits, and what the row that the stream feeds has sent in each process."""
        history = self._part("history", partial(history_of, stream, self._all_stores, after))
        if "error" in history:
            return history
        if not history["commits"]:
            return {"error": f"no event store has a stream '{stream}'"}
        feeds = [process.view.name for process in self._processes if process.view.fold_of(stream)]
        return {"history": history, "sent": self._each(feeds, partial(self._sent, stream))}

    def _sent(self, stream: str, process: str) -> dict[str, Any]:
        document: Any = self._followers[process].row_of(stream).document
        return dict((document or {}).get("sent", {}))

    def _fill(self, out_of_time: Callable[[], bool], view: str) -> dict[str, Any]:
        follower = self._followers[view]
        ready = fill(
            self._kept[view],
            follower,
            self._stores,
            self._bookmarks,
            out_of_time=out_of_time,
            told=partial(log_report, "filled", follower),
        )
        if not ready:
            logger().warning("a view is not filled yet", view=view)
        return {"ready": ready}

    def _redrive(
        self, which: str, views: Sequence[str], kind: str, out_of_time: Callable[[], bool]
    ) -> dict[str, Any]:
        if which in ("every", "rest"):
            if which == "every":
                for service in self._stores:
                    self._bookmarks.put(f"{kind}/{service}", None)
            return {"redrive": self._walks(views, kind, out_of_time, anew=True)}
        if which != "all" and not re.fullmatch(STREAM_NAME, which):
            return {"error": f"'{which}' is no stream, as order-7 is, nor all, every or rest"}
        return {"redrive": self._each(views, partial(self._fold_anew, which))}

    def _walks(
        self,
        views: Iterable[str],
        kind: str,
        out_of_time: Callable[[], bool],
        *,
        anew: bool = False,
    ) -> dict[str, Any]:
        """Walks over the stores that these views follow. `kind` is that of the bookmarks."""
        followers = [self._followers[view] for view in views]
        followed = {fold.events.context for one in followers for fold in one.view.folds}

        def walk(service: str) -> dict[str, Any]:
            return self._walk(service, followers, f"{kind}/{service}", out_of_time, anew)

        return self._each(filter(followed.__contains__, self._stores), walk)

    def _part(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return work()
        except Exception as error:  # whatever it is, the other parts must have their turn
            logger().exception("a part of the sweep failed", part=name)
            count({"SweepErrors": 1}, part=name)
            return {"error": _said(error)}

    def _walk(
        self,
        service: str,
        followers: Sequence[Follower],
        bookmark: str,
        out_of_time: Callable[[], bool],
        anew: bool,
    ) -> dict[str, Any]:
        """Goes on where the last walk of this kind ran out of time."""
        cursor = self._bookmarks.get(bookmark)
        streams, failed, behind, down = 0, 0, Counter[str](), dict[str, Exception]()
        for page in sweep(self._stores[service], followers, cursor=cursor, anew=anew):
            for follower, report in page.reports:
                log_report("redriven" if anew else "swept", follower, report)
                failed += len(report.failed)
            streams += page.streams
            behind.update(page.behind)
            down = page.down
            cursor = page.cursor
            self._bookmarks.put(bookmark, cursor)
            if out_of_time():
                break
        for view, error in down.items():
            logger().error("a view could not be swept", view=view, part=service, exc_info=error)
            count({"SweepErrors": 1}, part=view)
        return {
            "streams": streams,
            "folded anew" if anew else "behind": dict(behind),
            "failed": failed,
            "finished": cursor is None,
            **({"down": {view: _said(error) for view, error in down.items()}} if down else {}),
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
        hints = dict.fromkeys(sorted(streams), ())
        rung = self._each(self._followers, partial(self._ring_at, hints))
        return not any("error" in told or told["failed"] for told in rung.values())

    def _ring_at(self, hints: Hints, view: str) -> dict[str, Any]:
        follower = self._followers[view]
        report = follower.catch_up(hints)
        if report.applied or report.parked or report.failed:
            log_report("rung", follower, report)
        return {"failed": report.failed}

    def _parked(self, view: str) -> dict[str, Any]:
        return _marks(self._followers[view].parked(MAX_LISTED))

    def _fold_anew(self, stream: str, view: str) -> dict[str, Any]:
        """`unknown` is a stream that the view does not follow, or that the store does not have."""
        follower = self._followers[view]
        names = sorted(self._parked(view)) if stream == "all" else [stream]
        report = follower.redrive(names)
        log_report("redriven", follower, report)
        told = report.applied.keys() | report.parked.keys() | report.failed.keys()
        return {
            "applied": report.applied,
            "parked": _marks(report.parked),
            "failed": report.failed,
            "unknown": [name for name in names if name not in told],
        }


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _told(found: Lags) -> dict[str, Any]:
    behind = {view: plain.dump(lag) for view, lag in found.views.items()}
    return {"behind": behind, "down": found.down, "finished": found.finished}


def _waiting(process: ProcessFollower) -> dict[str, Any]:
    """By row with something due, what waits in it, and for whom."""
    return {key: _waiting_in(row) for rows in process.waiting() for key, row in rows.items()}


def _waiting_in(row: Row) -> list[str]:
    try:
        return [f"{e.to}: {key}" for key, e in entries_of(row).items() if e.waits]
    except Unreadable as error:
        return [f"unreadable: {error}"]


def _not_understood(event: object) -> dict[str, Any]:
    return {"error": f"not understood: {event}; see cqrs/entrypoints/sweeper.py"}


def _marks(parked: Mapping[str, ParkedAt]) -> dict[str, Any]:
    return {name: plain.dump(mark) for name, mark in parked.items()}
