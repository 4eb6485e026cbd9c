"""The operator's edge: what a person asks of views and processes, and has done to single streams.

{"behind": true}            count how far each view and process is behind the stores
{"parked": true}            list the parked streams
{"history": "order-7"}      the commits of a stream, and what processes have sent because of it;
                            with "after": 100 those after that version
{"redrive": "order-7"}      fold this stream anew from the store, parked or not
{"redrive": "all"}          the same for all that are parked; with "error": "KeyError" for those
                            whose error says so, with "cause": "ahead" for those of this cause
                            each with "view": "order_history" in this view alone, or in one
                            generation of it, "order_history#2"
{"waiting": true}           list what processes wait to have sent
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, get_args

from cqrs import plain
from cqrs.entrypoints.histories import history_of
from cqrs.entrypoints.parts import each, part
from cqrs.entrypoints.streams import log_report
from cqrs.errors import Unreadable
from cqrs.follow.followers import Follower
from cqrs.follow.lag import Lags, lags
from cqrs.follow.parking import streams_marked
from cqrs.follow.process_followers import ProcessFollower
from cqrs.follow.process_managers import entries_of
from cqrs.follow.rosters import by_name
from cqrs.history.commits import STREAM_NAME
from cqrs.history.event_store import EventReader
from cqrs.views.rows import Cause, ParkedAt, Row

__all__ = ["OperatorFunction"]

SPARE_MS = 30_000  # of the function's time, kept for the last page and the answer
MAX_LISTED, MAX_SHOWN = 1_000, 100


class OperatorFunction:
    def __init__(
        self,
        stores: Mapping[str, EventReader],
        followers: Callable[[], Sequence[Follower]],
        unfollowed: Sequence[EventReader] = (),
    ) -> None:
        """`stores` are by service; `unfollowed` are those that no view or process follows."""
        self._stores = stores
        self._all_stores = [*stores.values(), *unfollowed]
        self._followers = followers

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        def out_of_time() -> bool:
            return int(context.get_remaining_time_in_millis()) < SPARE_MS

        followers = by_name(self._followers())
        processes = [one for one in followers.values() if isinstance(one, ProcessFollower)]
        match event:
            case {"behind": True, **others} if not others:
                return _told(lags(self._stores, list(followers.values()), out_of_time))
            case {"parked": True, **others} if not others:
                return {"parked": each(followers, lambda name: self._parked(followers[name]))}
            case {"waiting": True, **others} if not others:
                return {
                    "waiting": {
                        one.view.name: part(one.view.name, partial(_waiting, one))
                        for one in processes
                    }
                }
            case {"redrive": str(which), **others} if others.keys() <= {"view", "error", "cause"}:
                return _redrive(which, followers, **others)
            case {"history": str(stream), "after": int(after), **others} if not others:
                return self._history(stream, after, processes)
            case {"history": str(stream), **others} if not others:
                return self._history(stream, 0, processes)
        return {"error": f"not understood: {event}; see cqrs/entrypoints/operator.py"}

    def _history(
        self, stream: str, after: int, processes: Iterable[ProcessFollower]
    ) -> dict[str, Any]:
        """The commits, and what the row that the stream feeds has sent in each process."""
        history = part("history", partial(history_of, stream, self._all_stores, after))
        if "error" in history:
            return history
        if not history["commits"]:
            return {"error": f"no event store has a stream '{stream}'"}
        sent = {
            one.view.name: part(one.view.name, partial(_sent, one, stream))
            for one in processes
            if one.view.fold_of(stream)
        }
        return {"history": history, "sent": sent}

    def _parked(self, follower: Follower) -> dict[str, Any]:
        """The marks, with the kinds of the events of the first hundred."""
        marks = follower.parked(MAX_LISTED)
        told = _marks(marks)
        for name, mark in list(marks.items())[:MAX_SHOWN]:
            told[name]["events"] = self._events(follower, name, mark.version)
        return told

    def _events(self, follower: Follower, stream: str, version: int) -> list[str]:
        fold = follower.view.fold_of(stream)
        store = self._stores[fold.events.context] if fold else None
        commits = store.read(stream, version - 1, 1) if store else ()
        return [kind for commit in commits for kind in commit.kinds()]


def _sent(process: ProcessFollower, stream: str) -> dict[str, Any]:
    document: Any = process.row_of(stream).document
    return dict((document or {}).get("sent", {}))


def _redrive(
    which: str,
    followers: Mapping[str, Follower],
    view: str | None = None,
    error: str = "",
    cause: Cause | None = None,
) -> dict[str, Any]:
    if which != "all" and not re.fullmatch(STREAM_NAME, which):
        return {"error": f"'{which}' is no stream, as order-7 is, nor all"}
    if which != "all" and (error or cause):
        return {"error": "'error' and 'cause' choose among all: say \"redrive\": \"all\""}
    if cause not in (None, *get_args(Cause)):
        return {"error": f"'{cause}' is no cause; there are {', '.join(get_args(Cause))}"}
    chosen = {
        name: one
        for name, one in followers.items()
        if view in (None, one.view.name, one.view.scope)
    }
    if not chosen:
        known = ", ".join(dict.fromkeys(one.view.name for one in followers.values()))
        return {"error": f"there is no view or process '{view}'; there are {known}"}

    def fold_anew(name: str) -> dict[str, Any]:
        if which != "all":
            return _fold_anew([which], chosen[name])
        marks = chosen[name].parked(MAX_LISTED)
        return _fold_anew(streams_marked(marks, cause=cause, saying=error), chosen[name])

    return {"redrive": each(chosen, fold_anew)}


def _fold_anew(names: Sequence[str], follower: Follower) -> dict[str, Any]:
    """`unknown` is a stream that the view does not follow, or that the store does not have."""
    report = follower.redrive(names)
    log_report("redriven", follower, report)
    told = report.applied.keys() | report.parked.keys() | report.failed.keys()
    return {
        "applied": report.applied,
        "parked": _marks(report.parked),
        "failed": report.failed,
        "unknown": [name for name in names if name not in told],
    }


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


def _marks(parked: Mapping[str, ParkedAt]) -> dict[str, Any]:
    return {name: plain.dump(mark) for name, mark in parked.items()}
