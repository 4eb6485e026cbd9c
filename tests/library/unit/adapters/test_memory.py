"""The memory twins keep the contracts of their ports."""

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows, MemoryTallies
from cqrs.history.event_store import EventStore
from cqrs.testing.contracts import EventStoreContract, Rows, RowsContract, Tallies, TalliesContract
from cqrs.views.rows import Row, Saved


class TestMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> EventStore:
        return MemoryEventStore(page=3)


class TestMemoryRows(RowsContract):
    @pytest.fixture
    def rows(self) -> Rows:
        return MemoryRows()


class TestMemoryTallies(TalliesContract):
    @pytest.fixture
    def rows(self) -> Tallies:
        return MemoryTallies()


def test_rows_are_measured_by_the_bytes_of_their_json() -> None:
    rows = MemoryRows(max_bytes=1_000)
    fits, too_large = (Row(key=text[0], document={"text": text}) for text in ("é" * 450, "è" * 500))
    assert [result.saved for result in rows.save([fits, too_large])] == [Saved.SAVED, Saved.REFUSED]
