"""What must always hold for followers and writers, whatever the network, the clock and others do.

The expected view is computed outside the stream, by folding the store.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryRows
from cqrs.follow.followers import Hints
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader
from cqrs.views.rows import Row
from tests.examples import examples
from tests.library.faults import (
    Faults,
    FaultyReads,
    FaultyRows,
    batches,
    catch_up_under_faults,
    happenings,
)
from tests.library.worlds import follower, history, stored

ENTITIES = ("7", "8", "9")
STREAMS = tuple(f"{category}-{entity}" for entity in ENTITIES for category in ("order", "payment"))


def truth(store: EventReader, stream: str) -> list[str]:
    """The fold of a stream, computed without anything that the follower uses."""
    return [f"{stream}/{commit.version}" for commit in store.read(stream)]


def assert_prefix_of_truth(row: Row, store: EventReader) -> None:
    for stream, part in row.parts.items():
        texts = part.state["texts"] if isinstance(part.state, dict) else []
        assert texts == truth(store, stream)[: part.version]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Commit]], list[Hints]]:
    """Histories, and batches in which they arrive."""
    histories = [
        history(stream, *(f"{stream}/{n + 1}" for n in range(draw(st.integers(0, 5)))))
        for stream in STREAMS
    ]
    return histories, batches(draw, [commit for commits in histories for commit in commits])


@examples(600)
@given(deliveries(), happenings)
def test_after_one_sweep_every_row_equals_the_fold_of_the_store(
    arrivals: tuple[list[list[Commit]], list[Hints]], plan: list[str]
) -> None:
    histories, arriving = arrivals
    store, rows = stored(*histories), MemoryRows()
    faults = Faults(plan, others=arriving[1::2])

    def each_save_is_a_prefix_of_the_truth_and_never_goes_back(before: Mapping[str, Row]) -> None:
        for key, earlier in before.items():
            after = rows.get(key)
            assert_prefix_of_truth(after, store)
            assert all(after.part(s).version >= v for s, v in earlier.positions.items())

    faulty = FaultyRows(
        rows,
        faults,
        rival=lambda rows: follower(rows, store),
        check=each_save_is_a_prefix_of_the_truth_and_never_goes_back,
    )
    catch_up_under_faults(follower(faulty, FaultyReads(store, faults)), arriving)

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
