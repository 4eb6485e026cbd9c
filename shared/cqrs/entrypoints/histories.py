"""Histories: the commits of a stream as they are stored, for who wonders why a row looks so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cqrs import plain
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader

__all__ = ["history_of"]

MOST = 100  # commits of one answer
MAX_BYTES = 4_000_000  # of the 6 MB that a function can answer


def history_of(stream: str, stores: Iterable[EventReader], after: int) -> dict[str, Any]:
    """The commits of `stream` after a version, from whichever store has it. If others follow,
    `more` is the version to go on after.
    """
    found = next(filter(None, (store.read(stream, after, MOST + 1) for store in stores)), ())
    told: list[dict[str, Any]] = []
    size = 0
    for commit in found[:MOST]:
        size += len(commit.body.encode())
        if told and size > MAX_BYTES:
            break
        told.append({"version": commit.version, **_content(commit)})
    more = {"more": told[-1]["version"]} if len(told) < len(found) else {}
    return {"commits": told, **more}


def _content(commit: Commit) -> dict[str, Any]:
    try:
        content = plain.from_json(commit.body)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"unreadable": commit.body}
