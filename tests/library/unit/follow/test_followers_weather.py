"""What must always hold for followers and writers, whatever the network, the clock and others do.

The expected view is computed outside the stream, by folding the store.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Hints
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader
from cqrs.views.rows import Row, SaveResult
from tests.examples import examples
from tests.library.weather import StormyReads, Weather, happenings
from tests.library.worlds import Crash, follower, history, stored

ENTITIES = ("7", "8", "9")
STREAMS = tuple(f"{category}-{entity}" for entity in ENTITIES for category in ("order", "payment"))


class StormyRows:
    """Rows in bad weather. Asserts that each save is a prefix of the truth and never goes back."""

    def __init__(self, rows: MemoryRows, store: MemoryEventStore, weather: Weather) -> None:
        self.rows, self.store, self.weather = rows, store, weather

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        match self.weather.next():
            case "down":
                raise Unavailable("rows are down")
            case "crash before" | "crash after":
                raise Crash
            case _:
                return self.rows.load(keys)

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        happens = self.weather.next()
        if happens == "crash before":
            raise Crash
        if happens == "another worker" and self.weather.others:
            follower(self, self.store).catch_up(self.weather.others.pop())
        before = self.rows.load([row.key for row in rows])
        results = self.rows.save(rows)
        for row in rows:
            after = self.rows.get(row.key)
            assert_prefix_of_truth(after, self.store)
            assert all(after.part(s).version >= v for s, v in before[row.key].positions.items())
        if happens == "crash after":
            raise Crash
        return results


def truth(store: EventReader, stream: str) -> list[str]:
    """The fold of a stream, computed without anything that the follower uses."""
    return [f"{stream}/{commit.version}" for commit in store.read(stream)]


def assert_prefix_of_truth(row: Row, store: EventReader) -> None:
    for stream, part in row.parts.items():
        texts = part.state["texts"] if isinstance(part.state, dict) else []
        assert texts == truth(store, stream)[: part.version]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Commit]], list[Hints]]:
    """Histories, and batches in which they arrive: shuffled, duplicated, some never at all."""
    histories = [
        history(stream, *(f"{stream}/{n + 1}" for n in range(draw(st.integers(0, 5)))))
        for stream in STREAMS
    ]
    everything = [commit for commits in histories for commit in commits]
    copies = draw(st.lists(st.integers(0, 2), min_size=len(everything), max_size=len(everything)))
    arriving = [c for c, n in zip(everything, copies, strict=True) for _ in range(n)]
    arriving = draw(st.permutations(arriving))
    batches: list[Hints] = []
    while arriving:
        size = draw(st.integers(1, len(arriving)))
        batch, arriving = arriving[:size], arriving[size:]
        hints: dict[str, list[Commit]] = {}
        for commit in batch:
            hints.setdefault(commit.stream, []).append(commit)
        batches.append(hints)
    return histories, batches


@examples(600)
@given(deliveries(), happenings)
def test_after_one_sweep_every_row_equals_the_fold_of_the_store(
    arrivals: tuple[list[list[Commit]], list[Hints]], plan: list[str]
) -> None:
    histories, batches = arrivals
    store, rows = stored(*histories), MemoryRows()
    weather = Weather(plan)
    stormy = follower(StormyRows(rows, store, weather), StormyReads(store, weather))
    weather.others = batches[1::2]
    for batch in batches:
        try:
            stormy.catch_up(batch)
        except Crash:
            continue  # this batch is lost for good: worse than Lambda, which sends it again

    list(sweep(store, [follower(rows, store)]))

    for entity in ENTITIES:
        row = rows.get(entity)
        order, payment = (truth(store, f"{kind}-{entity}") for kind in ("order", "payment"))
        if order or payment:
            assert row.document == {"order": order, "payment": payment}
            assert {s: v for s, v in row.positions.items() if v} == {
                stream: len(texts)
                for stream, texts in ((f"order-{entity}", order), (f"payment-{entity}", payment))
                if texts
            }
        else:
            assert row.document is None
    assert not any(page.behind for page in sweep(store, [follower(rows, store)]))
