"""A small tally: each entity counts in the cell of its newest note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cqrs.adapters.memory import MemoryTallies
from cqrs.follow.followers import Follower
from cqrs.history.event_store import EventReader
from cqrs.views.rows import Row, RowStore, States
from cqrs.views.tallies import (
    MAX_CHANGES,
    Cell,
    Counts,
    TallyView,
    summed,
)
from tests.library.worlds import ORDER, PAYMENT

ENTITIES = ("7", "8", "9")
FLOOD = MAX_CHANGES - 2  # cells: with one that is left and one that is entered, what just fits


def count(order: Sequence[str], payment: Sequence[str]) -> Counts:
    """An entity counts in the cell of its newest note, with all its notes: what it contributed to
    the cell before is taken out again. Each note `flood` adds many cells.
    """
    if not order:
        return {}
    newest = {Cell("newest", order[-1]): {"entities": 1, "notes": len(order), "paid": len(payment)}}
    flood = {Cell("flood", f"{n:03}"): {"n": 1} for n in range(FLOOD * order.count("flood"))}
    return newest | flood


uncountable = {"uncountable"}


def counted(states: States) -> Counts:
    order, payment = states[ORDER].texts, states[PAYMENT].texts
    if uncountable.intersection(order):
        raise ValueError("uncountable")
    return count(order, payment)


TALLY = TallyView(name="newest", folds=[ORDER, PAYMENT], counted=counted)


def follower(rows: RowStore, store: EventReader, view: TallyView = TALLY) -> Follower:
    return Follower(view, rows, {"order": store, "payment": store})


def cells_of(rows: MemoryTallies) -> Counts:
    return rows.cells("newest", "a", "z", None, 1_000) | rows.cells("flood", "0", "9", None, 1_000)


def contributed(rows: MemoryTallies, entities: Sequence[str] = ENTITIES) -> Counts:
    """The sum of what the rows say that they have contributed."""
    return summed(*(of_document(rows.get(entity)) for entity in entities))


def of_document(row: Row) -> Counts:
    document: Mapping[str, object] = row.document or {}
    return {
        Cell(partition, sort): numbers
        for partition, cells in document.items()
        for sort, numbers in cells.items()  # type: ignore[attr-defined]
    }


@contextmanager
def countable() -> Iterator[None]:
    """After the fix."""
    uncountable.clear()
    try:
        yield
    finally:
        uncountable.add("uncountable")
