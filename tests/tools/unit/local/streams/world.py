"""A stream, a function, a clock and a destination in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts.local.streams.checkpoints import Checkpoint
from scripts.local.streams.delivery import Answer, Attempt, Condition, Ports, deliver
from scripts.local.streams.faults import Faults
from scripts.local.streams.mappings import StreamMapping
from scripts.local.streams.records import Record
from scripts.local.streams.stillness import Stillness
from scripts.local.streams.worker import Surroundings, Worker

NOW = 1_000_000.0
DAY = 24 * 3600
MAPPING = StreamMapping(
    uuid="uuid-1",
    function_arn="arn:aws:lambda:eu-west-1:000000000000:function:shop-projector",
    stream_arn="arn:aws:kinesis:eu-west-1:000000000000:stream/events",
)
ALL_WELL = Answer(body={"batchItemFailures": []})
ERROR = Answer(error="Unhandled", body={"errorMessage": "no"})
THROTTLED = Answer(invoked=False, error="TooManyRequestsException")


def record(number: int, arrived: float = NOW, text: str = "{}") -> Record:
    return Record(sequence=f"{number:04}", arrived=arrived, text=text)


def records(*numbers: int) -> list[Record]:
    return [record(number) for number in numbers]


def numbers(batch: Sequence[Record]) -> list[int]:
    return [int(r.sequence) for r in batch]


def report(*sequences: int | str | None) -> Answer:
    """What a function answers that could not process these."""
    names = [f"{s:04}" if isinstance(s, int) else s for s in sequences]
    return Answer(body={"batchItemFailures": [{"itemIdentifier": name} for name in names]})


def fails_on(*bad: int) -> Callable[[list[int]], Answer]:
    """A function that raises when a bad record is in the batch."""
    return lambda batch: ERROR if set(bad) & set(batch) else ALL_WELL


def reports(*bad: int) -> Callable[[list[int]], Answer]:
    """A function that stops at the first bad record and reports it."""

    def handler(batch: list[int]) -> Answer:
        return report(*[n for n in batch if n in bad][:1])

    return handler


@dataclass
class World:
    """Records what happened: batches the function saw, what was given up, how long it waited."""

    handler: Callable[[list[int]], Answer] = lambda batch: ALL_WELL
    mapping: StreamMapping = MAPPING
    faults: Faults = field(default_factory=Faults)
    stream: list[Record] = field(default_factory=list)
    time: float = NOW
    halted: bool = False
    seen: list[list[int]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    given_up: list[tuple[Condition, list[int]]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    stillness: Stillness = field(default_factory=Stillness)

    def deliver(self, batch: Sequence[Record], **settings: Any) -> None:
        mapping = replace(self.mapping, **settings)
        deliver(
            batch,
            mapping,
            DAY,
            Ports(
                invoke=self.invoke,
                give_up=self.give_up,
                settle=lambda done: self.settled.extend(numbers(done)),
                pause=self.wait,
                now=lambda: self.time,
            ),
        )

    def worker(self, folder: Path, start: str = "", **settings: Any) -> Worker:
        mapping = replace(self.mapping, **settings)
        return Worker(
            mapping,
            "shard-0",
            self,
            DAY,
            Checkpoint(folder / "checkpoint.json", "a stream"),
            start,
            Surroundings(
                invoke=lambda _, batch: self.invoke(batch),
                give_up=lambda _, __, attempt, why: self.give_up(attempt, why),
                faults=lambda _: self.faults,
                halted=lambda: self.halted,
                now=lambda: self.time,
                wait=self.wait,
                stillness=self.stillness,
            ),
        )

    def read(self, after: str, limit: int) -> list[Record]:
        """The shard, read after a sequence number."""
        return [r for r in self.stream if r.sequence > after][:limit]

    def invoke(self, batch: Sequence[Record]) -> Answer:
        self.seen.append(numbers(batch))
        return self.handler(numbers(batch))

    def give_up(self, attempt: Attempt, condition: Condition) -> None:
        self.attempts.append(attempt)
        self.given_up.append((condition, numbers(attempt.records)))

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds
