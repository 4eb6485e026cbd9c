"""One mapping on one shard: reads, cuts batches, delivers them, remembers how far it got."""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.local.streams.checkpoints import Checkpoint, Progress
from scripts.local.streams.delivery import (
    Answer,
    Attempt,
    Condition,
    Ports,
    cut,
    deliver,
    first_failure,
)
from scripts.local.streams.faults import Dice, Faults
from scripts.local.streams.filters import passes
from scripts.local.streams.mappings import StreamMapping
from scripts.local.streams.records import Record
from scripts.local.streams.shards import Shard
from scripts.local.streams.stillness import Stillness


class AbandonedError(Exception):
    """The batch is left as it is; it will be read again from the checkpoint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a worker shares with the others, or borrows from the world."""

    invoke: Callable[[StreamMapping, Sequence[Record]], Answer]
    give_up: Callable[[StreamMapping, str, Attempt, Condition], None]
    faults: Callable[[str], Faults]
    halted: Callable[[], bool]
    now: Callable[[], float]
    wait: Callable[[float], None]
    stillness: Stillness = field(default_factory=Stillness)


@dataclass(frozen=True, slots=True)
class Counts:
    read: int = 0
    done: int = 0  # processed, dropped or given up
    dropped: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Failing:
    since: float
    tries: int
    error: str


class Worker:
    """`step` does one round; who calls it decides how often.

    `reading` is held while records are read under the faults of that moment, so that who changes
    the faults can wait until all that is read from then on is read under the new ones.
    """

    def __init__(
        self,
        mapping: StreamMapping,
        shard_id: str,
        shard: Shard,
        retention_seconds: int,
        checkpoint: Checkpoint,
        start: str,
        around: Surroundings,
    ) -> None:
        self.mapping = mapping
        self.shard_id = shard_id
        self.name = f"{mapping.name} {shard_id}"
        self.trouble: str | None = None
        self.reading = threading.Lock()
        self._shard = shard
        self._retention = retention_seconds
        self._checkpoint = checkpoint
        self._around = around
        self._ports = Ports(self._invoke, self._give_up, self._settle, self._pause, around.now)
        self._dice = Dice(Faults(), self.name)
        self._counts = Counts()
        self._failing: Failing | None = None
        self._in_flight = 0
        self._progress = Progress(start)
        self._waiting: list[Record] = []
        self._held: list[list[Record]] = []
        self._window_ends = 0.0

    @property
    def stopped(self) -> bool:
        return self._around.faults(self.mapping.function).stop > 0

    def window_left(self) -> float:
        """Seconds until what waits for more records goes without. A stopped worker waits on."""
        left = self._window_ends - self._around.now()
        return max(left, 0.0) if self._waiting and not self.stopped else math.inf

    def step(self) -> bool:
        """Read once and deliver what is due; true if there was anything to do."""
        try:
            return self._round()
        except BaseException:
            self._return_to(self._progress.position)
            raise

    def _round(self) -> bool:
        since = self._around.stillness.tick()
        with self.reading:
            dice = self._current_dice()
            if self.stopped:
                return False
            read = self._read(dice)
        batch = self._next_batch()
        if batch:
            self._deliver_disturbed(batch, dice)
        elif not read and not self._waiting:
            if not self._held:
                self._around.stillness.found_empty(self.name, since)
            self._deliver_held()
        return bool(read or batch)

    # Reading

    def _read(self, dice: Dice) -> int:
        room = self.mapping.batch_size - len(self._waiting)
        if room <= 0:
            return 0
        records = self._shard.read(self._progress.last_read, room)
        self._progress.read(records)
        wanted = [r for r in records if passes(r.text, self.mapping.patterns)]
        kept = [record for record in wanted if not dice.falls("drop")]
        self._count(read=len(records), dropped=len(wanted) - len(kept))
        if not self._waiting:
            self._window_ends = self._around.now() + self.mapping.window_seconds
        self._waiting += kept
        still_wanted = {record.sequence for record in kept}
        self._done([record for record in records if record.sequence not in still_wanted])
        return len(records)

    def _next_batch(self) -> list[Record]:
        count, full = cut(self._waiting, self.mapping.batch_size)
        if not full and self._around.now() < self._window_ends:
            return []
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _return_to(self, position: str) -> None:
        """Forget what was read after `position`."""
        self._progress = Progress(position)
        self._waiting, self._held = [], []

    # Delivering

    def _deliver_disturbed(self, batch: list[Record], dice: Dice) -> None:
        late, self._held = self._held, []
        if dice.falls("reorder"):
            batch = dice.shuffled(batch)
        if dice.falls("reorder"):
            self._held = [batch]
        else:
            self._deliver(batch)
            if dice.falls("duplicate"):
                self._held = [batch]
        for overtaken in late:
            self._deliver(overtaken)

    def _deliver_held(self) -> None:
        late, self._held = self._held, []
        for batch in late:
            self._deliver(batch)

    def _deliver(self, batch: list[Record]) -> None:
        with self._around.stillness.busy(self.name):
            self._pause(self._dice.faults.delay)
            deliver(batch, self.mapping, self._retention, self._ports)

    def _invoke(self, records: Sequence[Record]) -> Answer:
        self._in_flight = len(records)
        try:
            answer = self._around.invoke(self.mapping, records)
        finally:
            self._in_flight = 0
        if self._current_dice().falls("fail"):
            answer = replace(answer, error="Unhandled", body={"errorMessage": "the knob `fail`"})
        if first_failure(answer, records, self.mapping.reports_failures) is not None:
            self._note_failure(answer)
        return answer

    def _note_failure(self, answer: Answer) -> None:
        now = self._failing or Failing(self._around.now(), 0, "")
        self._failing = Failing(
            now.since,
            now.tries + 1,
            ": ".join(str(part) for part in (answer.error, answer.body) if part)[:500],
        )

    def _give_up(self, attempt: Attempt, condition: Condition) -> None:
        self._around.give_up(self.mapping, self.shard_id, attempt, condition)
        self._count(given_up=len(attempt.records))

    def _settle(self, records: Sequence[Record]) -> None:
        if records:
            self._failing = None
            self._done(records)

    def _done(self, records: Sequence[Record]) -> None:
        before = self._progress.position
        self._count(done=self._progress.settle(records))
        if self._progress.position != before:
            self._checkpoint.save(self._progress.position)

    def _pause(self, seconds: float) -> None:
        """Raises when the worker is told to stop meanwhile, so that nothing holds up a stop."""
        until = self._around.now() + seconds
        while not self._around.halted() and not self.stopped:
            left = until - self._around.now()
            if left <= 0:
                return
            self._around.wait(left)
        raise AbandonedError

    # Telling

    def _current_dice(self) -> Dice:
        faults = self._around.faults(self.mapping.function)
        if faults is not self._dice.faults:
            self._dice = Dice(faults, self.name)
        return self._dice

    def _count(self, **more: int) -> None:
        counts = self._counts
        self._counts = replace(counts, **{k: getattr(counts, k) + n for k, n in more.items()})

    def status(self) -> dict[str, Any]:
        failing = self._failing
        return {
            "mapping": self.mapping.name,
            "uuid": self.mapping.uuid,
            "function": self.mapping.function,
            "shard": self.shard_id,
            "checkpoint": self._progress.position,
            "read": self._counts.read,
            "done": self._counts.done,
            "dropped": self._counts.dropped,
            "given_up": self._counts.given_up,
            "waiting": len(self._waiting) + sum(len(batch) for batch in self._held),
            "in_flight": self._in_flight,
            "failing_since": failing and failing.since,
            "tries": failing.tries if failing else 0,
            "error": self.trouble or (failing.error if failing else None),
            "stopped": self.stopped,
        }
