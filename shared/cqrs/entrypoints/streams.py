"""Lambda handlers for batches of DynamoDB Streams and Kinesis.

A handler reports the first record that failed; Lambda delivers that one and all after it again.
Records that can't be read are logged and skipped: their commits are in the event store, where the
sweep finds them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cqrs import plain
from cqrs.adapters.dynamodb_event_store import commit_of
from cqrs.discretion import said
from cqrs.errors import Unavailable, Unreadable
from cqrs.follow.followers import Follower
from cqrs.follow.reports import Report
from cqrs.history.commits import STREAM_NAME, Commit
from cqrs.history.publisher import Kinds, Publisher, read_record, records_of
from cqrs.observability import count, logger
from cqrs.views.rows import ParkedAt

__all__ = ["FollowerFunction", "PublisherFunction", "commits_in", "log_report", "named"]

LOGGED = 20  # commits and streams named in a log line
_NAME = re.compile(STREAM_NAME)


def _sequence(record: dict[str, Any]) -> str:
    return str(
        record["kinesis"]["sequenceNumber"]
        if "kinesis" in record
        else record["dynamodb"]["SequenceNumber"]
    )


def commits_in(record: dict[str, Any]) -> list[Commit]:
    """The commits in a record of either stream. Raises Unreadable."""
    try:
        if "kinesis" in record:
            commits = read_record(plain.load(bytes, record["kinesis"]["data"]))
        elif record.get("eventName") == "INSERT":
            commits = [commit_of(record["dynamodb"]["NewImage"])]
        else:
            return []  # commits are never changed, and only removed to clean up after a restore
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Unreadable(f"not a record of a stream of commits: {said(error)}") from error
    for commit in commits:
        if not _NAME.fullmatch(commit.stream):
            raise Unreadable("its stream has a name that no stream can have")
        if not commit.body.isascii() and not _is_unicode(commit.body):
            raise Unreadable("its body is not Unicode")
    return commits


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, list[Commit]]]:
    """The sequence number and the commits of each record that can be read, in order."""
    for record in records:
        try:
            yield _sequence(record), commits_in(record)
        except Unreadable as error:
            logger().error("unreadable record", error=str(error), sequence=_sequence(record))
            count({"UnreadableRecords": 1})


def _again(sequences: Sequence[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sequences[:1]]}


def _trace(commits: Sequence[Commit]) -> dict[str, Any]:
    """The ids in `commits` that connect a log line with the requests that led to it."""
    named = commits[:LOGGED]
    envelopes = []
    for commit in named:
        try:
            envelopes.append(commit.envelope)
        except Unreadable:
            continue
    return {
        "commits": [str(commit) for commit in named],
        "correlation_ids": sorted({envelope.correlation_id for envelope in envelopes}),
        "causation_ids": sorted({envelope.causation_id for envelope in envelopes}),
    }


class PublisherFunction:
    """Puts the commits in a batch of a DynamoDB stream on the event stream. Kinds of events that it
    has not seen before it notes.
    """

    def __init__(self, publisher: Publisher, kinds: Kinds) -> None:
        self._publisher = publisher
        self._kinds = kinds
        self._noted: set[str] = set()

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        batch = list(_read(event["Records"]))
        commits = [commit for _, found in batch for commit in found]
        self._note(commits)
        unsent = {
            (commit.stream, commit.version)
            for record in self._publisher.publish(records_of(commits))
            for commit in record.commits
        }
        again = [
            number
            for number, found in batch
            if any((commit.stream, commit.version) in unsent for commit in found)
        ]
        logger().info(
            "published",
            **_trace(commits),
            published=len(commits) - len(unsent),
            unsent=len(unsent),
        )
        count({"Published": len(commits) - len(unsent), "Unsent": len(unsent)})
        return _again(again)

    def _note(self, commits: Iterable[Commit]) -> None:
        new = {kind for commit in commits for kind in commit.kinds()} - self._noted
        if not new:
            return
        try:
            self._kinds.add(new)
        except Unavailable as error:  # the next commit of the kind comes by here, too
            logger().error("kinds of events were not noted", kinds=sorted(new), error=said(error))
            return
        self._noted |= new


class FollowerFunction:
    """Lets every follower catch up, with the commits of a Kinesis batch as hints.

    If one raises an error, the others still catch up; then the whole batch fails and comes again.
    """

    def __init__(self, followers: Sequence[Follower], roster: Iterable[Follower] = ()) -> None:
        """`roster`: followers that come and go. It is asked with every batch."""
        self._followers = followers
        self._roster = roster

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        batch = list(_read(event["Records"]))
        commits = [commit for _, found in batch for commit in found]
        hints: dict[str, list[Commit]] = {}
        for commit in commits:
            hints.setdefault(commit.stream, []).append(commit)
        failed: set[str] = set()
        errors: dict[str, Exception] = {}
        followers = list(self._followers)
        try:
            followers += self._roster
        except Exception as error:
            logger().exception("the generations of views are not known", **_trace(commits))
            errors["views"] = error
        for follower in followers:
            followed = {stream for stream in hints if follower.view.fold_of(stream)}
            if not followed:
                continue
            concerned = [commit for commit in commits if commit.stream in followed]
            try:
                report = follower.catch_up(hints)
            except Exception as error:  # whatever it is, the other views must have their turn
                logger().exception("a view failed", **named(follower), **_trace(concerned))
                errors[follower.view.scope] = error
                continue
            failed |= report.failed.keys()
            log_report("followed", follower, report, **_trace(concerned))
        if errors:
            raise ExceptionGroup(f"could not follow: {', '.join(errors)}", [*errors.values()])
        if not failed:
            return _again([])
        again = [number for number, found in batch if any(c.stream in failed for c in found)]
        return _again(again)


def log_report(message: str, follower: Follower, report: Report, **notes: Any) -> None:
    """Logs one line about what a follower did, and counts it in the metrics. Each stream that it
    parked is an error of its own, with the traceback; one that is ahead of this code goes on by
    itself, and is a warning.
    """
    parked = {name: mark for name, mark in report.parked.items() if not mark.goes_on}
    ahead = {name: mark for name, mark in report.parked.items() if mark.goes_on}
    for name, mark in list(parked.items())[:LOGGED]:
        cause = report.causes.get(name)
        logger().error("parked", exc_info=cause, **named(follower), **_marked(name, mark))
    for name, mark in list(ahead.items())[:LOGGED]:
        logger().warning("ahead", **named(follower), **_marked(name, mark))
    applied = Counter(report.applied)
    logger().info(
        message,
        **named(follower),
        applied=dict(applied.most_common(LOGGED)),
        repaired=sorted(report.repaired)[:LOGGED],
        parked={name: mark.error for name, mark in list(parked.items())[:LOGGED]},
        long=sorted(report.long)[:LOGGED],
        failed=dict(list(report.failed.items())[:LOGGED]),
        undelivered=dict(list(report.undelivered.items())[:LOGGED]),
        **notes,
    )
    count(
        {
            "Applied": applied.total(),
            "Repaired": len(report.repaired),
            "Parked": len(parked),
            "Ahead": len(ahead),
            "Long": len(report.long),
            "Failed": len(report.failed),
            "StillParked": len(report.still_parked),
            "Delivered": report.delivered,
            "Undelivered": len(report.undelivered),
        },
        view=follower.view.name,
    )


def _marked(stream: str, mark: ParkedAt) -> dict[str, Any]:
    return {"stream": stream, "version": mark.version, "error": mark.error}


def named(follower: Follower) -> dict[str, Any]:
    """The view and its generation, as log lines name them."""
    view, _, generation = follower.view.scope.partition("#")
    return {"view": view, "generation": generation}
