"""What a bad commit stops: its own stream in that row, and nothing else."""

from collections.abc import Sequence

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.events import EventTypes
from cqrs.plain import Json, replace
from cqrs.testing.views import recorded
from cqrs.views.rows import Document, Row, Saved, SaveResult, States
from tests.library import worlds
from tests.library.worlds import VIEW, Reads, Watched, follower, history, shown, stored


def test_a_poison_commit_parks_its_own_stream_only(rows: MemoryRows) -> None:
    bad = history("order-7", "a", "poison", "c")
    same_row, other_row = history("payment-7", "p"), history("order-8", "x")
    store = stored(bad, same_row, other_row)

    report = follower(rows, store).catch_up(
        {"order-7": bad, "payment-7": same_row, "order-8": other_row}
    )

    assert shown(rows, "7") == {"order": ["a"], "payment": ["p"]}
    assert shown(rows, "8") == {"order": ["x"], "payment": []}
    assert report.parked["order-7"].version == 2
    assert "Poison" in report.parked["order-7"].error
    assert not report.failed


def test_a_parked_stream_waits_and_the_rest_of_its_row_goes_on(rows: MemoryRows) -> None:
    bad = history("order-7", "poison", "b")
    payments = history("payment-7", "p")
    follows = follower(rows, stored(bad, payments))
    follows.catch_up({"order-7": bad})

    report = follows.catch_up({"order-7": bad, "payment-7": payments})

    assert shown(rows, "7") == {"order": [], "payment": ["p"]}
    assert (report.applied, report.parked) == ({"payment-7": 1}, {})
    assert rows.get("7").part("order-7").parked


def test_a_row_that_gets_too_large_parks_the_stream_at_the_commit_that_is_too_much() -> None:
    rows = MemoryRows(max_bytes=3_000)
    big = history("order-7", "a", "b", "x" * 4_000, "d")
    small = history("payment-7", "p")
    follows = follower(rows, stored(big, small))

    report = follows.catch_up({"order-7": big, "payment-7": small})

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": ["p"]}
    assert report.parked["order-7"].version == 3
    assert "bytes" in report.parked["order-7"].error
    assert (report.failed, report.applied) == ({}, {"order-7": 2, "payment-7": 1})


def test_a_row_that_cannot_be_rendered_parks_the_stream_that_made_it_so(rows: MemoryRows) -> None:
    orders, payments = history("order-7", "a"), history("payment-7", "p", "unshowable")
    follows = follower(rows, stored(orders, payments))

    report = follows.catch_up({"order-7": orders, "payment-7": payments})

    assert shown(rows, "7") == {"order": ["a"], "payment": ["p"]}
    assert [*report.parked] == ["payment-7"]


def test_a_first_commit_that_can_be_neither_folded_nor_rendered_parks_its_stream(
    rows: MemoryRows,
) -> None:
    def picky(states: States) -> Document | None:
        return {"first": states[worlds.ORDER].texts[0]}

    view = replace(worlds.VIEW, render=picky, lists={})
    bad = history("order-7", "poison")
    store = stored(bad)
    follows = Follower(view, rows, {"order": store, "payment": store})

    report = follows.catch_up({"order-7": bad})

    assert ([*report.parked], report.failed) == (["order-7"], {})
    assert rows.get("7").parked


def test_what_is_parked_and_not_looked_at_is_told_as_waiting(rows: MemoryRows) -> None:
    bad = history("order-7", "poison")
    follows = follower(rows, stored(bad))
    follows.catch_up({"order-7": bad})

    report = follows.catch_up({"order-7": bad})

    assert (report.still_parked, report.parked) == ({"order-7"}, {})


def _with_old_state(rows: MemoryRows, stream: str) -> None:
    """As after a deployment: the state of `stream` in row 7 is one that this code can't read."""
    row = rows.get("7")
    older = replace(row.part(stream), state={"names": "of another time"})
    assert rows.save([replace(row, parts={**row.parts, stream: older})])[0].saved is Saved.SAVED


def test_an_outage_beside_a_part_that_cannot_be_read_parks_nobody(rows: MemoryRows) -> None:
    orders, payments = history("order-7", "a"), history("payment-7", "p", "q")
    reads = Reads(stored(orders, payments))
    follows = follower(rows, reads)
    follows.catch_up({"order-7": orders, "payment-7": payments[:1]})
    _with_old_state(rows, "order-7")
    reads.down = Unavailable("down")

    report = follows.catch_up({"payment-7": payments[1:]})

    assert (report.parked, report.failed) == ({}, {"payment-7": "down"})
    assert not rows.get("7").parked


def test_a_refused_commit_beside_a_part_that_cannot_be_read_parks_its_own_stream_only(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "unshowable"), history("payment-7", "p", "q")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders[:1], "payment-7": payments[:1]})
    _with_old_state(rows, "payment-7")

    report = follows.catch_up({"order-7": orders[1:], "payment-7": payments[1:]})

    assert ([*report.parked], report.failed) == (["order-7"], {})
    assert shown(rows, "7") == {"order": ["a"], "payment": ["p", "q"]}


@pytest.mark.parametrize("result", [Saved.FAILED, Saved.RACED])
@pytest.mark.parametrize("nth", [2, 3, 4])
def test_a_save_that_fails_while_parking_is_made_up_for(
    rows: MemoryRows, result: Saved, nth: int
) -> None:
    """Saves: the row whole, each commit, the mark, the row again."""

    class Failing(Watched):
        saves = 0

        def save(self, rows: Sequence[Row]) -> list[SaveResult]:
            self.saves += 1
            return [SaveResult(result)] if self.saves == nth else super().save(rows)

    before = MemoryRows(max_bytes=3_000)
    big = history("order-7", "a", "b", "x" * 4_000)
    follows = follower(Failing(before), stored(big))

    report = follows.catch_up({"order-7": big})
    if report.failed:
        report = follows.catch_up({"order-7": big})

    assert before.get("7").parked["order-7"].version == 3
    assert before.get("7").document == {"order": ["a", "b"], "payment": []}
    assert report.parked["order-7"].version == 3 or "order-7" in report.still_parked


def test_the_commits_before_the_bad_one_are_saved_beside_a_part_that_cannot_be_read(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "b", "unshowable"), history("payment-7", "p", "q")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders[:1], "payment-7": payments[:1]})
    row = rows.get("7")
    older = replace(row.part("payment-7"), state={"names": "of another time"})
    rows.save([row.with_part("payment-7", older)])

    report = follows.catch_up({"order-7": orders, "payment-7": payments})

    assert (report.parked["order-7"].version, report.failed) == (3, {})
    assert shown(rows, "7") == {"order": ["a", "b"], "payment": ["p", "q"]}


def test_a_row_that_is_folded_anew_never_goes_back_while_the_bad_commit_is_looked_for(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "b"), history("payment-7", "p", "unshowable")
    store = stored(orders, payments)
    follower(rows, store).catch_up({"order-7": orders, "payment-7": payments})
    versions: list[int] = []
    watched = Watched(
        rows, after_save=lambda _: versions.append(rows.get("7").part("order-7").version)
    )

    follower(watched, store).redrive(["order-7", "payment-7"])

    assert set(versions) == {2}


@pytest.mark.parametrize("texts", [["p", "unshowable"], ["p", "q", "unshowable"]])
def test_a_part_that_cannot_be_read_does_not_go_back_where_a_commit_beside_it_is_refused(
    rows: MemoryRows, texts: list[str]
) -> None:
    orders, payments = history("order-7", "a", "b"), history("payment-7", *texts)
    store = stored(orders, payments)
    follower(rows, store).catch_up({"order-7": orders, "payment-7": payments[:1]})
    _with_old_state(rows, "order-7")
    versions: list[int] = []
    watched = Watched(
        rows, after_save=lambda _: versions.append(rows.get("7").part("order-7").version)
    )

    report = follower(watched, store).catch_up({"payment-7": payments[1:]})

    assert (report.parked["payment-7"].version, report.failed) == (len(texts), {})
    assert shown(rows, "7") == {"order": ["a", "b"], "payment": texts[:-1]}
    assert set(versions) == {2}


def test_one_that_cannot_be_folded_anew_either_is_told_as_parked_beside_the_refused_one(
    rows: MemoryRows,
) -> None:
    """As where newer code has written both the state and the events."""
    orders, payments = history("order-7", "a", "poison"), history("payment-7", "p", "unshowable")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders[:1], "payment-7": payments[:1]})
    _with_old_state(rows, "order-7")

    report = follows.catch_up({"payment-7": payments[1:]})

    assert sorted(report.parked) == ["order-7", "payment-7"]
    assert rows.get("7").positions == {"order-7": 1, "payment-7": 1}


@pytest.mark.parametrize("bad", ["order-7", "payment-7"])
def test_where_two_parts_cannot_be_read_the_one_that_nobody_rang_for_is_not_left_behind(
    rows: MemoryRows, bad: str
) -> None:
    (good,) = {"order-7", "payment-7"} - {bad}
    wrong, right = history(bad, "a", "unshowable"), history(good, "b", "c")
    follows = follower(rows, stored(wrong, right))
    follows.catch_up({bad: wrong[:1], good: right})
    _with_old_state(rows, bad)
    _with_old_state(rows, good)

    report = follows.catch_up({bad: wrong[1:]})

    assert ([*report.parked], report.failed) == ([bad], {})
    assert rows.get("7").positions == {bad: 1, good: 2}


def test_a_stream_is_parked_where_it_stands_if_that_can_be_shown_no_more(rows: MemoryRows) -> None:
    """As after a deployment of a view that is stricter."""
    orders = history("order-7", "a", "unshowable")
    store = stored(orders)
    lax = replace(VIEW, render=lambda states: {"order": list(states[worlds.ORDER].texts)})
    Follower(lax, rows, {"order": store, "payment": store}).catch_up({"order-7": orders})

    report = follower(rows, store).redrive(["order-7"])

    assert (report.parked["order-7"].version, report.failed) == (2, {})
    assert rows.get("7").positions == {"order-7": 2}


def test_what_was_saved_while_the_bad_commit_was_looked_for_is_not_folded_anew_again(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "unshowable"), history("payment-7", "p", "q")
    follows = follower(rows, stored(orders, payments))

    report = follows.redrive(["payment-7", "order-7"])

    assert report.applied == {"payment-7": 2, "order-7": 1}
    assert [*report.parked] == ["order-7"]


def test_an_outage_while_the_bad_commit_is_looked_for_is_made_up_for(rows: MemoryRows) -> None:
    class Flaky:
        """Opens each of two commits once to fold them, and is out of reach for the next."""

        opened = 0

        def seal(self, subject: str, value: Json) -> Json:
            return value

        def open(self, subject: str, sealed: Json) -> Json:
            self.opened += 1
            if self.opened == 3:
                raise Unavailable("the keys are out of reach")
            return sealed

    secrets = EventTypes("secrets")
    secrets.event(personal={"text": "text"})(worlds.Noted)
    view = replace(VIEW, folds=[replace(worlds.ORDER, events=secrets)])
    events = recorded(secrets, "order-7", worlds.Noted(text="a"), worlds.Noted(text="unshowable"))

    follows = Follower(view, rows, {"order": stored(events)}, Flaky())
    report = follows.catch_up({"order-7": events})

    assert (report.parked["order-7"].version, report.failed) == (2, {})
    assert rows.get("7").positions == {"order-7": 1}


def test_a_stream_that_cannot_even_be_marked_fails_and_is_told_why(rows: MemoryRows) -> None:
    class Refusing(Watched):
        def save(self, rows: Sequence[Row]) -> list[SaveResult]:
            return [SaveResult(Saved.REFUSED, "not today") for _ in rows]

    events = history("order-7", "a")

    report = follower(Refusing(rows), stored(events)).catch_up({"order-7": events})

    assert (report.failed, report.parked, report.applied) == ({"order-7": "not today"}, {}, {})


def test_a_row_is_told_as_parking_left_it_also_when_it_cannot_be_followed_on(
    rows: MemoryRows,
) -> None:
    def down_once_parked() -> None:
        if rows.get("7").parked:
            raise Unavailable("down")

    events = history("order-7", "a", "unshowable")
    watched = Watched(rows, before_load=down_once_parked)

    report = follower(watched, stored(events)).catch_up({"order-7": events})

    assert (report.failed, report.rows) == ({"order-7": "down"}, {"7": rows.get("7")})
