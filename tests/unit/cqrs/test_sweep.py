"""The sweep finds what no message told."""

from cqrs.adapters.memory import MemoryRows
from cqrs.sweep import sweep
from tests.unit.cqrs.worlds import follower, history, shown, stored


def test_a_sweep_brings_every_stream_up_to_date() -> None:
    rows, store = MemoryRows(), stored(*(history(f"order-{n}", "a", "b") for n in range(7)))
    follows = follower(rows, store)
    follows.catch_up({"order-3": store.read("order-3")[:1]})

    swept = sweep(store, [follows])

    assert (swept.streams, swept.behind, swept.cursor) == (7, {"notes": 7}, None)
    assert all(shown(rows, str(n)) == {"order": ["a", "b"], "payment": []} for n in range(7))


def test_a_sweep_of_what_is_up_to_date_finds_nothing() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "a"))
    follows = follower(rows, store)
    sweep(store, [follows])

    swept = sweep(store, [follows])

    assert (swept.behind, swept.reports, rows.get("7").revision) == ({}, [], 1)


def test_a_sweep_that_runs_out_of_time_is_continued_where_it_stopped() -> None:
    rows, store = MemoryRows(), stored(*(history(f"order-{n}", "a") for n in range(5)))
    follows = follower(rows, store)

    first = sweep(store, [follows], out_of_time=lambda: True)
    assert first.cursor
    assert first.streams < 5

    second = sweep(store, [follows], cursor=first.cursor)
    assert second.cursor is None
    assert all(shown(rows, str(n)) for n in range(5))


def test_a_sweep_leaves_parked_streams_alone() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "poison"))
    follows = follower(rows, store)
    sweep(store, [follows])

    assert sweep(store, [follows]).behind == {}
    assert rows.get("7").parked
