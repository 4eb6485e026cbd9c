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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cqrs import plain
from cqrs.commits import Commit, category_of
from cqrs.errors import Unavailable, Unreadable
from cqrs.event_store import EventReader
from cqrs.events import CLEAR, Cipher, EventCodec
from cqrs.views import Fold, ParkedAt, Part, Row, RowStore, RowView, Saved, SaveResult, load_state

__all__ = ["Follower", "Hints", "Report", "Stream", "Streams"]

Hints = Mapping[str, Sequence[Commit]]

ATTEMPTS = 6  # at a row that others save at the same time
ERROR_LENGTH = 500


@dataclass
class Report:
    """What a call of `catch_up` did, by stream.

    `applied` counts commits; `repaired` had to be read from the store; `failed` must be tried
    again.
    """

    applied: dict[str, int] = field(default_factory=dict)
    repaired: set[str] = field(default_factory=set)
    parked: dict[str, ParkedAt] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass
class _Step:
    """A row before and after its hints were followed, and how it got there."""

    before: Row
    after: Row
    news: dict[str, list[Commit]] = field(default_factory=dict)
    repaired: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.after.parts != self.before.parts


class Stream:
    """Follows one stream for one view: the pure part of following."""

    def __init__(self, name: str, fold: Fold[Any, Any], codec: EventCodec) -> None:
        self.name = name
        self._fold = fold
        self._codec = codec

    def apply(self, part: Part, commit: Commit) -> Part:
        """`part` after the next commit. Raises whatever the fold raises, and Unreadable."""
        if (commit.stream, commit.version) != (self.name, part.version + 1):
            raise Unreadable(f"{commit} does not follow {self.name}@{part.version}")
        state = load_state(self._fold, part)
        for recorded in commit.events(self._codec):
            state = self._fold.evolve(state, recorded)
        tagged = plain.is_tagged(self._fold.state)
        return Part(version=commit.version, state=plain.dump(state, tagged=tagged))

    def apply_all(self, part: Part, commits: Sequence[Commit]) -> Part:
        """`part` after all of `commits`, or parked at the first that can't be applied.

        Raises Unavailable when it can't be told for now, as when a cipher's keys are out of reach.
        """
        for commit in commits:
            try:
                part = self.apply(part, commit)
            except Unavailable:
                raise
            except Exception as error:  # whatever a fold raises, only its own stream stops
                return replace(part, parked=_parked(commit, f"{type(error).__name__}: {error}"))
        return part


def _parked(commit: Commit, reason: str) -> ParkedAt:
    return ParkedAt(version=commit.version, error=reason[:ERROR_LENGTH])


class Streams:
    """The streams that feed a view. `stores` are by the category of the streams in them."""

    def __init__(
        self, view: RowView, stores: Mapping[str, EventReader], cipher: Cipher = CLEAR
    ) -> None:
        self._view = view
        self._stores = stores
        self._codecs = {fold.category: EventCodec(fold.events, cipher) for fold in view.folds}

    def __contains__(self, name: str) -> bool:
        return self._view.fold_of(name) is not None

    def __getitem__(self, name: str) -> Stream:
        fold = self._view.fold_of(name)
        if fold is None:
            raise KeyError(f"{self._view.name} does not follow {name}")
        return Stream(name, fold, self._codecs[fold.category])

    def tail(self, name: str, after: int) -> Sequence[Commit]:
        """What the store has of a stream after a version, however new. Raises Unavailable."""
        return self._stores[category_of(name)].read(name, after)


class Follower:
    """Keeps the rows of one view up to date with the streams that feed it."""

    def __init__(
        self,
        view: RowView,
        rows: RowStore,
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
    ) -> None:
        """`stores` are by the category of the streams in them."""
        self.view = view
        self._rows = rows
        self._streams = Streams(view, stores, cipher)

    def catch_up(self, hints: Hints, *, redrive: bool = False) -> Report:
        """Brings every stream named to its hints, or to the store's newest commit where it has
        none.

        `redrive` takes parked streams up again. Never raises because of single streams or rows.
        """
        report = Report()
        forgiven = set(hints) if redrive else set()
        pending: dict[str, dict[str, Sequence[Commit]]] = {}
        for name, commits in hints.items():
            if name in self._streams:
                pending.setdefault(self.view.key_of(name), {})[name] = commits
        for _ in range(ATTEMPTS):
            if not pending:
                break
            again = self._attempt(pending, report, forgiven)
            pending = {key: pending[key] for key in again}
        for streams in pending.values():
            report.failed.update(dict.fromkeys(streams, "others save the same row all the time"))
        return report

    def behind(self, heads: Mapping[str, int]) -> list[str]:
        """The streams that are not at these versions yet; without parked ones, which wait for a
        redrive.
        """
        keys = {name: self.view.key_of(name) for name in heads if name in self._streams}
        rows = self._rows.load(sorted(set(keys.values()))) if keys else {}
        parts = {name: rows[key].part(name) for name, key in keys.items()}
        return [
            name for name in keys if parts[name].version < heads[name] and not parts[name].parked
        ]

    def parked(self, limit: int) -> dict[str, ParkedAt]:
        """The parked streams of up to `limit` rows. May lag. Raises Unavailable."""
        return {name: mark for row in self._rows.parked(limit) for name, mark in row.parked.items()}

    def _attempt(
        self, pending: Mapping[str, Hints], report: Report, forgiven: set[str]
    ) -> Sequence[str]:
        """Loads, folds and saves each row once; returns the keys of those that need another go."""
        # 1. Load all rows together, follow the hints of each.
        try:
            rows = self._rows.load(list(pending))
        except Unavailable as error:
            report.failed.update({name: str(error) for hints in pending.values() for name in hints})
            return []
        steps = [self._step(rows[key], hints, forgiven) for key, hints in pending.items()]
        # 2. Save the changed ones together.
        changed = [step for step in steps if step.changed]
        results = dict(
            zip(map(id, changed), self._save([step.after for step in changed]), strict=True)
        )
        # 3. What is saved has happened; the rest is tried again, here or by who called.
        again: list[str] = []
        for step in steps:
            result = results.get(id(step), SaveResult(Saved.SAVED))
            match result.saved:
                case Saved.SAVED:
                    self._tell(step, report)
                case Saved.RACED:
                    again.append(step.before.key)
                case Saved.REFUSED:
                    forgiven -= self._park_what_is_refused(step, report)
                    again.append(step.before.key)
                case Saved.FAILED:
                    report.failed.update(dict.fromkeys(pending[step.before.key], result.reason))
        return again

    def _step(self, row: Row, hints: Hints, forgiven: set[str]) -> _Step:
        step = _Step(before=row, after=row)
        for name, commits in hints.items():
            part = row.part(name)
            if part.parked and name not in forgiven:
                continue
            try:
                followed = self._follow(name, replace(part, parked=None), commits, step)
            except Unavailable as error:
                step.failed[name] = str(error)
            else:
                if followed != part:
                    step.after = _with_part(step.after, name, followed)
        return step

    def _follow(self, name: str, part: Part, hints: Sequence[Commit], step: _Step) -> Part:
        """`part` after its hints, or after what the store has where they don't do. Raises
        Unavailable.
        """
        stream = self._streams[name]
        new = {commit.version: commit for commit in hints if commit.version > part.version}
        if hints and not new:
            return part
        commits = [new[version] for version in sorted(new)]
        followed = stream.apply_all(part, commits)
        # A gap, a damaged hint, a poison commit or none at all: what the store says counts.
        if followed.parked or not commits:
            commits = list(self._streams.tail(name, part.version))
            followed = stream.apply_all(part, commits)
            if commits:
                step.repaired.add(name)
        if followed.version > part.version:
            step.news[name] = commits[: followed.version - part.version]
        return followed

    def _save(self, rows: Sequence[Row]) -> list[SaveResult]:
        """Renders and saves. A row that can't be rendered counts as refused by the store."""
        results: dict[str, SaveResult] = {}
        shown: list[Row] = []
        for row in rows:
            try:
                shown.append(self.view.shown(row))
            except Exception as error:  # whatever `render` raises, only its own row stops
                results[row.key] = SaveResult(Saved.REFUSED, f"{type(error).__name__}: {error}")
        if shown:
            saved = self._rows.save(shown)
            results.update({row.key: result for row, result in zip(shown, saved, strict=True)})
        return [results[row.key] for row in rows]

    def _park_what_is_refused(self, step: _Step, report: Report) -> set[str]:
        """Saves the news of a refused row one commit at a time, and parks the stream of the first
        that is refused. Returns what it parked. However this ends, the row is tried again as a
        whole.
        """
        row = step.before
        for name, commits in step.news.items():
            stream = self._streams[name]
            for commit in commits:
                part = replace(row.part(name), parked=None)
                longer = _with_part(row, name, stream.apply(part, commit))
                result = self._save([longer])[0]
                if result.saved is Saved.REFUSED:
                    mark = _parked(commit, result.reason)
                    # not rendered: it goes on showing what it showed, and queries see the mark
                    self._rows.save([_with_part(row, name, replace(part, parked=mark))])
                    report.parked[name] = mark
                    return {name}
                if result.saved is not Saved.SAVED:
                    return set()
                report.applied[name] = report.applied.get(name, 0) + 1
                row = replace(self.view.shown(longer), revision=row.revision + 1)
        return set()

    def _tell(self, step: _Step, report: Report) -> None:
        for name, commits in step.news.items():
            report.applied[name] = report.applied.get(name, 0) + len(commits)
        report.repaired |= step.repaired
        report.failed.update(step.failed)
        for name, mark in step.after.parked.items():
            if step.before.parked.get(name) != mark:
                report.parked[name] = mark


def _with_part(row: Row, name: str, part: Part) -> Row:
    return replace(row, parts={**row.parts, name: part})
