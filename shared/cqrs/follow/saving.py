"""Saving: rows go to the store together, and each comes back as it is now, or not saved and why."""

from __future__ import annotations

from collections.abc import Mapping

from cqrs.views.rows import Followed, Row, RowStore, Saved, SaveResult
from cqrs.views.sources import reason_of

__all__ = ["CONTENDED", "Outcome", "is_raced", "save", "shown_or_refused"]

CONTENDED = "others save the same row all the time"
Outcome = Row | SaveResult
"""A row, or why there is none to save, or why it was not saved."""


def shown_or_refused(view: Followed, row: Row) -> Outcome:
    """`row` as it is to be saved. One that can't be shown is refused, as if by the store."""
    try:
        return view.shown(row)
    except Exception as error:  # whatever `render` raises, only its own row stops
        return SaveResult(Saved.REFUSED, reason_of(error), error)


def save(rows: RowStore, drafts: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The drafts, by key, as they are now, or why they were not saved. Saves all in one call."""
    there = [draft for draft in drafts.values() if isinstance(draft, Row)]
    results = zip(there, rows.save(there) if there else [], strict=True)
    saved = {row.key: row.saved() if r.saved is Saved.SAVED else r for row, r in results}
    return {**drafts, **saved}


def is_raced(outcome: Outcome) -> bool:
    return isinstance(outcome, SaveResult) and outcome.saved is Saved.RACED
