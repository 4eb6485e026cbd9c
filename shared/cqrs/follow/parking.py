"""Parking: one bad commit stops its own stream, and neither its row nor the row's other streams.

A commit that can't be folded is known at once. A row that is refused, because it can't be shown or
the store can never take it, does not say which of its new commits is to blame. So they are saved
again one at a time: the first with which the row is refused is the bad one. Its stream is marked
there, in the row as it was last saved. That takes a save per commit, but only once, and only for
the commits that were read together: what is parked is left alone until somebody redrives it.

A commit that newer code has written is no bad one: its stream is marked as ahead, and goes on by
itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from cqrs.errors import Unavailable
from cqrs.follow.reports import Report
from cqrs.follow.saving import save, shown_or_refused
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.views.rows import Cause, Followed, ParkedAt, Part, Row, RowStore, Saved, SaveResult
from cqrs.views.sources import Advance, Sources

__all__ = ["park_first_refused", "streams_marked"]


def park_first_refused(
    view: Followed, rows: RowStore, sources: Sources, stored: Row, advances: Mapping[str, Advance]
) -> Report:
    """Parks the stream of the first commit in `advances` with which `stored` is refused.

    Reports how far that came: not to the bad commit when others save the row too, or something is
    down. In any case the row is to be followed again: nobody has looked at what comes after.
    """
    row = stored
    applied: Counter[str] = Counter()
    parked: dict[str, ParkedAt] = {}
    causes: dict[str, Exception] = {}
    # 1. What this code can't read goes first: no row can be shown beside it.
    if anew := {name: advances[name] for name in sources.unreadable(stored)}:
        whole = {name: advance.part for name, advance in anew.items()}
        draft = shown_or_refused(view, replace(stored, parts={**stored.parts, **whole}))
        outcome = save(rows, {stored.key: draft})[stored.key]
        if isinstance(outcome, SaveResult):
            if outcome.saved is not Saved.REFUSED:
                return Report(rows={stored.key: stored})
            # the bad commit is there, and looked for from the beginning
            nothing = replace(stored, parts={**stored.parts, **dict.fromkeys(anew, Part())})
            return park_first_refused(view, rows, sources, nothing, anew)
        row = outcome
        applied.update({name: advance.applied for name, advance in anew.items()})
        parked = replace(row, parts=whole).parked
        causes = {name: advance.cause for name, advance in anew.items() if advance.cause}
        advances = {name: a for name, a in advances.items() if name not in anew}
    for commit, part in _one_by_one(advances, sources):
        name, kept = commit.stream, row.part(commit.stream)
        if commit.version < kept.version:
            continue  # folded anew: not yet where it was, and a row never goes back
        # 2. The row with one more commit.
        draft = shown_or_refused(view, row.with_part(name, part))
        outcome = save(rows, {row.key: draft})[row.key]
        if isinstance(outcome, Row):
            row = outcome
            applied[name] += 1
            continue
        # 3. The row without the bad one, and with a mark. What it shows stays as it is.
        if outcome.saved is Saved.REFUSED:
            reason = outcome.cause or outcome.reason
            stopped = sources[name].parked(kept, commit.version, reason)
            marked = save(rows, {row.key: row.with_part(name, stopped)})[row.key]
            if isinstance(marked, Row):
                row, parked = marked, {**parked, name: marked.parked[name]}
                causes |= {name: outcome.cause} if outcome.cause else {}
        break
    return Report(applied=applied, parked=parked, causes=causes, rows={row.key: row})


def _one_by_one(advances: Mapping[str, Advance], sources: Sources) -> Iterator[tuple[Commit, Part]]:
    """Each commit and the part after it, stream by stream. Ends early at an outage. Up to the last
    one a part is marked as one that goes on, in case nobody lives to save the next.
    """
    for name, advance in advances.items():
        part = advance.base
        for commit in advance.commits:
            try:
                part = sources[name].apply(part, commit)
            except Unavailable:
                return
            is_last = commit is advance.commits[-1]
            yield commit, part if is_last else sources[name].paused(part, None)


def streams_marked(
    marks: Mapping[str, ParkedAt], *, cause: Cause | None = None, saying: str = ""
) -> list[str]:
    """The streams with a mark of this cause, or of any, whose error contains the text `saying`:
    those to be redriven after a fix.
    """
    return sorted(
        name for name, mark in marks.items() if cause in (None, mark.cause) and saying in mark.error
    )
