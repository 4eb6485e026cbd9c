"""The memory twins keep the contracts of their ports."""

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.event_store import EventStore
from cqrs.testing.contracts import EventStoreContract, Rows, RowsContract


class TestMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> EventStore:
        return MemoryEventStore(page=3)


class TestMemoryRows(RowsContract):
    @pytest.fixture
    def rows(self) -> Rows:
        return MemoryRows()
