"""Tests of views: the row that commits lead to.

    commits = recorded(ORDER_EVENTS, "order-7", placed, cancelled)
    assert shows(ORDER_HISTORY, commits)["status"] == "cancelled"

Every call folds its commits in order, twice, and shuffled, and asserts that the row is the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import EventCodec, EventTypes, Instant
from cqrs.views.rows import Followed, Row, RowView

__all__ = ["recorded", "row_after", "shows"]


def recorded(types: EventTypes, stream: str, *events: object) -> list[Commit]:
    """One commit per event, recorded a minute apart by `tester`."""
    codec = EventCodec(types)
    return [
        Commit.of(stream, n, [event], _envelope(stream, n), codec)
        for n, event in enumerate(events, start=1)
    ]


def _envelope(stream: str, n: int) -> Envelope:
    return Envelope(
        command_id=f"{stream}-{n}",
        command_type="Test",
        fingerprint="",
        actor="tester",
        correlation_id=f"correlation-{stream}-{n}",
        causation_id="test",
        time=Instant(f"2026-01-01T00:{n:02}:00.000000Z"),
    )


def shows(view: RowView, commits: Sequence[Commit]) -> Any:
    """The document of the row that `commits` feed; None if it shows nothing. They must all feed the
    same row.
    """
    return row_after(view, commits).document


def row_after(view: Followed, commits: Sequence[Commit]) -> Row:
    in_order = _arrive(view, commits, list(commits))
    shuffled = list(commits) * 2
    random.Random(len(commits)).shuffle(shuffled)
    twice = _arrive(view, commits, [*commits, *commits])
    disorderly = _arrive(view, commits, shuffled)
    for other in (twice, disorderly):
        assert other.parts == in_order.parts, "the row depends on the order of arrival"
        assert other.document == in_order.document, "the row depends on the order of arrival"
    return in_order


def _arrive(view: Followed, history: Sequence[Commit], arrivals: Sequence[Commit]) -> Row:
    store, rows = MemoryEventStore(), MemoryRows()
    for commit in sorted(history, key=lambda commit: (commit.stream, commit.version)):
        store.append(commit, "")
    stores = {fold.category: store for fold in view.folds}
    follower = Follower(view, rows, stores)
    for commit in arrivals:
        follower.catch_up({commit.stream: [commit]})
    (key,) = {view.key_of(commit.stream) for commit in history}
    return rows.get(key)
