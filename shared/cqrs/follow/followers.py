"""Followers: what keeps a view up to date.

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

from collections.abc import Callable, Iterable, Mapping, Sequence

from cqrs.errors import Unavailable
from cqrs.follow.parking import park_first_refused
from cqrs.follow.reports import Report, merged
from cqrs.follow.saving import CONTENDED, save, shown_or_refused
from cqrs.history.commits import Commit, category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher, Instant
from cqrs.history.instants import now
from cqrs.plain import Value, field, replace
from cqrs.views.rows import Followed, ParkedAt, Part, Row, RowStore, Saved, SaveResult
from cqrs.views.sources import Advance, Sources

__all__ = ["Follower", "Hints"]

Hints = Mapping[str, Sequence[Commit]]

ATTEMPTS = 6  # at a row that others save at the same time; each stream parked in it takes one


class _Task(Value, kw_only=False):
    """A row that is to be brought up to date: hints by stream. Streams in `anew` start from
    nothing. `trouble`: why the row was not saved, if it is known.
    """

    key: str
    hints: Hints
    anew: frozenset[str]
    trouble: str = ""

    def failed(self, reason: str) -> Report:
        return Report(failed=dict.fromkeys(self.hints, reason))


class _Step(Value, kw_only=False):
    """A row before and after its streams went on. Some are still parked, or have failed."""

    before: Row
    after: Row
    advances: Mapping[str, Advance] = field(default_factory=dict)
    still_parked: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Else it only got a mark, or lost one, and shows what it showed."""
        at = self.before.positions
        return any(a.commits or a.part.version != at.get(n, 0) for n, a in self.advances.items())

    def report(self, left: Row) -> Report:
        """What it did, once the row is stored as it was `left`."""
        return Report(
            applied={name: len(a.commits) for name, a in self.advances.items() if a.commits},
            repaired=frozenset(name for name, a in self.advances.items() if a.repaired),
            parked={name: a.part.parked for name, a in self.advances.items() if a.part.parked},
            causes={name: a.cause for name, a in self.advances.items() if a.cause},
            still_parked=self.still_parked,
            failed=self.failed,
            rows={left.key: left},
        )


class _Tails:
    """Reads on in the stores, and asks none again that was down."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._down: dict[str, Unavailable] = {}

    def read(self, name: str, after: int) -> Sequence[Commit]:
        category = category_of(name)
        if category in self._down:
            raise self._down[category]
        try:
            return list(self._sources.tail(name, after))
        except Unavailable as error:
            self._down[category] = error
            raise


class Follower:
    """Keeps the rows of one view up to date with the streams that feed it."""

    def __init__(
        self,
        view: Followed,
        rows: RowStore,
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
        clock: Callable[[], Instant] = now,
    ) -> None:
        """`stores` are by the category of the streams in them."""
        self.view = view
        self._rows = rows
        self._sources = Sources(view, stores, cipher, clock)

    def catch_up(self, hints: Hints) -> Report:
        """Brings every stream named to its hints, or to the store's newest commit where it has
        none. Parked ones wait. Never raises because of single streams or rows.
        """
        return self._run(hints)

    def redrive(self, names: Iterable[str]) -> Report:
        """Folds streams anew from the store, parked or not: after a fix, or to repair a row."""
        hints: Hints = dict.fromkeys(names, ())
        # what arrives during the first run may find the stream still parked, and let it be
        return merged([self._run(hints, anew=True), self._run(hints)])

    def behind(self, heads: Mapping[str, int]) -> list[str]:
        """The streams that are not at these versions yet; without parked ones, which wait for a
        redrive. Raises Unavailable.
        """
        parts = self.parts(heads)
        return [name for name, p in parts.items() if p.version < heads[name] and not p.parked]

    def row_of(self, stream: str) -> Row:
        """The row that a stream feeds, as it is stored. Raises Unavailable."""
        key = self.view.key_of(stream)
        return self._rows.load([key])[key]

    def parts(self, names: Iterable[str]) -> dict[str, Part]:
        """The parts of those streams that the view follows. Raises Unavailable."""
        keys = {name: self.view.key_of(name) for name in names if name in self._sources}
        rows = self._rows.load(sorted(set(keys.values()))) if keys else {}
        return {name: rows[key].part(name) for name, key in keys.items()}

    def parked(self, limit: int) -> dict[str, ParkedAt]:
        """The parked streams of up to `limit` rows. May lag. Raises Unavailable."""
        return {name: mark for row in self._rows.parked(limit) for name, mark in row.parked.items()}

    def _run(self, hints: Hints, *, anew: bool = False) -> Report:
        """Tries until every row is saved or has failed."""
        tasks = self._tasks(hints, anew=anew)
        reports: list[Report] = []
        for _ in range(ATTEMPTS):
            if not tasks:
                break
            report, tasks = self._attempt(tasks)
            reports.append(report)
        reports += [task.failed(task.trouble or CONTENDED) for task in tasks]
        return merged(reports)

    def _tasks(self, hints: Hints, *, anew: bool) -> list[_Task]:
        by_row: dict[str, dict[str, Sequence[Commit]]] = {}
        for name, commits in hints.items():
            if name in self._sources:
                by_row.setdefault(self.view.key_of(name), {})[name] = commits
        return [_Task(key, own, frozenset(own if anew else ())) for key, own in by_row.items()]

    def _attempt(self, tasks: Sequence[_Task]) -> tuple[Report, list[_Task]]:
        """What became of the rows, and the tasks that need another go."""
        # 1. Load all rows together.
        try:
            rows = self._rows.load([task.key for task in tasks])
        except Unavailable as error:
            return merged(task.failed(str(error)) for task in tasks), []
        # 2. Follow the streams of each.
        tails = _Tails(self._sources)
        steps = [self._follow(rows[task.key], task, tails) for task in tasks]
        # 3. Save the changed ones together.
        drafts = {
            step.before.key: shown_or_refused(self.view, step.after) if step.moved else step.after
            for step in steps
            if step.moved or step.after.parts != step.before.parts
        }
        outcomes = save(self._rows, drafts)
        # 4. What is saved has happened; the rest is tried again, here or by who called.
        reports: list[Report] = []
        again: list[_Task] = []
        for task, step in zip(tasks, steps, strict=True):
            match outcome := outcomes.get(task.key, step.before):
                case Row():
                    reports.append(step.report(outcome))
                case SaveResult(Saved.RACED):
                    again.append(replace(task, trouble=outcome.reason))
                case SaveResult(Saved.REFUSED):
                    found = park_first_refused(
                        self.view, self._rows, self._sources, step.before, step.advances
                    )
                    reports.append(found)
                    anew = task.anew - found.applied.keys() - found.parked.keys()
                    # what could not be read may have to start over, too
                    hints = {**dict.fromkeys(step.advances, ()), **task.hints}
                    again.append(replace(task, hints=hints, anew=anew, trouble=outcome.reason))
                case SaveResult():
                    reports.append(task.failed(outcome.reason))
        return merged(reports), again

    def _follow(self, row: Row, task: _Task, tails: _Tails) -> _Step:
        """Follows the streams of `task`, and those that this code can't read: no row can be shown
        beside them.
        """
        unreadable = self._sources.unreadable(row)
        anew = task.anew.union(unreadable)
        still_parked = frozenset(name for name in task.hints if row.part(name).parked) - anew
        advances: dict[str, Advance] = {}
        failed: dict[str, str] = {}
        for name in dict.fromkeys([*task.hints, *unreadable]):
            if name in still_parked:
                continue
            base, hints = (Part(), ()) if name in anew else (row.part(name), task.hints[name])
            try:
                advances[name] = self._advance(name, base, hints, tails)
            except Unavailable as error:
                if name in unreadable:
                    return _Step(row, row, failed=dict.fromkeys(task.hints, str(error)))
                failed[name] = str(error)
        parts = {name: a.part for name, a in advances.items() if a.part != row.part(name)}
        after = replace(row, parts={**row.parts, **parts})
        return _Step(row, after, advances, still_parked, failed)

    def _advance(self, name: str, base: Part, hints: Sequence[Commit], tails: _Tails) -> Advance:
        """How a stream goes on. Raises Unavailable."""
        source = self._sources[name]
        new = {commit.version: commit for commit in hints if commit.version > base.version}
        # 1. All hints were applied before: nothing to do.
        if hints and not new:
            return Advance(base, base)
        # 2. They continue.
        commits: Sequence[Commit] = [new[version] for version in sorted(new)]
        part, cause = source.apply_all(base, commits)
        if commits and not cause:
            return Advance(base, part, commits)
        # 3. A gap, a damaged hint, a poison commit or none at all: what the store says counts.
        commits = tails.read(name, base.version)
        part, cause = source.apply_all(base, commits)
        applied = commits[: part.version - base.version]
        return Advance(base, part, applied, repaired=bool(commits), cause=cause)
