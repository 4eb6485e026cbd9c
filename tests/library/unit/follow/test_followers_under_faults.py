"""What must always hold for followers and writers, whatever the network, the clock and others do.

The expected view is computed outside the stream, by folding the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryRows
from cqrs.follow.followers import Hints
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
from tests.library.walking import audit
from tests.library.worlds import follower, history, older, shouted, stored

ENTITIES = ("7", "8", "9")
STREAMS = tuple(f"{category}-{entity}" for entity in ENTITIES for category in ("order", "payment"))


def truth(store: EventReader, stream: str) -> list[str]:
    """The fold of a stream, computed without anything that the follower uses."""
    return [f"{stream}/{commit.version}" for commit in store.read(stream)]


def assert_all_is_shown(rows: MemoryRows, store: EventReader) -> None:
    for entity in ENTITIES:
        row = rows.get(entity)
        order, payment = (truth(store, f"{kind}-{entity}") for kind in ("order", "payment"))
        assert row.marks == {}
        if order or payment:
            assert row.document == {"order": order, "payment": payment}
            assert {s: v for s, v in row.positions.items() if v} == {
                stream: len(texts)
                for stream, texts in ((f"order-{entity}", order), (f"payment-{entity}", payment))
                if texts
            }
        else:
            assert row.document is None


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
def test_after_an_audit_every_row_equals_the_fold_of_the_store(
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

    audit(store, [follower(rows, store)])

    assert_all_is_shown(rows, store)
    assert audit(store, [follower(rows, store)]).found == {}


@st.composite
def deliveries_of_newer_code(draw: st.DrawFn) -> tuple[list[list[Commit]], list[Hints]]:
    """Deliveries in which older code knows some of the commits only."""
    histories, _ = draw(deliveries())
    new = [[shouted(c) if draw(st.booleans()) else c for c in commits] for commits in histories]
    return new, batches(draw, [commit for commits in new for commit in commits])


sizes = st.fixed_dictionaries({"chunk": st.integers(1, 3), "budget": st.integers(1, 4)})


@examples(400)
@given(deliveries_of_newer_code(), happenings, sizes, st.integers(0, 3))
def test_what_is_long_or_ahead_of_older_code_goes_on_by_itself_once_newer_code_is_there(
    arrivals: tuple[list[list[Commit]], list[Hints]],
    plan: list[str],
    sizes: dict[str, Any],
    deployed: int,
) -> None:
    histories, arriving = arrivals
    store, rows = stored(*histories), MemoryRows()
    faults = Faults(plan, others=arriving[1::2])

    def each_save_is_a_prefix_of_the_truth_and_never_goes_back(before: Mapping[str, Row]) -> None:
        for key, earlier in before.items():
            after = rows.get(key)
            assert_prefix_of_truth(after, store)
            assert all(after.part(s).version >= v for s, v in earlier.positions.items())
            assert all(mark.goes_on for mark in after.marks.values())

    faulty = FaultyRows(
        rows,
        faults,
        rival=lambda rows: older(rows, store, **sizes),
        check=each_save_is_a_prefix_of_the_truth_and_never_goes_back,
    )
    reads = FaultyReads(store, faults)
    # both run side by side while it is deployed
    catch_up_under_faults(older(faulty, reads, **sizes), arriving[:-deployed] or arriving)
    catch_up_under_faults(follower(faulty, reads, **sizes), arriving[-deployed:])
    audit(store, [older(rows, store, **sizes)])
    ahead = {name for row in rows.parked(10) for name in row.marks}

    for report in follower(rows, store, **sizes).go_on(limit=2):
        assert not report.failed

    assert_all_is_shown(rows, store)
    assert not rows.parked(10)
    assert ahead <= {name for name in STREAMS if store.read(name)}


@examples(200)
@given(st.lists(st.integers(0, 9), min_size=6, max_size=6), sizes)
def test_one_event_of_each_stream_and_visits_to_what_is_long_are_enough(
    lengths: list[int], sizes: dict[str, Any]
) -> None:
    histories = [
        history(stream, *(f"{stream}/{n + 1}" for n in range(length)))
        for stream, length in zip(STREAMS, lengths, strict=True)
    ]
    store, rows = stored(*histories), MemoryRows()
    follows = follower(rows, store, **sizes)

    follows.catch_up({commits[0].stream: commits[-1:] for commits in histories if commits})
    list(follows.go_on(limit=2))

    assert_all_is_shown(rows, store)
