"""Follows for a process manager: delivers what its rows are waiting to have sent.

Every visit to a row delivers what waits there, also one that finds its event already applied; and
the sweep visits the rows that wait. A receiver that lets us wait for long, time after time, is not
asked again in the same visit: time-outs must not add up to more than a function has.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from cqrs.errors import Refused, Throttled, Unavailable, Unreadable
from cqrs.follow.followers import ATTEMPTS, Follower, Hints, Report
from cqrs.follow.messages import Answer, Message, Receiver, Timer
from cqrs.follow.process_managers import WAITING, Entry, ProcessManager, due_at, entries_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher, Instant
from cqrs.history.instants import later, now
from cqrs.views.rows import Row, RowReader, RowStore, Saved
from cqrs.views.sources import ERROR_LENGTH

__all__ = ["ProcessFollower", "ProcessRows"]

SENDERS = 8  # commands that are sent at the same time
TRIES = 4  # of a command whose receiver is only out of breath
STEPS = 20  # that a row is taken in one visit
LONG_SECONDS = 2.0  # to wait for an answer that does not come
MOST_DUE = 1_000
PAGE = 20


class ProcessRows(RowStore, RowReader, Protocol):
    """Where the rows of a process are."""


@dataclass(frozen=True)
class _Errand:
    row: Row
    key: str
    entry: Entry
    message: Message


@dataclass
class _Visit:
    """One visit to some rows. What is `stuck` in it is not tried again before the next; `silent`
    counts by receiver for how many errands in a row there was a long wait and no answer.
    """

    report: Report
    silent: Counter[str] = field(default_factory=Counter)
    stuck: set[tuple[str, str]] = field(default_factory=set)

    def failed(self, row: str, reason: str) -> None:
        self.report.undelivered[row] = reason[:ERROR_LENGTH]


class ProcessFollower(Follower):
    """Follows for a process, and delivers what its rows are waiting to have sent."""

    def __init__(
        self,
        process: ProcessManager,
        rows: ProcessRows,
        stores: Mapping[str, EventReader],
        receivers: Mapping[str, Receiver],
        timers: Mapping[str, Timer] | None = None,
        *,
        cipher: Cipher = CLEAR,
        clock: Callable[[], Instant] = now,
        pause: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`receivers` and `timers` are by the names that the process sends to."""
        super().__init__(process, rows, stores, cipher)
        self._process = process
        self._lists = rows
        self._receivers = receivers
        self._timers = timers or {}
        self._clock = clock
        self._pause = pause
        self._stopwatch = stopwatch

    def catch_up(self, hints: Hints) -> Report:
        report = super().catch_up(hints)
        self._visit(report.rows, _Visit(report))
        return report

    def redrive(self, names: Iterable[str]) -> Report:
        report = super().redrive(names)
        self._visit(report.rows, _Visit(report))
        return report

    def waiting(self) -> Iterator[Mapping[str, Row]]:
        """The rows with something due, page by page; of each thousand in any order, so that what is
        stuck holds up nothing for ever. May lag. Raises Unavailable.
        """
        after: tuple[str, str] | None = (self._clock(), "~")
        while after:
            due = self._lists.page(WAITING, WAITING, after, MOST_DUE)
            after = (due[-1].places[WAITING].sort, due[-1].key) if len(due) == MOST_DUE else None
            keys = [row.key for row in due]
            random.shuffle(keys)
            for start in range(0, len(keys), PAGE):
                yield self._rows.load(keys[start : start + PAGE])

    def deliver_waiting(self) -> Iterator[Report]:
        """Visits the rows with something due, page by page as reports are taken.

        Raises Unavailable.
        """
        silent: Counter[str] = Counter()
        for rows in self.waiting():
            report = Report()
            self._visit(self._readable(rows, report), _Visit(report, silent))
            yield report

    def _readable(self, rows: Mapping[str, Row], report: Report) -> Mapping[str, Row]:
        """`rows`, with what other code has saved folded anew: no answer can be noted beside it."""
        strange = [
            name
            for row in rows.values()
            for name, part in row.parts.items()
            if name in self._sources and not self._sources[name].can_read(part)
        ]
        return {**rows, **self._look_at(strange, report)}

    def _look_at(self, names: Iterable[str], report: Report) -> Mapping[str, Row]:
        """The rows of these streams, as far as they are followed, up to date."""
        more = super().catch_up(dict.fromkeys(names, ()))
        _add(report, more)
        return more.rows

    def _visit(self, rows: Mapping[str, Row], visit: _Visit) -> None:
        """Sends what waits, notes the answers, looks at what they led to, and so on."""
        for _ in range(STEPS):
            rows = self._step_on(rows, visit)
            if not rows:
                return

    def _step_on(self, rows: Mapping[str, Row], visit: _Visit) -> Mapping[str, Row]:
        """The rows that got on."""
        errands = [errand for row in rows.values() for errand in self._errands(row, visit)]
        if not errands:
            return {}
        with ThreadPoolExecutor(SENDERS) as pool:
            outcomes = list(pool.map(lambda errand: self._send(errand, visit), errands))
        answers: dict[str, dict[str, Answer | Instant]] = {}
        for errand, outcome in zip(errands, outcomes, strict=True):
            if isinstance(outcome, Exception):
                visit.stuck.add((errand.row.key, errand.key))
                visit.failed(errand.row.key, f"{errand.key}: {outcome!r}")
            else:
                answers.setdefault(errand.row.key, {})[errand.key] = outcome
        noted = self._note({key: rows[key] for key in answers}, answers, visit)
        visit.report.delivered += sum(len(answers[key]) for key in noted)
        # an answer is a doorbell too: what it says has happened can be looked at now
        found = [a for key in noted for a in answers[key].values() if isinstance(a, Answer)]
        rung = sorted({answer.stream for answer in found if answer.stream})
        return {**noted, **self._look_at(rung, visit.report)}

    def _errands(self, row: Row, visit: _Visit) -> list[_Errand]:
        try:
            entries = entries_of(row)
        except Unreadable as error:
            visit.failed(row.key, str(error))
            return []
        moment = self._clock()
        return [
            _Errand(row, key, entry, entry.message)
            for key, entry in entries.items()
            if entry.message and due_at(entry) <= moment and (row.key, key) not in visit.stuck
        ]

    def _send(self, errand: _Errand, visit: _Visit) -> Answer | Instant | Exception:
        """The answer, when a timer will ring, or what went wrong."""
        entry, message = errand.entry, errand.message
        is_for_later = bool(entry.after_seconds and not entry.at)
        whom = f"the timer of {entry.to}" if is_for_later else entry.to
        if visit.silent[whom] >= SENDERS:
            return Unavailable(f"{whom} does not answer")
        started = self._stopwatch()
        try:
            if is_for_later:
                return self._set_timer(entry, message)
            answer = self._deliver(entry.to, message)
        except Exception as error:  # whatever it is, the other rows must have their turn
            if self._stopwatch() - started > LONG_SECONDS:
                visit.silent[whom] += 1
            return error
        visit.silent[whom] = 0
        if not answer.accepted and not entry.refusable:
            return Refused(f"{answer.code}: {answer.detail}")
        return answer

    def _set_timer(self, entry: Entry, message: Message) -> Instant:
        at = later(self._clock(), entry.after_seconds)
        if timer := self._timers.get(entry.to):
            timer.set(message, at)
        return at

    def _deliver(self, to: str, message: Message) -> Answer:
        for attempt in range(TRIES - 1):
            try:
                return self._receivers[to].send(message)
            except Throttled:
                self._pause(random.uniform(0, 0.1 * 2**attempt))
        return self._receivers[to].send(message)

    def _note(
        self,
        rows: Mapping[str, Row],
        answers: Mapping[str, Mapping[str, Answer | Instant]],
        visit: _Visit,
    ) -> dict[str, Row]:
        """The rows with their answers. What can't be kept will be sent, and answered, again."""
        noted: dict[str, Row] = {}
        reason = "others save the same row all the time"
        for _ in range(ATTEMPTS):
            drafts = [
                d for key, row in rows.items() if (d := self._draft(row, answers[key], visit))
            ]
            results = self._rows.save(drafts) if drafts else []
            raced: list[str] = []
            for draft, result in zip(drafts, results, strict=True):
                if result.saved is Saved.SAVED:
                    noted[draft.key] = replace(draft, revision=draft.revision + 1)
                elif result.saved is Saved.RACED:
                    raced.append(draft.key)
                else:
                    visit.failed(draft.key, f"answers not kept: {result.reason}")
            rows = {key: rows[key] for key in raced}
            try:
                rows = self._rows.load(raced) if raced else {}
            except Unavailable as error:
                reason = str(error)
                break
        for key in rows:
            visit.failed(key, f"answers not kept: {reason}")
        return noted

    def _draft(
        self, row: Row, answers: Mapping[str, Answer | Instant], visit: _Visit
    ) -> Row | None:
        try:
            return self._process.answered(row, answers)
        except Exception as error:  # whatever `react` raises, only its own row stops
            visit.failed(row.key, f"answers not kept: {error!r}")
            return None


def _add(report: Report, more: Report) -> None:
    for name, number in more.applied.items():
        report.applied[name] = report.applied.get(name, 0) + number
    report.repaired |= more.repaired
    report.parked.update(more.parked)
    report.still_parked |= more.still_parked
