"""Followers: what keeps a view up to date. The heart of the system.

The event that arrives is a doorbell; the event store is the truth. A follower remembers, per
stream, the last version that it has applied, next to what it made of it. There is one primitive,
and everything else is somebody calling it:

    catch_up(hints)        hints: for each stream, commits that just arrived; none means "look
    yourself"

      a hint continues at position + 1    it is applied without a read (the usual case)
      a hint is at or before position     it was applied before: nothing to do
      a hint leaves a gap, or there is
        none, or it can't be read         the stream is read from position + 1, and that is applied
      a commit can't be folded, or the
        store can never take the row      the stream is parked there; all others go on
      a store is down or out of capacity  the stream failed: it must come again

Data and positions of a row are saved in one conditional write on the row's revision, so whatever is
repeated, late, out of order, or done by two workers at once, each commit is applied exactly once,
in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cqrs.errors import Unavailable
from cqrs.history.commits import Commit, category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.views.rows import (
    Followed,
    ParkedAt,
    Part,
    Row,
    RowStore,
    Saved,
    SaveResult,
)
from cqrs.views.sources import Sources, parked_at

__all__ = ["Follower", "Hints", "Report"]

Hints = Mapping[str, Sequence[Commit]]

ATTEMPTS = 6  # at a row that others save at the same time; each stream parked in it takes one


@dataclass
class Report:
    """What following did, by stream.

    `applied` counts commits folded, anew or for the first time; `repaired` had to be read from the
    store; `parked` can't go on; `still_parked` were parked before and not looked at; `failed`
    must be tried again; `rows` are as they were left. Of processes: `delivered` counts commands
    that were answered, `undelivered` says by row what could not be sent.
    """

    applied: dict[str, int] = field(default_factory=dict)
    repaired: set[str] = field(default_factory=set)
    parked: dict[str, ParkedAt] = field(default_factory=dict)
    still_parked: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    delivered: int = 0
    undelivered: dict[str, str] = field(default_factory=dict)


@dataclass
class _Step:
    """A row before and after its hints were followed, and how it got there.

    `news` are the commits that each stream was advanced by, starting from its part in `bases`.
    """

    before: Row
    after: Row
    followed: set[str] = field(default_factory=set)
    bases: dict[str, Part] = field(default_factory=dict)
    news: dict[str, list[Commit]] = field(default_factory=dict)
    repaired: set[str] = field(default_factory=set)
    still_parked: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    # also when there was nothing to save
    result: SaveResult = field(default_factory=lambda: SaveResult(Saved.SAVED))
    saved: Row | None = None

    @property
    def changed(self) -> bool:
        return bool(self.news) or self.after.parts != self.before.parts

    @property
    def moved(self) -> bool:
        versions = self.before.positions
        return any(v != versions.get(s, 0) for s, v in self.after.positions.items())


class Follower:
    """Keeps the rows of one view up to date with the streams that feed it."""

    def __init__(
        self,
        view: Followed,
        rows: RowStore,
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
    ) -> None:
        """`stores` are by the category of the streams in them."""
        self.view = view
        self._rows = rows
        self._sources = Sources(view, stores, cipher)

    def catch_up(self, hints: Hints) -> Report:
        """Brings every stream named to its hints, or to the store's newest commit where it has
        none. Parked ones wait. Never raises because of single streams or rows.
        """
        report = Report()
        self._run(hints, report)
        return report

    def redrive(self, names: Iterable[str]) -> Report:
        """Folds streams anew from the store, parked or not: after a fix, or to repair a row."""
        report = Report()
        hints: Hints = dict.fromkeys(names, ())
        self._run(hints, report, anew=set(hints))
        # what arrived meanwhile may have found the stream still parked, and let it be
        self._run(hints, report)
        return report

    def behind(self, heads: Mapping[str, int]) -> list[str]:
        """The streams that are not at these versions yet; without parked ones, which wait for a
        redrive. Raises Unavailable.
        """
        keys = {name: self.view.key_of(name) for name in heads if name in self._sources}
        rows = self._rows.load(sorted(set(keys.values()))) if keys else {}
        parts = {name: rows[key].part(name) for name, key in keys.items()}
        return [
            name for name in keys if parts[name].version < heads[name] and not parts[name].parked
        ]

    def reads(self, store: EventReader) -> bool:
        """Whether streams of this store feed the view."""
        return self._sources.are_in(store)

    def parked(self, limit: int) -> dict[str, ParkedAt]:
        """The parked streams of up to `limit` rows. May lag. Raises Unavailable."""
        return {name: mark for row in self._rows.parked(limit) for name, mark in row.parked.items()}

    def _run(self, hints: Hints, report: Report, anew: set[str] | None = None) -> None:
        """Tries until every row is saved or has failed. Sources in `anew` start from nothing."""
        anew = set(anew or ())
        pending: dict[str, dict[str, Sequence[Commit]]] = {}
        for name, commits in hints.items():
            if name in self._sources:
                pending.setdefault(self.view.key_of(name), {})[name] = commits
        reasons: dict[str, str] = {}
        for _ in range(ATTEMPTS):
            if not pending:
                return
            again = self._attempt(pending, report, anew)
            pending = {step.before.key: pending[step.before.key] for step in again}
            reasons = {step.before.key: step.result.reason for step in again}
        for key, streams in pending.items():
            reason = reasons[key] or "others save the same row all the time"
            report.failed.update(dict.fromkeys(streams, reason))

    def _attempt(
        self, pending: Mapping[str, Hints], report: Report, anew: set[str]
    ) -> Sequence[_Step]:
        """Loads, follows and saves each row once; returns what needs another go."""
        # 1. Load all rows together, follow the hints of each.
        try:
            rows = self._rows.load(list(pending))
        except Unavailable as error:
            report.failed.update({name: str(error) for hints in pending.values() for name in hints})
            return []
        down: dict[str, Unavailable] = {}
        steps = [self._step(rows[key], hints, anew, down) for key, hints in pending.items()]
        # 2. Save the changed ones together.
        self._save([step for step in steps if step.changed])
        # 3. What is saved has happened; the rest is tried again, here or by who called.
        again: list[_Step] = []
        for step in steps:
            match step.result.saved:
                case Saved.SAVED:
                    _tell(step, report)
                case Saved.RACED:
                    again.append(step)
                case Saved.REFUSED:
                    found = self._park_what_is_refused(step)
                    _tell(found, report)
                    anew.difference_update(found.news, found.followed)
                    again.append(step)
                case Saved.FAILED:
                    names = pending[step.before.key]
                    report.failed.update(dict.fromkeys(names, step.result.reason))
        return again

    def _step(self, row: Row, hints: Hints, anew: set[str], down: dict[str, Unavailable]) -> _Step:
        """`down` are the stores found down during this attempt: they are not asked again."""
        step = _Step(before=row, after=row)
        # a part that this code can't read is followed too: the row could not be rendered without
        for name in [*hints, *(name for name in row.parts if name not in hints)]:
            if name not in self._sources:
                continue
            part = row.part(name)
            is_readable = self._sources[name].can_read(part)
            if name in anew or not is_readable:
                base, commits = Part(), []
            elif name not in hints:
                continue
            elif part.parked:
                step.still_parked.add(name)
                continue
            else:
                base, commits = part, list(hints[name])
            try:
                followed = self._follow(name, base, commits, step, down)
            except Unavailable as error:
                if not is_readable:  # no row can be rendered beside a part that can't be read
                    return _Step(before=row, after=row, failed=dict.fromkeys(hints, str(error)))
                step.failed[name] = str(error)
            else:
                step.followed.add(name)
                if followed != part:
                    step.after = step.after.with_part(name, followed)
        return step

    def _follow(
        self,
        name: str,
        base: Part,
        hints: Sequence[Commit],
        step: _Step,
        down: dict[str, Unavailable],
    ) -> Part:
        """The part after its hints, or after what the store has if those won't do.

        Raises Unavailable.
        """
        stream = self._sources[name]
        new = {commit.version: commit for commit in hints if commit.version > base.version}
        if hints and not new:
            return base
        commits = [new[version] for version in sorted(new)]
        followed = stream.apply_all(base, commits)
        # A gap, a damaged hint, a poison commit or none at all: what the store says counts.
        if followed.parked or not commits:
            commits = self._read(name, base.version, down)
            followed = stream.apply_all(base, commits)
            if commits:
                step.repaired.add(name)
        if followed.version > base.version:
            step.bases[name] = base
            step.news[name] = commits[: followed.version - base.version]
        return followed

    def _read(self, name: str, after: int, down: dict[str, Unavailable]) -> list[Commit]:
        category = category_of(name)
        if category in down:
            raise down[category]
        try:
            return list(self._sources.tail(name, after))
        except Unavailable as error:
            down[category] = error
            raise

    def _save(self, steps: Sequence[_Step]) -> None:
        """Renders and saves, and notes the results. What can't be rendered counts as refused.

        A row that has not moved shows what it showed: it only got a mark, or lost one.
        """
        shown: list[tuple[_Step, Row]] = []
        for step in steps:
            try:
                shown.append(
                    (step, self.view.shown(step.after) if step.news or step.moved else step.after)
                )
            except Exception as error:  # whatever `render` raises, only its own row stops
                step.result = SaveResult(Saved.REFUSED, parked_at(0, error).error)
        results = self._rows.save([row for _, row in shown]) if shown else []
        for (step, row), result in zip(shown, results, strict=True):
            step.result = result
            step.saved = replace(row, revision=row.revision + 1)

    def _park_what_is_refused(self, refused: _Step) -> _Step:
        """Saves one commit at a time, to find the first with which the row is refused, and parks
        its stream. Returns how far that came; the row is to be tried again as a whole.
        """
        parts = {
            name: self._sources[name].trusted(part) if name in self._sources else part
            for name, part in refused.before.parts.items()
        }
        done = _Step(before=refused.before, after=replace(refused.before, parts=parts))
        for name, commits in refused.news.items():
            stream, part = self._sources[name], refused.bases[name]
            for commit in commits:
                try:
                    part = stream.apply(part, commit)
                except Unavailable:
                    return done
                kept = stream.trusted(done.after.part(name))
                if commit.version < kept.version:
                    continue  # folded anew: not yet where it was, and a row never goes back
                one = _Step(before=done.after, after=done.after.with_part(name, part))
                one.news[name] = [commit]
                self._save([one])
                if one.result.saved is Saved.REFUSED:
                    mark = parked_at(commit.version, one.result.reason)
                    one = _Step(
                        before=done.after,
                        after=done.after.with_part(name, replace(kept, parked=mark)),
                        followed={name},
                    )
                    self._save([one])
                    return replace(done, after=one.after, followed={name}) if _saved(one) else done
                if not _saved(one):
                    return done
                done.after = replace(self.view.shown(one.after), revision=one.after.revision + 1)
                done.news.setdefault(name, []).append(commit)
        return done


def _saved(step: _Step) -> bool:
    return step.result.saved is Saved.SAVED


def _tell(step: _Step, report: Report) -> None:
    for name, commits in step.news.items():
        report.applied[name] = report.applied.get(name, 0) + len(commits)
    report.repaired |= step.repaired
    report.rows[step.before.key] = step.saved or step.before
    report.failed.update(step.failed)
    marks = step.after.parked
    report.parked.update({name: marks[name] for name in step.followed if name in marks})
    report.still_parked = (report.still_parked | step.still_parked) - set(report.parked)
