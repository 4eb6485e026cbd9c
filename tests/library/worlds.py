"""A small world to follow: entities with two streams each, and a view whose rows show both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import WHOLE, EventReader, Heads, Section, Size
from cqrs.history.events import EventCodec, EventTypes, Instant, Recorded
from cqrs.plain import Value, replace
from cqrs.views.rows import Document, Fold, Place, Row, RowStore, RowView, SaveResult, States

TYPES = EventTypes("world")


OLDER_TYPES = EventTypes("world")
"""What code knows that was deployed before `Shouted` came."""


@OLDER_TYPES.event()
@TYPES.event()
class Noted(Value):
    text: str


@TYPES.event()
class Shouted(Value):
    text: str


class Notes(Value):
    texts: tuple[str, ...] = ()


class Poison(Exception):
    """What a fold raises when it meets the text `poison`."""


poisonous = {"poison"}


def note(notes: Notes, recorded: Recorded[Noted | Shouted]) -> Notes:
    if recorded.event.text in poisonous:
        raise Poison(recorded.event.text)
    return replace(notes, texts=(*notes.texts, recorded.event.text))


def _fold(category: str) -> Fold[Notes, Noted | Shouted]:
    return Fold(category=category, events=TYPES, state=Notes, initial=Notes(), evolve=note)


ORDER, PAYMENT = _fold("order"), _fold("payment")


def render(states: States) -> Document | None:
    shown = [*states[ORDER].texts, *states[PAYMENT].texts]
    if "unshowable" in shown:
        raise ValueError("unshowable")
    return {"order": list(states[ORDER].texts), "payment": list(states[PAYMENT].texts)}


VIEW = RowView(
    name="notes",
    folds=[ORDER, PAYMENT],
    render=render,
    lists={"all": lambda document: Place("all", f"{len(str(document)):06}")},
)

OLDER_VIEW = replace(VIEW, folds=[replace(fold, events=OLDER_TYPES) for fold in VIEW.folds])


def commit(stream: str, version: int, *texts: str) -> Commit:
    envelope = Envelope(
        command_id=f"{stream}@{version}",
        command_type="Note",
        fingerprint="",
        actor="tester",
        correlation_id="c",
        causation_id="c",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )
    return Commit.of(stream, version, [Noted(text=t) for t in texts], envelope, EventCodec(TYPES))


def history(stream: str, *texts: str) -> list[Commit]:
    """A commit per text."""
    return [commit(stream, n, text) for n, text in enumerate(texts, start=1)]


def shouted(commit: Commit) -> Commit:
    """The same with events that older code does not know."""
    return replace(commit, body=commit.body.replace('"Noted"', '"Shouted"'))


def stored(*histories: Sequence[Commit]) -> MemoryEventStore:
    store = MemoryEventStore(page=2)
    for commits in histories:
        for one in commits:
            store.append(one, "")
    return store


def follower(rows: RowStore, store: EventReader, view: RowView = VIEW, **sizes: Any) -> Follower:
    return Follower(view, rows, {"order": store, "payment": store}, **sizes)


def older(rows: RowStore, store: EventReader, **sizes: Any) -> Follower:
    """A follower of older code."""
    return follower(rows, store, OLDER_VIEW, **sizes)


def shown(rows: MemoryRows, key: str) -> Document | None:
    return rows.get(key).document


class Crash(BaseException):
    """The worker is gone: nothing catches this, as nothing catches a killed process."""


def crash(*_: object) -> None:
    raise Crash


class Watched:
    """A row store that lets something happen before and after its calls."""

    def __init__(
        self,
        rows: MemoryRows,
        *,
        before_save: Callable[[Sequence[Row]], None] = lambda _: None,
        after_save: Callable[[Sequence[Row]], None] = lambda _: None,
        before_load: Callable[[], None] = lambda: None,
    ) -> None:
        self.rows = rows
        self.before_save, self.after_save, self.before_load = before_save, after_save, before_load

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        self.before_load()
        return self.rows.load(keys)

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        self.before_save(rows)
        results = self.rows.save(rows)
        self.after_save(rows)
        return results


class CountedRows(MemoryRows):
    """Rows that remember what was asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[list[str]] = []

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        self.loads.append(list(keys))
        return super().load(keys)


class Lagging(MemoryRows):
    """Rows that show an older state in `get` and lists, as replicas and indexes do."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen: MemoryRows | None = None

    def freeze(self) -> None:
        self.frozen = MemoryRows()
        self.frozen._rows = dict(self._rows)

    def get(self, key: str) -> Row:
        return (self.frozen.get if self.frozen else super().get)(key)

    def page(
        self, name: str, partition: str, after: tuple[str, str] | None, limit: int
    ) -> list[Row]:
        source = self.frozen.page if self.frozen else super().page
        return source(name, partition, after, limit)


class Reads:
    """An event store that counts its reads and the commits in them, and can be down."""

    def __init__(self, store: EventReader) -> None:
        self.store = store
        self.count = 0
        self.commits = 0
        self.down: Exception | None = None

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        self.count += 1
        if self.down:
            raise self.down
        found = self.store.read(stream, after, limit)
        self.commits += len(found)
        return found

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        return self.store.heads(cursor, section)

    def size(self) -> Size:
        return self.store.size()
