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
      newer code has written a commit     the stream is parked, and tried again at every visit
      there are very many commits         they are folded and saved in chunks, as many as a visit
                                          may take; the next one goes on
      a store is down or out of capacity  the stream failed: it must come again

Data and positions of a row are saved in one conditional write on the row's revision, so whatever is
repeated, late, out of order, or done by two workers at once, each commit is applied exactly once,
in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cached_property, partial
from threading import Lock

from cqrs.errors import Ahead, Unavailable
from cqrs.follow.parking import park_first_refused
from cqrs.follow.reports import Report, merged
from cqrs.follow.saving import CONTENDED, Outcome, save, shown_or_refused
from cqrs.history.commits import Commit, category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher, Instant
from cqrs.history.instants import now
from cqrs.plain import Value, field, replace
from cqrs.views.rows import Followed, ParkedAt, Part, Row, RowStore, Saved, SaveResult
from cqrs.views.sources import Advance, Sources

__all__ = ["BUDGET", "CHUNK", "Follower", "Hints", "Step", "Tails", "Task"]

Hints = Mapping[str, Sequence[Commit]]

ATTEMPTS = 6  # at a row that others save at the same time; each stream parked in it takes one
CHUNK = 1_000  # commits of a stream in memory at once, and between two saves
BUDGET = 5_000  # commits of a stream read in one visit, so that it does not hold up others for long
CHUNKS, ROWS = 10, 500  # in memory at once
PAGE = 100  # rows


class Task(Value, kw_only=False):
    """A row that is to be brought up to date: hints by stream. Streams in `anew` start from
    nothing. `taken` counts the commits read from the stores; `tries`, the times in a row that
    nothing was saved. `trouble`: why, if it is known.
    """

    key: str
    hints: Hints
    anew: frozenset[str]
    taken: Mapping[str, int] = field(default_factory=dict)
    tries: int = 0
    trouble: str = ""

    def failed(self, reason: str) -> Report:
        return Report(failed=dict.fromkeys(self.hints, reason))


class Step(Value, kw_only=False):
    """A row before and after its streams went on. Some are still parked, or have failed."""

    before: Row
    after: Row
    advances: Mapping[str, Advance] = field(default_factory=dict)
    still_parked: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Else it only got a mark, or lost one, and shows what it showed."""
        part = self.before.part
        return any(a.applied or a.part.version != part(n).version for n, a in self.advances.items())

    @property
    def is_smooth(self) -> bool:
        """Whether all streams went on to their ends."""
        stops = any(a.more or a.waits or a.cause for a in self.advances.values())
        return not (stops or self.still_parked or self.failed)

    def report(self, left: Row) -> Report:
        """What it did, once the row is stored as it was `left`."""
        gone, waiting = self.advances, [name for name, a in self.advances.items() if a.waits]
        if waiting:
            gone = {name: a for name, a in gone.items() if not a.waits}
        parts = [(name, a.part) for name, a in gone.items()]
        return Report(
            applied={name: a.applied for name, a in gone.items() if a.applied},
            repaired=frozenset([name for name, a in gone.items() if a.taken]),
            parked={name: p.parked for name, p in parts if p.parked and p.is_parked},
            causes={name: a.cause for name, a in gone.items() if a.cause},
            still_parked=self.still_parked.union(waiting),
            failed=self.failed,
            rows={left.key: left},
        )


class Tails:
    """Reads on in the stores, and asks none again that was down. `count`: the commits read."""

    def __init__(self, sources: Sources) -> None:
        self.count = 0
        self._sources = sources
        self._down: dict[str, Unavailable] = {}
        self._lock = Lock()

    def read(self, name: str, after: int, limit: int) -> tuple[Sequence[Commit], bool]:
        """The next commits, and whether there are more."""
        category = category_of(name)
        if category in self._down:
            raise self._down[category]
        try:
            found = self._sources.tail(name, after, limit + 1)
        except Unavailable as error:
            self._down[category] = error
            raise
        with self._lock:
            self.count += len(found)
        return found[:limit], len(found) > limit


class Follower:
    """Keeps the rows of one view up to date with the streams that feed it."""

    def __init__(
        self,
        view: Followed,
        rows: RowStore,
        stores: Mapping[str, EventReader],
        cipher: Cipher = CLEAR,
        clock: Callable[[], Instant] = now,
        *,
        chunk: int = CHUNK,
        budget: int = BUDGET,
        readers: int = 1,
    ) -> None:
        """`stores` are by the category of the streams in them. `chunk` commits of a stream are in
        memory at once; a visit reads at most `budget` of them. `readers`: streams that are read at
        the same time, for who brings many on without hints.
        """
        self.view = view
        self._readers = readers
        self._chunk, self._budget = chunk, budget
        self._rows = rows
        self._sources = Sources(view, stores, cipher, clock)

    def catch_up(self, hints: Hints) -> Report:
        """Brings every stream named to its hints, or to the store's newest commit where it has
        none. Those that wait for a redrive are left alone; those that are ahead of this code are
        tried again. Never raises because of single streams or rows.

        A stream that is `long` is left where the budget ends.
        """
        return self._run(hints)

    def go_on(self, limit: int = PAGE) -> Iterator[Report]:
        """Visits the rows with a stream that goes on by itself, `limit` at a time, as reports are
        taken; then those that are long, again and again, until they have caught up. May be stopped
        at any report: what is left has its mark. Raises Unavailable.
        """
        long: list[str] = []
        after: str | None = None
        while True:
            rows = self._rows.going_on(limit, after)
            if names := [n for row in rows for n, mark in row.marks.items() if mark.goes_on]:
                report = self.catch_up(dict.fromkeys(names, ()))
                long += sorted(report.long)
                yield report
            if len(rows) < limit:
                break
            after = rows[-1].key
        while long:
            names, long = long[:limit], long[limit:]
            report = self.catch_up(dict.fromkeys(names, ()))
            long += sorted(report.long)
            yield report

    def redrive(self, names: Iterable[str]) -> Report:
        """Folds streams anew from the store, parked or not: after a fix, or to repair a row. A row
        is saved once its stream is again where it was.
        """
        hints: Hints = dict.fromkeys(names, ())
        first = self._run(hints, anew=True, to_the_end=True)
        # what arrives during the first run may find the stream still parked, and let it be
        return merged([first, self._run(hints, to_the_end=True)])

    def set_aside(self, name: str, reason: str) -> None:
        """Parks a stream without folding it: that has killed whoever tried. Raises Unavailable."""
        for _ in range(ATTEMPTS):
            row = self.row_of(name)
            part = row.part(name)
            if part.is_parked:
                return
            stopped = self._sources[name].parked(part, part.version + 1, reason)
            if isinstance(save(self._rows, {row.key: row.with_part(name, stopped)})[row.key], Row):
                return
        raise Unavailable(f"{name} could not be set aside in {self.view.name}")

    def behind(self, heads: Mapping[str, int]) -> list[str]:
        """The streams that are not at these versions yet; without parked ones, which can't go on
        or are visited anyway (`go_on`). Raises Unavailable.
        """
        parts = self.parts(heads)
        return [name for name, p in parts.items() if p.version < heads[name] and not p.is_parked]

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
        """The marks, of any cause, of the streams of up to `limit` rows. May lag. Raises
        Unavailable.
        """
        return {name: mark for row in self._rows.parked(limit) for name, mark in row.marks.items()}

    def _run(self, hints: Hints, *, anew: bool = False, to_the_end: bool = False) -> Report:
        """Tries until every row is saved or has failed, chunk by chunk."""
        tasks = self._tasks(hints, anew=anew)
        tails = Tails(self._sources)
        reports: list[Report] = []
        while tasks:
            try:
                report, again = self._attempt(
                    tasks[:ROWS], tails, None if to_the_end else self._budget
                )
            except Unavailable as error:
                return merged([*reports, *(task.failed(str(error)) for task in tasks)])
            given_up = [task for task in again if task.tries == ATTEMPTS]
            lost = (task.failed(task.trouble or CONTENDED) for task in given_up)
            reports = [merged([*reports, report, *lost])]  # one: rows may be large, and tries many
            tasks = [task for task in again if task.tries < ATTEMPTS] + tasks[ROWS:]
        return merged(reports)

    def _tasks(self, hints: Hints, *, anew: bool) -> list[Task]:
        by_row: dict[str, dict[str, Sequence[Commit]]] = {}
        for name, commits in hints.items():
            if name in self._sources:
                by_row.setdefault(self.view.key_of(name), {})[name] = commits
        return [Task(key, own, frozenset(own if anew else ())) for key, own in by_row.items()]

    def _attempt(
        self, tasks: Sequence[Task], tails: Tails, budget: int | None
    ) -> tuple[Report, list[Task]]:
        """What became of the rows, and the tasks that need another go. Raises Unavailable."""
        # 1. Load all rows together.
        rows = self._rows.load([task.key for task in tasks])
        # 2. Follow the streams of each, as far as they may be in memory together.
        steps: list[Step] = []
        most = tails.count + CHUNKS * self._chunk
        while len(steps) < len(tasks) and tails.count < most:
            some = tasks[len(steps) : len(steps) + self._readers]
            steps += self._at_once(partial(self._follow, rows, tails, budget), some)
        # 3. Save the changed ones together.
        drafts: dict[str, Outcome] = {}
        for step in steps:
            if step.moved:
                drafts[step.before.key] = shown_or_refused(self.view, step.after)
            elif step.after is not step.before:
                drafts[step.before.key] = step.after
        outcomes = save(self._rows, drafts)
        # 4. What is saved has happened; the rest is tried again, here or by who called.
        reports: list[Report] = []
        again: list[Task] = list(tasks[len(steps) :])
        for task, step in zip(tasks, steps, strict=False):
            match outcome := outcomes.get(task.key, step.before):
                case Row():
                    report = step.report(outcome)
                    if more := {name for name, a in step.advances.items() if a.more}:
                        rest = _rest(task, step, budget)
                        report = replace(report, long=frozenset(more - rest.hints.keys()))
                        again += [rest] if rest.hints else []
                    reports.append(report)
                case SaveResult(Saved.RACED):
                    again.append(replace(task, tries=task.tries + 1, trouble=outcome.reason))
                case SaveResult(Saved.REFUSED):
                    found = park_first_refused(
                        self.view, self._rows, self._sources, step.before, step.advances
                    )
                    reports.append(found)
                    anew = task.anew - found.applied.keys() - found.parked.keys()
                    # what could not be read may have to start over, too
                    hints = {**dict.fromkeys(step.advances, ()), **task.hints}
                    tries, why = task.tries + 1, outcome.reason
                    again.append(replace(task, hints=hints, anew=anew, tries=tries, trouble=why))
                case SaveResult():
                    reports.append(task.failed(outcome.reason))
        return merged(reports), again

    def _at_once(self, follow: Callable[[Task], Step], tasks: Sequence[Task]) -> Iterable[Step]:
        return self._pool.map(follow, tasks) if len(tasks) > 1 else map(follow, tasks)

    @cached_property
    def _pool(self) -> Executor:
        return ThreadPoolExecutor(self._readers)

    def _follow(
        self, rows: Mapping[str, Row], tails: Tails, budget: int | None, task: Task
    ) -> Step:
        """Follows the streams of `task`, and those that this code can't read: no row can be shown
        beside them.
        """
        row = rows[task.key]
        unreadable = self._sources.unreadable(row)
        anew = task.anew.union(unreadable)
        stopped = {name for name, mark in row.marks.items() if not mark.goes_on}
        still_parked = stopped.intersection(task.hints) - anew
        advances: dict[str, Advance] = {}
        failed: dict[str, str] = {}
        for name in dict.fromkeys([*task.hints, *unreadable]):
            if name in still_parked:
                continue
            room = None if budget is None else max(1, budget - task.taken.get(name, 0))
            try:
                if name in anew:
                    reach = row.part(name).version
                    advances[name] = self._fold_on(name, Part(), tails, room, reach)
                else:
                    advances[name] = self._advance(
                        name, row.part(name), task.hints[name], tails, room
                    )
            except Unavailable as error:
                if name in unreadable:
                    return Step(row, row, failed=dict.fromkeys(task.hints, str(error)))
                failed[name] = str(error)
        parts = {name: a.part for name, a in advances.items() if a.part != row.part(name)}
        after = replace(row, parts={**row.parts, **parts}) if parts else row
        return Step(row, after, advances, frozenset(still_parked), failed)

    def _advance(
        self, name: str, base: Part, hints: Sequence[Commit], tails: Tails, room: int | None
    ) -> Advance:
        """How a stream goes on. Raises Unavailable."""
        source = self._sources[name]
        # 1. A mark: hints may continue, and there is more in the store after them.
        if base.parked and base.parked.cause == "ahead":
            commits, _ = tails.read(name, base.version, 1)
            _, cause = source.apply_all(base, commits)
            if isinstance(cause, Ahead):
                return Advance(base, base, waits=True)
        if base.parked:
            return self._fold_on(name, base, tails, room)
        # 2. All hints were applied before: nothing to do.
        new = {commit.version: commit for commit in hints if commit.version > base.version}
        if hints and not new:
            return Advance(base, base)
        # 3. They continue.
        commits = [new[version] for version in sorted(new)]
        part, cause = source.apply_all(base, commits)
        if commits and not cause:
            return Advance(base, part, commits)
        # 4. A gap, a damaged hint, a poison commit or none at all: what the store says counts.
        return self._fold_on(name, base, tails, room)

    def _fold_on(
        self, name: str, base: Part, tails: Tails, room: int | None, reach: int = 0
    ) -> Advance:
        """The next chunk of what the store has; chunk after chunk, in memory, up to the version
        `reach`. Reads at most `room` commits if there is a limit. Raises Unavailable.
        """
        source = self._sources[name]
        start, taken = replace(base, parked=None), 0
        while True:
            limit = self._chunk if room is None else min(self._chunk, room - taken)
            commits, more = tails.read(name, start.version, limit)
            part, cause = source.apply_all(start, commits)
            taken += len(commits)
            if cause or not more or part.version >= reach or taken == room:
                break
            start = part
        more = more and not cause
        return Advance(
            base=start,
            part=source.paused(part, base.parked) if more else part,
            commits=commits[: part.version - start.version],
            earlier=start.version - base.version,
            taken=taken,
            more=more,
            cause=cause,
        )


def _rest(task: Task, step: Step, budget: int | None) -> Task:
    """What is left of `task` when `step` is saved: the streams that have more, and room for it."""
    taken = {name: task.taken.get(name, 0) + a.taken for name, a in step.advances.items()}
    more = [name for name, a in step.advances.items() if a.more]
    left = [name for name in more if budget is None or taken[name] < budget]
    return Task(task.key, dict.fromkeys(left, ()), frozenset(), taken)
