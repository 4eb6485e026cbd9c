"""Tests of views: the row that commits lead to.

    commits = recorded(ORDER_EVENTS, "order-7", placed, cancelled)
    assert shows(ORDER_HISTORY, commits)["status"] == "cancelled"

Every call folds its commits in order, twice, and shuffled, and asserts that the row is the same.
The row is kept as the store of its kind keeps it: a search view refuses what its fields do not fit.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from cqrs.adapters.memory import MemoryEventStore, rows_for
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import EventCodec, EventTypes, Instant
from cqrs.views.rows import Followed, Row, RowView

__all__ = ["recorded", "row_after", "shows"]

NOW = Instant("2026-01-31T12:00:00.000000Z")


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
    """The document of the one row that `commits` feed; None if it shows nothing.

    Raises AssertionError if one of them can't be followed.
    """
    row = row_after(view, commits)
    for stream, mark in row.parked.items():
        why: dict[str, Exception] = {}
        _arrive(view, row.key, commits, commits, why)
        cause = why.get(stream)
        told = f"{type(cause).__name__}: {cause}" if cause else mark.error
        raise AssertionError(f"{view.name} is parked at {stream}@{mark.version}: {told}")
    return row.document


def row_after(view: Followed, commits: Sequence[Commit]) -> Row:
    """The one row that `commits` feed, with its places in lists and its marks.

    Raises AssertionError if they feed several, or none.
    """
    key = _key(view, commits)
    in_order = _arrive(view, key, commits, list(commits))
    shuffled = list(commits) * 2
    random.Random(len(commits)).shuffle(shuffled)
    twice = _arrive(view, key, commits, [*commits, *commits])
    disorderly = _arrive(view, key, commits, shuffled)
    for other in (twice, disorderly):
        assert other.parts == in_order.parts, "the row depends on the order of arrival"
        assert other.document == in_order.document, "the row depends on the order of arrival"
    return in_order


def _key(view: Followed, commits: Sequence[Commit]) -> str:
    streams = sorted({commit.stream for commit in commits})
    folded = ", ".join(fold.category for fold in view.folds)
    strange = [stream for stream in streams if view.fold_of(stream) is None]
    assert streams, f"{view.name} can't be tested without commits"
    assert not strange, f"{view.name} follows {folded}, and not {', '.join(strange)}"
    keys = {view.key_of(stream) for stream in streams}
    assert len(keys) == 1, (
        f"{', '.join(streams)} feed {len(keys)} rows of {view.name}: a stream feeds the row that "
        "its id names. Name them alike if one row is meant. Keyed by something else than the "
        "streams' id? That is a tally, or a list of the rows there are, and what many rows "
        "show alike is joined to them: see 'A view' in CONTRIBUTING.md"
    )
    return keys.pop()


def _arrive(
    view: Followed,
    key: str,
    history: Sequence[Commit],
    arrivals: Sequence[Commit],
    why: dict[str, Exception] | None = None,
) -> Row:
    """The row, when all have arrived. `why` is told what parked its streams."""
    store, rows = MemoryEventStore(), rows_for(view)
    for commit in sorted(history, key=lambda commit: (commit.stream, commit.version)):
        store.append(commit, "")
    stores = {fold.category: store for fold in view.folds}
    follower = Follower(view, rows, stores, clock=lambda: NOW)
    for commit in arrivals:
        causes = follower.catch_up({commit.stream: [commit]}).causes
        if why is not None:
            why.update(causes)
    return rows.get(key)
