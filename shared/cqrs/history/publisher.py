"""Records: commits on their way from the stores to the followers, over Kinesis.

A record's partition key is the entity (`7` for `order-7` and `payment-7`), so all streams that feed
one row are in one shard. Kinesis keeps no order inside a call, so a call has at most one record per
key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Protocol

from cqrs import plain
from cqrs.history.commits import Commit, entity_of
from cqrs.plain import Value

__all__ = ["RECORD_BYTES", "Kinds", "Publisher", "Record", "read_record", "records_of"]

RECORD_BYTES = 256 * 1024
"""Where a record is cut. A Lambda payload holds 6 MB after base64, a Kinesis record 1 MB."""


class Record(Value, kw_only=False, dict=True):
    key: str
    commits: tuple[Commit, ...]

    @cached_property
    def data(self) -> bytes:
        commits = [{"stream": c.stream, "version": c.version, "body": c.body} for c in self.commits]
        return plain.to_json({"commits": commits}).encode()


class Carried(Value, forbid_unknown_fields=False):
    """The content of a record."""

    commits: tuple[Commit, ...]


class Publisher(Protocol):
    """Puts records on the stream, in order per key. Returns those that it could not put."""

    def publish(self, records: Sequence[Record]) -> Sequence[Record]: ...


class Kinds(Protocol):
    """Which kinds of events were ever written: no code may come back that does not know them."""

    def add(self, kinds: Collection[str]) -> None:
        """Notes them, for ever. Raises Unavailable."""


def records_of(commits: Iterable[Commit]) -> list[Record]:
    """Groups `commits` by key, each stream in version order, and cuts them into records."""
    by_key: dict[str, list[Commit]] = {}
    for commit in commits:
        by_key.setdefault(entity_of(commit.stream), []).append(commit)
    return [
        Record(key, part)
        for key, own in by_key.items()
        for part in _cut(sorted(own, key=lambda commit: (commit.stream, commit.version)))
    ]


def _cut(commits: Sequence[Commit]) -> Iterator[tuple[Commit, ...]]:
    part: list[Commit] = []
    size = 0
    for commit in commits:
        length = len(commit.body.encode())
        if part and size + length > RECORD_BYTES:
            yield tuple(part)
            part, size = [], 0
        part.append(commit)
        size += length
    yield tuple(part)


def read_record(data: bytes) -> list[Commit]:
    """The commits in a record. Raises Unreadable."""
    carried: Carried = plain.read(Carried, data)
    return list(carried.commits)
