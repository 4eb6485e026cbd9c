"""How far each mapping has got with each shard, kept across restarts of the runner."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.local.streams.records import Record

HORIZON = ""  # before the first record


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file bound to the identity of a stream.

    The emulator forgets its streams when it stops, and gives the next ones the same names: a
    sequence number without the stream's birth would skip records of the new one.
    """

    file: Path
    stream: str

    def load(self) -> str | None:
        """`None` if this mapping has not read this shard of this very stream."""
        try:
            stored = json.loads(self.file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return str(stored["sequence"]) if stored["stream"] == self.stream else None

    def save(self, sequence: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps({"stream": self.stream, "sequence": sequence}))
        draft.replace(self.file)


class Progress:
    """The position before which every record read is settled, in whatever order they settle."""

    def __init__(self, start: str) -> None:
        self._last_read = start
        self._unsettled: dict[str, str] = {}  # sequence -> the one before it, as read

    def read(self, records: Iterable[Record]) -> None:
        for record in records:
            self._unsettled[record.sequence] = self._last_read
            self._last_read = record.sequence

    def settle(self, records: Iterable[Record]) -> int:
        """How many of them were not settled before."""
        before = len(self._unsettled)
        for record in records:
            self._unsettled.pop(record.sequence, None)
        return before - len(self._unsettled)

    @property
    def last_read(self) -> str:
        return self._last_read

    @property
    def position(self) -> str:
        return next(iter(self._unsettled.values()), self._last_read)
