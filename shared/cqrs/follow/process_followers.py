"""Follows for a process manager: delivers what its rows are waiting to have sent.

Every visit to a row delivers what waits there, also one that finds its event already applied; and
the sweep visits the rows that wait. A receiver that lets us wait for long, time after time, is not
asked again in the same visit: time-outs must not add up to more than a function has.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cached_property, partial
from typing import Protocol, TypeVar, cast

from cqrs.discretion import said
from cqrs.errors import CqrsError, Throttled, Unavailable
from cqrs.follow.followers import ATTEMPTS, BUDGET, CHUNK, Follower, Hints, Step, Tails, Task
from cqrs.follow.messages import Answer, BatchReceiver, Message, Receiver, Reply, Timer
from cqrs.follow.process_managers import WAITING, Entry, ProcessManager, due_at, entries_of
from cqrs.follow.reports import Report, merged
from cqrs.follow.saving import CONTENDED, Outcome, is_raced, save
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher, Instant
from cqrs.history.instants import later
from cqrs.plain import Value, replace
from cqrs.views.rows import Row, RowReader, RowStore, Saved, SaveResult
from cqrs.views.sources import reason_of
from cqrs.waiting import Backoff

__all__ = ["ProcessFollower", "ProcessRows"]

T = TypeVar("T")

SENDERS = 8  # calls that are made at the same time
MOST = 100  # commands that are sent in one call
OUT_OF_BREATH = Backoff(tries=4, first_seconds=0.1)  # a receiver that takes the command soon
STEPS = 20  # that a row is taken in one visit
LONG_SECONDS = 2.0  # to wait for an answer that does not come
MOST_DUE = 1_000
PAGE = 20


class ProcessRows(RowStore, RowReader, Protocol):
    """Where the rows of a process are."""


class _Errand(Value, kw_only=False):
    """A command that is due: what waits in a row under a key."""

    row: str
    key: str
    entry: Entry
    message: Message


_Note = Answer | Instant
"""To be noted in the row of a command: its answer, or when a timer will ring for it."""


class _Silence:
    """Counts by receiver for how many errands in a row there was a long wait and no answer."""

    def __init__(self, stopwatch: Callable[[], float]) -> None:
        self._stopwatch = stopwatch
        self._silent: Counter[str] = Counter()

    def ask(self, whom: str, question: Callable[[], T], errands: int = 1) -> T:
        """The answer. Raises Unavailable if `whom` has been silent for too long to be asked."""
        if self._silent[whom] >= SENDERS:
            raise Unavailable(f"{whom} does not answer")
        started = self._stopwatch()
        try:
            answer = question()
        except Exception:
            if self._stopwatch() - started > LONG_SECONDS:
                self._silent[whom] += errands
            raise
        self._silent[whom] = 0
        return answer


def _streams(notes: Iterable[_Note]) -> Iterator[str]:
    """The streams that answers name."""
    for note in notes:
        if isinstance(note, Answer) and note.stream:
            yield note.stream


def _useful(reply: Reply | Instant, entry: Entry) -> _Note | Exception:
    """`reply`, unless it is a refusal that the process can do nothing about."""
    if isinstance(reply, Answer) and not reply.accepted and not entry.refusable:
        return CqrsError(f"{entry.to} refuses: {reply.code}")
    return reply


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
        pause: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
        chunk: int = CHUNK,
        budget: int = BUDGET,
    ) -> None:
        """`receivers` and `timers` are by the names that the process sends to."""
        super().__init__(process, rows, stores, cipher, process.clock, chunk=chunk, budget=budget)
        self._process = process
        self._lists = rows
        self._receivers = receivers
        self._timers = timers or {}
        self._pause = pause
        self._stopwatch = stopwatch

    def catch_up(self, hints: Hints) -> Report:
        return self._visit(super().catch_up(hints), _Silence(self._stopwatch))

    def redrive(self, names: Iterable[str]) -> Report:
        return self._visit(super().redrive(names), _Silence(self._stopwatch))

    def waiting(self) -> Iterator[Mapping[str, Row]]:
        """The rows with something due, page by page; of each thousand in any order, so that what is
        stuck holds up nothing for ever. May lag. Raises Unavailable.
        """
        after: tuple[str, str] | None = (self._process.clock(), "~")
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
        silence = _Silence(self._stopwatch)
        for rows in self.waiting():
            # no answer can be noted beside what other code has saved: that is folded anew
            strange = [name for row in rows.values() for name in self._sources.unreadable(row)]
            yield self._visit(merged([Report(rows=rows), self._look_at(strange)]), silence)

    def _look_at(self, names: Iterable[str]) -> Report:
        """What following these streams did. None fails: nobody rang for it who could ring again."""
        return replace(super().catch_up(dict.fromkeys(names, ())), failed={})

    def _visit(self, followed: Report, silence: _Silence) -> Report:
        """Delivers in the rows that were followed, round by round, as long as they get on. What is
        stuck is not tried again before the next visit.
        """
        rounds = [followed]
        stuck: frozenset[str] = frozenset()
        for _ in range(STEPS):
            report, stuck = self._round(rounds[-1].rows, stuck, silence)
            rounds.append(report)
            if not report.rows:
                break
        return merged(rounds)

    def _round(
        self, rows: Mapping[str, Row], stuck: frozenset[str], silence: _Silence
    ) -> tuple[Report, frozenset[str]]:
        """What was delivered, with the rows that got on by it; and the ids of all that is stuck."""
        errands: list[_Errand] = []
        notes: dict[str, dict[str, _Note]] = {}
        undelivered: dict[str, str] = {}
        # 1. Find what is due in each row.
        for row in rows.values():
            try:
                errands += self._errands(row, stuck)
            except Exception as error:  # whatever is in it, the other rows must have their turn
                undelivered[row.key] = reason_of(error)
        if not errands:
            return Report(undelivered=undelivered), stuck
        # 2. Send all of it at the same time, in as few calls as can be.
        packs = list(self._packs(errands))
        send = partial(self._send, silence=silence)
        sent = self._senders.map(send, packs) if len(packs) > 1 else map(send, packs)
        for pack, replies in zip(packs, sent, strict=True):
            for errand, reply in zip(pack, replies, strict=True):
                if isinstance(reply, Exception):
                    stuck |= {errand.message.id}
                    undelivered[errand.row] = reason_of(f"{errand.key}: {said(reply)}")
                else:
                    notes.setdefault(errand.row, {})[errand.key] = reply
        # 3. Note the answers in their rows. They are doorbells too: with them goes what they say
        # has happened to the same row.
        steps = self._rung({key: rows[key] for key in notes}, notes)
        outcomes = self._note({key: rows[key] for key in notes}, notes, steps)
        noted = {key: o for key, o in outcomes.items() if isinstance(o, Row)}
        lost = {key: o.reason or CONTENDED for key, o in outcomes.items() if not isinstance(o, Row)}
        undelivered |= {key: reason_of(f"answers not kept: {why}") for key, why in lost.items()}
        followed = [step.report(noted[key]) for key, step in steps.items()]
        # 4. Look at what else they say has happened.
        given = [note for key in noted for note in notes[key].values()]
        seen = {name for step in steps.values() for name in step.advances}
        rung = sorted({*_streams(given)} - seen)
        delivered = Report(rows=noted, delivered=len(given), undelivered=undelivered)
        return merged([*followed, delivered, self._look_at(rung)]), stuck

    def _errands(self, row: Row, stuck: frozenset[str]) -> list[_Errand]:
        """What is due in a row and not stuck. Raises Unreadable."""
        moment = self._process.clock()
        return [
            _Errand(row.key, key, entry, entry.message)
            for key, entry in entries_of(row).items()
            if entry.message and due_at(entry) <= moment and entry.message.id not in stuck
        ]

    @cached_property
    def _senders(self) -> Executor:
        return ThreadPoolExecutor(SENDERS)

    def _packs(self, errands: Iterable[_Errand]) -> Iterator[Sequence[_Errand]]:
        """What is sent in one call each: all to one receiver, if it takes several at once."""
        together: dict[str, list[_Errand]] = {}
        for errand in errands:
            to = errand.entry.to
            if self._is_for_later(errand) or not isinstance(self._receivers.get(to), BatchReceiver):
                yield [errand]
            else:
                together.setdefault(to, []).append(errand)
        for several in together.values():
            for first in range(0, len(several), MOST):
                yield several[first : first + MOST]

    def _is_for_later(self, errand: _Errand) -> bool:
        entry = errand.entry
        return bool(entry.after_seconds) and (not entry.at or self._process.clock() < entry.at)

    def _send(self, pack: Sequence[_Errand], silence: _Silence) -> Sequence[_Note | Exception]:
        """What is to be noted of each errand, or what went wrong."""
        entry, message = pack[0].entry, pack[0].message
        replies: Sequence[_Note | Exception]
        try:
            if self._is_for_later(pack[0]):
                timer = f"the timer of {entry.to}"
                return [silence.ask(timer, lambda: self._set_timer(entry, message))]
            if len(pack) == 1:
                replies = [silence.ask(entry.to, lambda: self._deliver(entry.to, message))]
            else:
                replies = self._deliver_all(entry.to, [e.message for e in pack], silence)
        except Exception as error:  # whatever it is, the other rows must have their turn
            return [error] * len(pack)
        return [_useful(reply, e.entry) for reply, e in zip(replies, pack, strict=True)]

    def _set_timer(self, entry: Entry, message: Message) -> Instant:
        # in a row of older code no time is fixed before the timer is set
        at = entry.at or later(self._process.clock(), entry.after_seconds)
        if timer := self._timers.get(entry.to):
            timer.set(message, at)
        return at

    def _deliver(self, to: str, message: Message) -> Answer:
        throttled = Throttled(to)
        for _ in OUT_OF_BREATH.attempts(self._pause):
            try:
                return self._receivers[to].send(message)
            except Throttled as error:
                throttled = error
        raise throttled

    def _deliver_all(
        self, to: str, messages: Sequence[Message], silence: _Silence
    ) -> Sequence[Reply]:
        receiver = cast("BatchReceiver", self._receivers[to])
        replies: dict[str, Reply] = {}
        left = messages
        for _ in OUT_OF_BREATH.attempts(self._pause):
            try:
                found = silence.ask(to, partial(receiver.send_all, left), len(left))
            except Exception as error:  # what others were answered stays
                found = [error] * len(left)
            replies |= {m.id: reply for m, reply in zip(left, found, strict=True)}
            left = [m for m in left if isinstance(replies[m.id], Throttled)]
            if not left:
                break
        return [replies[m.id] for m in messages]

    def _rung(
        self, rows: Mapping[str, Row], notes: Mapping[str, Mapping[str, _Note]]
    ) -> dict[str, Step]:
        """The rows whose answers name streams of their own that have gone on smoothly. What has
        not is looked at once the answers are noted.
        """
        tasks = []
        for key in rows:
            names = [n for n in _streams(notes[key].values()) if n in self._sources]
            if own := [n for n in names if self.view.key_of(n) == key]:
                tasks.append(Task(key, dict.fromkeys(own, ()), frozenset()))
        follow = partial(self._follow, rows, Tails(self._sources), self._budget)
        try:
            steps = list(self._senders.map(follow, tasks) if len(tasks) > 1 else map(follow, tasks))
        except Exception:  # whatever it is, the answers are noted first
            return {}
        return {step.before.key: step for step in steps if step.is_smooth}

    def _note(
        self,
        rows: Mapping[str, Row],
        notes: Mapping[str, Mapping[str, _Note]],
        steps: dict[str, Step],
    ) -> dict[str, Outcome]:
        """The rows with their notes, or why they have not kept them: what they asked for will be
        sent, and answered, again. Leaves those of `steps` that are kept with them.
        """
        outcomes: dict[str, Outcome] = {}
        rows = {**rows, **{key: step.after for key, step in steps.items()}}
        for _ in range(ATTEMPTS):
            drafts = {key: self._answered(row, notes[key]) for key, row in rows.items()}
            outcomes |= save(self._rows, drafts)
            again = [
                key
                for key in drafts
                if is_raced(outcomes[key])
                # the answers must be kept even if what has happened can't be
                or (key in steps and not isinstance(outcomes[key], Row))
            ]
            if not again:
                break
            for key in again:
                steps.pop(key, None)
            try:
                rows = self._rows.load(again)
            except Unavailable as error:
                return outcomes | dict.fromkeys(again, SaveResult(Saved.FAILED, str(error)))
        return outcomes

    def _answered(self, row: Row, notes: Mapping[str, _Note]) -> Outcome:
        try:
            return self._process.answered(row, notes)
        except Exception as error:  # whatever `react` raises, only its own row stops
            return SaveResult(Saved.REFUSED, said(error))
