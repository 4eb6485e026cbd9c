"""Streams that are folded anew: after a fix, or to repair a row."""

from collections.abc import Sequence

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.plain import replace
from cqrs.views.rows import Row
from tests.library import worlds
from tests.library.worlds import Watched, commit, follower, history, shown, stored


@pytest.mark.usefixtures("mended")
def test_after_the_fix_a_parked_stream_is_taken_up_again_in_order(rows: MemoryRows) -> None:
    worlds.poisonous.add("poison")
    bad = history("order-7", "a", "poison", "c")
    follows = follower(rows, stored(bad))
    follows.catch_up({"order-7": bad})
    worlds.poisonous.clear()

    report = follows.redrive(["order-7"])

    assert shown(rows, "7") == {"order": ["a", "poison", "c"], "payment": []}
    assert (report.applied, rows.get("7").parked) == ({"order-7": 3}, {})


def test_a_redrive_before_the_fix_parks_the_stream_again(rows: MemoryRows) -> None:
    bad = history("order-7", "a", "poison")
    follows = follower(rows, stored(bad))
    follows.catch_up({"order-7": bad})

    report = follows.redrive(["order-7"])

    assert not report.failed
    assert rows.get("7").parked["order-7"].version == 2


def test_a_refused_row_is_parked_again_by_a_redrive_before_the_fix(rows: MemoryRows) -> None:
    payments = history("payment-7", "unshowable")
    follows = follower(rows, stored(payments))
    follows.catch_up({"payment-7": payments})

    report = follows.redrive(["payment-7"])

    assert not report.failed
    assert rows.get("7").parked["payment-7"].version == 1


def test_a_redrive_tells_what_is_still_parked(rows: MemoryRows) -> None:
    bad = history("order-7", "a", "poison")
    follows = follower(rows, stored(bad))
    follows.catch_up({"order-7": bad})

    report = follows.redrive(["order-7"])

    assert (report.parked["order-7"].version, report.still_parked) == (2, set())


@pytest.mark.usefixtures("mended")
def test_a_commit_that_comes_in_during_a_redrive_is_not_left_behind(rows: MemoryRows) -> None:
    worlds.poisonous.add("poison")
    store = stored(history("order-7", "poison"))
    follower(rows, store).catch_up({"order-7": ()})
    worlds.poisonous.clear()
    late = [commit("order-7", 2, "late")]

    def arrives(_: Sequence[Row]) -> None:
        if late:
            new = late.pop()
            store.append(new, "")
            follower(rows, store).catch_up({"order-7": [new]})

    follower(Watched(rows, before_save=arrives), store).redrive(["order-7"])

    assert shown(rows, "7") == {"order": ["poison", "late"], "payment": []}


def test_a_redrive_repairs_a_row_that_was_folded_wrongly(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b")
    follows = follower(rows, stored(events))
    follows.catch_up({"order-7": events})
    row = rows.get("7")
    wrong = replace(row.part("order-7"), state={"texts": ["z"]})
    rows.save([replace(row, parts={"order-7": wrong}, document={"order": ["z"]})])

    report = follows.redrive(["order-7"])

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": []}
    assert report.applied == {"order-7": 2}


def test_a_redrive_that_is_refused_by_the_store_never_sends_the_row_back() -> None:
    rows = MemoryRows()
    orders, payments = history("order-7", "a", "b"), history("payment-7", "p", "unshowable")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders, "payment-7": payments})

    report = follows.redrive(["payment-7", "order-7"])

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": ["p"]}
    assert (report.parked["payment-7"].version, report.failed) == (2, {})


@pytest.mark.usefixtures("mended")
def test_a_redrive_frees_what_is_mended_beside_what_is_not(rows: MemoryRows) -> None:
    worlds.poisonous.add("poison")
    orders, payments = history("order-7", "a", "unshowable"), history("payment-7", "poison")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders, "payment-7": payments})
    worlds.poisonous.clear()

    report = follows.redrive(["order-7", "payment-7"])

    assert [*rows.get("7").parked] == ["order-7"]
    assert shown(rows, "7") == {"order": ["a"], "payment": ["poison"]}
    assert "payment-7" in report.applied


def test_a_redrive_of_a_stream_that_the_store_lost_shows_it_no_more(rows: MemoryRows) -> None:
    """As after a restore of the store to an earlier time."""
    orders = history("order-7", "a", "b")
    follower(rows, stored(orders)).catch_up({"order-7": orders})

    follower(rows, stored()).redrive(["order-7"])

    assert shown(rows, "7") == {"order": [], "payment": []}
