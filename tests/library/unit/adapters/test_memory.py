"""The memory twins keep the contracts of their ports."""

import pytest

from cqrs.adapters.memory import (
    MemoryEventStore,
    MemoryGenerations,
    MemoryNotes,
    MemoryRows,
    MemorySearchRows,
    MemoryTallies,
)
from cqrs.follow.walks import Notes
from cqrs.history.event_store import EventStore
from cqrs.testing.contracts import (
    SEARCHED,
    EventStoreContract,
    GenerationsContract,
    NotesContract,
    Rows,
    RowsContract,
    SearchRowsContract,
    Tallies,
    TalliesContract,
)
from cqrs.views.generations import GenerationStore
from cqrs.views.rows import Row, Saved
from cqrs.views.searches import SearchView
from tests.library.worlds import ORDER, render


class TestMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> EventStore:
        return MemoryEventStore(page=3)


class TestMemoryNotes(NotesContract):
    @pytest.fixture
    def notes(self) -> Notes:
        return MemoryNotes()


class TestMemoryRows(RowsContract):
    @pytest.fixture
    def rows(self) -> Rows:
        return MemoryRows()


class TestMemoryTallies(TalliesContract):
    @pytest.fixture
    def rows(self) -> Tallies:
        return MemoryTallies()


class TestMemorySearchRows(SearchRowsContract):
    @pytest.fixture
    def rows(self) -> MemorySearchRows:
        view = SearchView(name="any", folds=[ORDER], render=render, fields=SEARCHED)
        return MemorySearchRows(view)


class TestMemoryGenerations(GenerationsContract):
    @pytest.fixture
    def register(self) -> GenerationStore:
        return MemoryGenerations()


def test_rows_are_measured_by_the_bytes_of_their_json() -> None:
    rows = MemoryRows(max_bytes=1_000)
    fits, too_large = (Row(key=text[0], document={"text": text}) for text in ("é" * 450, "è" * 500))
    assert [result.saved for result in rows.save([fits, too_large])] == [Saved.SAVED, Saved.REFUSED]
