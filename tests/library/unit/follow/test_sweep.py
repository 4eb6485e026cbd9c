"""The sweep finds what no message told."""

from collections.abc import Sequence

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.sweep import sweep
from cqrs.plain import replace
from cqrs.views.rows import Row, SaveResult
from tests.library.worlds import ORDER, VIEW, follower, history, shown, stored


def test_a_sweep_brings_every_stream_up_to_date() -> None:
    rows, store = MemoryRows(), stored(*(history(f"order-{n}", "a", "b") for n in range(7)))
    follows = follower(rows, store)
    follows.catch_up({"order-3": store.read("order-3")[:1]})

    pages = list(sweep(store, [follows]))

    assert sum(page.streams for page in pages) == 7
    assert sum(page.behind["notes"] for page in pages) == 7
    assert pages[-1].cursor is None
    assert all(shown(rows, str(n)) == {"order": ["a", "b"], "payment": []} for n in range(7))


def test_a_sweep_of_what_is_up_to_date_finds_nothing() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "a"))
    follows = follower(rows, store)
    list(sweep(store, [follows]))

    (page,) = sweep(store, [follows])

    assert (page.behind, page.reports, rows.get("7").revision) == ({}, [], 1)


def test_a_sweep_that_is_broken_off_is_continued_where_it_stopped() -> None:
    rows, store = MemoryRows(), stored(*(history(f"order-{n}", "a") for n in range(5)))
    follows = follower(rows, store)

    first = next(sweep(store, [follows]))
    assert first.cursor
    assert first.streams < 5

    *_, last = sweep(store, [follows], cursor=first.cursor)
    assert last.cursor is None
    assert all(shown(rows, str(n)) for n in range(5))


def test_a_sweep_leaves_parked_streams_alone() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "poison"))
    follows = follower(rows, store)
    list(sweep(store, [follows]))

    assert [page.behind for page in sweep(store, [follows])] == [{}]
    assert rows.get("7").parked


def test_after_a_view_has_changed_every_row_is_folded_anew() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "a"), history("order-8", "b"))
    list(sweep(store, [follower(rows, store)]))
    renamed = replace(VIEW, render=lambda parts: {"texts": list(parts[ORDER].texts)}, lists={})
    follows = Follower(renamed, rows, {"order": store, "payment": store})

    assert [page.behind for page in sweep(store, [follows])] == [{}]
    list(sweep(store, [follows], anew=True))

    assert (shown(rows, "7"), shown(rows, "8")) == ({"texts": ["a"]}, {"texts": ["b"]})


class Down(MemoryRows):
    """Rows that can't be reached. `asked` counts how often somebody tried."""

    asked = 0

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        self.asked += 1
        raise Unavailable("the index is down")


def test_a_view_that_is_down_keeps_no_other_from_being_swept_and_is_asked_once() -> None:
    rows, down = MemoryRows(), Down()
    store = stored(*(history(f"order-{n}", "a") for n in range(5)))
    other = replace(VIEW, name="other")
    broken = Follower(other, down, {"order": store, "payment": store})

    pages = list(sweep(store, [broken, follower(rows, store)]))

    assert all(shown(rows, str(n)) for n in range(5))
    assert all(page.failed for page in pages)
    assert [str(error) for error in pages[0].down.values()] == ["the index is down"]
    assert down.asked == 1


class Forbidden(MemoryRows):
    """Rows that may be read, and not written."""

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        raise PermissionError("access denied")


@pytest.mark.parametrize("anew", [False, True])
def test_a_view_that_fails_on_the_way_keeps_no_other_from_being_swept(anew: bool) -> None:
    rows, store = MemoryRows(), stored(*(history(f"order-{n}", "a") for n in range(5)))
    stores = {"order": store, "payment": store}
    forbidden = Follower(replace(VIEW, name="forbidden"), Forbidden(), stores)

    pages = list(sweep(store, [forbidden, follower(rows, store)], anew=anew))

    assert all(shown(rows, str(n)) for n in range(5))
    assert all(page.failed for page in pages)
    assert [[*page.down] for page in pages] == [["forbidden"]] * len(pages)
