"""Follows for a process manager: delivers what its rows are waiting to have sent.

Every visit to a row delivers what waits there, also one that finds its event already applied; and
the sweep visits the rows that wait.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from cqrs.errors import Throttled, Unavailable, Unreadable
from cqrs.event_store import EventReader
from cqrs.events import CLEAR, Cipher, Instant
from cqrs.followers import ATTEMPTS, ERROR_LENGTH, Follower, Hints, Report
from cqrs.instants import now
from cqrs.messages import Answer, Message, Receiver, Timer
from cqrs.process_managers import WAITING, Entry, ProcessManager, due_at, entries_of
from cqrs.views import Row, RowReader, RowStore, Saved

__all__ = ["ProcessFollower", "ProcessRows"]

SENDERS = 8  # commands that are sent at the same time
TRIES = 3  # of a command whose receiver is only out of breath
STEPS = 20  # that a row is taken in one visit
PAGE = 50


class ProcessRows(RowStore, RowReader, Protocol):
    """Where the rows of a process are."""


@dataclass(frozen=True)
class _Errand:
    row: Row
    key: str
    entry: Entry
    message: Message


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
    ) -> None:
        """`receivers` and `timers` are by the names that the process sends to."""
        super().__init__(process, rows, stores, cipher)
        self._process = process
        self._waiting = rows
        self._receivers = receivers
        self._timers = timers or {}
        self._clock = clock
        self._pause = pause

    def catch_up(self, hints: Hints) -> Report:
        report = super().catch_up(hints)
        self._deliver(hints, report)
        return report

    def redrive(self, names: Iterable[str]) -> Report:
        names = list(names)
        report = super().redrive(names)
        self._deliver(names, report)
        return report

    def waiting(self) -> Iterator[list[Row]]:
        """The rows with something due, page by page. May lag. Raises Unavailable."""
        after: tuple[str, str] | None = (self._clock(), "~")
        while after:
            page = self._waiting.page(WAITING, WAITING, after, PAGE)
            if page:
                yield page
            full = len(page) == PAGE
            after = (page[-1].places[WAITING].sort, page[-1].key) if full else None

    def deliver_waiting(self) -> Iterator[Report]:
        """Visits the rows with something due, page by page as reports are taken.

        Raises Unavailable.
        """
        for page in self.waiting():
            report = Report()
            self._visit([row.key for row in page], report)
            yield report

    def _deliver(self, names: Iterable[str], report: Report) -> None:
        keys = {self.view.key_of(name) for name in names if self.view.fold_of(name)}
        try:
            self._visit(sorted(keys), report)
        except Unavailable as error:  # what waits in the rows waits for the next visit
            report.undelivered.update(dict.fromkeys(keys, str(error)))

    def _visit(self, keys: Sequence[str], report: Report) -> None:
        """Sends what waits, notes the answers, looks at what they led to, and so on."""
        for _ in range(STEPS):
            rows = self._rows.load(keys) if keys else {}
            keys = self._step_on(rows, report)
            if not keys:
                return

    def _step_on(self, rows: Mapping[str, Row], report: Report) -> list[str]:
        """The rows that got on."""
        errands = [errand for row in rows.values() for errand in self._errands(row)]
        if not errands:
            return []
        with ThreadPoolExecutor(SENDERS) as pool:
            outcomes = list(pool.map(self._send, errands))
        answers: dict[str, dict[str, Answer | None]] = {}
        for errand, outcome in zip(errands, outcomes, strict=True):
            if isinstance(outcome, Exception):
                report.undelivered[errand.row.key] = f"{errand.key}: {outcome!r}"[:ERROR_LENGTH]
            else:
                answers.setdefault(errand.row.key, {})[errand.key] = outcome
        noted = [key for key in answers if self._note(rows[key], answers[key], report)]
        report.delivered += sum(len(answers[key]) for key in noted)
        # an answer is a doorbell too: what it says has happened can be looked at now
        rung = {a.stream for key in noted for a in answers[key].values() if a and a.stream}
        if mine := {name: () for name in sorted(rung) if name in self._streams}:
            _add(report, super().catch_up(mine))
        return noted

    def _errands(self, row: Row) -> list[_Errand]:
        try:
            entries = entries_of(row)
        except Unreadable:
            return []
        moment = self._clock()
        return [
            _Errand(row, key, entry, entry.message)
            for key, entry in entries.items()
            if entry.message and due_at(entry) <= moment
        ]

    def _send(self, errand: _Errand) -> Answer | Exception | None:
        """The answer, None if it is with a timer now, or what went wrong."""
        entry, message = errand.entry, errand.message
        try:
            if entry.at and not entry.timed and entry.at > self._clock():
                if timer := self._timers.get(entry.to):
                    timer.set(message, entry.at)
                return None
            return self._deliver_one(entry.to, message)
        except Exception as error:  # whatever it is, the other rows must have their turn
            return error

    def _deliver_one(self, to: str, message: Message) -> Answer:
        for attempt in range(TRIES - 1):
            try:
                return self._receivers[to].send(message)
            except Throttled:
                self._pause(random.uniform(0, 0.1 * 2**attempt))
        return self._receivers[to].send(message)

    def _note(self, row: Row, answers: Mapping[str, Answer | None], report: Report) -> bool:
        """Whether the answers are in the row. If not, the same commands are sent again."""
        reason = "others save the same row all the time"
        for _ in range(ATTEMPTS):
            try:
                (result,) = self._rows.save([self._process.answered(row, answers)])
            except Exception as error:  # whatever `react` raises, only its own row stops
                reason = repr(error)
                break
            if result.saved is Saved.SAVED:
                return True
            if result.saved is not Saved.RACED:
                reason = result.reason
                break
            row = self._rows.load([row.key])[row.key]
        report.undelivered[row.key] = f"answers not kept: {reason}"[:ERROR_LENGTH]
        return False


def _add(report: Report, more: Report) -> None:
    for name, number in more.applied.items():
        report.applied[name] = report.applied.get(name, 0) + number
    report.repaired |= more.repaired
    report.parked.update(more.parked)
    report.waiting |= more.waiting
