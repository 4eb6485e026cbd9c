"""What a follower does when the doorbell rings: each line of the table in cqrs/followers.py."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.events import EventTypes
from cqrs.plain import Json
from cqrs.testing.views import recorded
from cqrs.views.rows import Document, Row, Saved, SaveResult, States
from tests.unit.cqrs import worlds
from tests.unit.cqrs.worlds import VIEW, Reads, Watched, commit, follower, history, shown, stored


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows()


@pytest.fixture
def mended() -> Iterator[None]:
    """While this is used, the fold no longer chokes on poison: the fix was deployed."""
    worlds.poisonous.clear()
    yield
    worlds.poisonous.add("poison")


def test_a_hint_that_continues_is_applied_without_a_read(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b")
    reads = Reads(stored(events))

    report = follower(rows, reads).catch_up({"order-7": events})

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": []}
    assert (report.applied, reads.count) == ({"order-7": 2}, 0)


def test_hints_out_of_order_are_put_in_order(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b", "c")
    reads = Reads(stored(events))

    follower(rows, reads).catch_up({"order-7": [events[2], events[0], events[1], events[0]]})

    assert shown(rows, "7") == {"order": ["a", "b", "c"], "payment": []}
    assert reads.count == 0


def test_a_hint_that_was_applied_before_changes_and_costs_nothing(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b")
    reads = Reads(stored(events))
    follows = follower(rows, reads)
    follows.catch_up({"order-7": events})

    report = follows.catch_up({"order-7": events})

    assert (report.applied, reads.count, rows.get("7").revision) == ({}, 0, 1)


def test_a_gap_is_read_from_the_store(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b", "c", "d")
    reads = Reads(stored(events))

    report = follower(rows, reads).catch_up({"order-7": [events[0], events[2]]})

    assert shown(rows, "7") == {"order": ["a", "b", "c", "d"], "payment": []}
    assert (report.repaired, reads.count) == ({"order-7"}, 1)


def test_no_hint_means_to_look_in_the_store(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b")

    follower(rows, stored(events)).catch_up({"order-7": ()})

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": []}


def test_a_damaged_hint_is_replaced_by_the_truth(rows: MemoryRows) -> None:
    events = history("order-7", "a", "b")
    damaged = Commit("order-7", 2, '{"events": [')

    report = follower(rows, stored(events)).catch_up({"order-7": [events[0], damaged]})

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": []}
    assert (report.parked, report.repaired) == ({}, {"order-7"})


def test_two_streams_of_one_row_are_folded_into_it_at_once(rows: MemoryRows) -> None:
    orders, payments = history("order-7", "a"), history("payment-7", "p", "q")

    follower(rows, stored(orders, payments)).catch_up({"order-7": orders, "payment-7": payments})

    assert shown(rows, "7") == {"order": ["a"], "payment": ["p", "q"]}
    assert rows.get("7").revision == 1


def test_streams_that_the_view_does_not_follow_are_left_alone(rows: MemoryRows) -> None:
    report = follower(rows, stored()).catch_up({"customer-7": history("customer-7", "a")})

    assert (report.applied, rows.get("7").revision) == ({}, 0)


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


def test_a_refused_row_is_parked_again_by_a_redrive_before_the_fix(rows: MemoryRows) -> None:
    payments = history("payment-7", "unshowable")
    follows = follower(rows, stored(payments))
    follows.catch_up({"payment-7": payments})

    report = follows.redrive(["payment-7"])

    assert not report.failed
    assert rows.get("7").parked["payment-7"].version == 1


def test_an_event_store_that_is_down_fails_its_streams_and_no_others(rows: MemoryRows) -> None:
    gap, whole = history("order-7", "a", "b"), history("payment-7", "p")
    reads = Reads(stored(gap, whole))
    reads.down = Unavailable("down")

    report = follower(rows, reads).catch_up({"order-7": gap[1:], "payment-7": whole})

    assert [*report.failed] == ["order-7"]
    assert shown(rows, "7") == {"order": [], "payment": ["p"]}


def test_rows_that_cannot_be_loaded_fail_their_streams(rows: MemoryRows) -> None:
    def down() -> None:
        raise Unavailable("down")

    watched = Watched(rows, before_load=down)

    report = follower(watched, stored()).catch_up({"order-7": history("order-7", "a")})

    assert report.failed == {"order-7": "down"}


def test_rows_that_cannot_be_saved_for_now_fail_their_streams(rows: MemoryRows) -> None:
    class Throttling(Watched):
        def save(self, rows: Sequence[Row]) -> list[SaveResult]:
            return [SaveResult(Saved.FAILED, "throttled") for _ in rows]

    events = history("order-7", "a")

    report = follower(Throttling(rows), stored(events)).catch_up({"order-7": events})

    assert (report.failed, report.applied) == ({"order-7": "throttled"}, {})


def test_a_lost_race_is_folded_again_on_what_the_winner_saved(rows: MemoryRows) -> None:
    orders, payments = history("order-7", "a"), history("payment-7", "p")
    store = stored(orders, payments)
    others = [payments]

    def interfere(_: Sequence[Row]) -> None:
        if others:
            follower(rows, store).catch_up({"payment-7": others.pop()})

    report = follower(Watched(rows, before_save=interfere), store).catch_up({"order-7": orders})

    assert shown(rows, "7") == {"order": ["a"], "payment": ["p"]}
    assert (report.applied, rows.get("7").revision) == ({"order-7": 1}, 2)


def test_a_race_lost_again_and_again_fails_the_stream(rows: MemoryRows) -> None:
    def interfere(saving: Sequence[Row]) -> None:
        (row,) = saving
        current = rows.get(row.key)
        rows.save([replace(current, document={"revision": current.revision})])

    events = history("order-7", "a")
    watched = Watched(rows, before_save=interfere)

    report = follower(watched, stored(events)).catch_up({"order-7": events})

    assert [*report.failed] == ["order-7"]


def test_a_batch_loads_its_rows_together_and_saves_them_together(rows: MemoryRows) -> None:
    calls: list[str] = []
    watched = Watched(
        rows,
        before_load=lambda: calls.append("load"),
        before_save=lambda saving: calls.append(f"save {len(saving)}"),
    )
    batch = {f"order-{n}": history(f"order-{n}", "a", "b") for n in range(20)}

    follower(watched, stored(*batch.values())).catch_up(batch)

    assert calls == ["load", "save 20"]


def test_what_is_behind_is_what_the_store_has_more_of(rows: MemoryRows) -> None:
    current, late = history("order-7", "a"), history("order-8", "a", "b")
    parked, new = history("order-9", "poison"), history("payment-10", "a")
    follows = follower(rows, stored(current, late, parked, new))
    follows.catch_up({"order-7": current, "order-8": late[:1], "order-9": parked})

    heads = {"order-7": 1, "order-8": 2, "order-9": 1, "payment-10": 1, "customer-1": 5}

    assert follows.behind(heads) == ["order-8", "payment-10"]


def test_a_commit_of_several_events_counts_as_one_version(rows: MemoryRows) -> None:
    one = commit("order-7", 1, "a", "b", "c")

    follower(rows, stored([one])).catch_up({"order-7": [one]})

    assert shown(rows, "7") == {"order": ["a", "b", "c"], "payment": []}
    assert rows.get("7").positions == {"order-7": 1}


def test_a_cipher_that_is_out_of_reach_fails_streams_and_parks_none(rows: MemoryRows) -> None:
    class Locked:
        def seal(self, subject: str, value: Json) -> Json:
            return value

        def open(self, subject: str, sealed: Json) -> Json:
            raise Unavailable("the keys are out of reach")

    secrets = EventTypes("secrets")
    secrets.event(personal={"text": "text"})(worlds.Noted)
    view = replace(VIEW, folds=[replace(worlds.ORDER, events=secrets)])
    events = recorded(secrets, "order-7", worlds.Noted(text="a"))
    follows = Follower(view, rows, {"order": stored(events)}, Locked())

    report = follows.catch_up({"order-7": events})

    assert (report.parked, [*report.failed]) == ({}, ["order-7"])


def test_looking_at_a_stream_that_is_up_to_date_is_no_news(rows: MemoryRows) -> None:
    events = history("order-7", "a")
    follows = follower(rows, stored(events))
    follows.catch_up({"order-7": events})

    report = follows.catch_up({"order-7": ()})

    assert (report.applied, report.repaired) == ({}, set())


def test_a_state_that_this_code_cannot_read_is_folded_anew(rows: MemoryRows) -> None:
    orders, payments = history("order-7", "a", "b"), history("payment-7", "p")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders[:1], "payment-7": payments})
    row = rows.get("7")
    older = replace(row.part("payment-7"), state={"names": "of another time"})
    rows.save([replace(row, parts={**row.parts, "payment-7": older})])

    report = follows.catch_up({"order-7": orders[1:]})

    assert shown(rows, "7") == {"order": ["a", "b"], "payment": ["p"]}
    assert (report.failed, report.repaired) == ({}, {"payment-7"})


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


def test_a_redrive_tells_what_is_still_parked(rows: MemoryRows) -> None:
    bad = history("order-7", "a", "poison")
    follows = follower(rows, stored(bad))
    follows.catch_up({"order-7": bad})

    report = follows.redrive(["order-7"])

    assert (report.parked["order-7"].version, report.still_parked) == (2, set())


def test_what_is_parked_and_not_looked_at_is_told_as_waiting(rows: MemoryRows) -> None:
    bad = history("order-7", "poison")
    follows = follower(rows, stored(bad))
    follows.catch_up({"order-7": bad})

    report = follows.catch_up({"order-7": bad})

    assert (report.still_parked, report.parked) == ({"order-7"}, {})


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


def test_a_view_without_the_store_of_one_of_its_streams_cannot_be_followed() -> None:
    with pytest.raises(ValueError, match="payment"):
        Follower(worlds.VIEW, MemoryRows(), {"order": stored()})


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


def test_a_store_that_is_down_is_asked_once_in_a_batch(rows: MemoryRows) -> None:
    reads = Reads(stored())
    reads.down = Unavailable("down")
    gaps = {f"order-{n}": history(f"order-{n}", "a", "b")[1:] for n in range(20)}

    report = follower(rows, reads).catch_up(gaps)

    assert (len(report.failed), reads.count) == (20, 1)


def test_a_store_that_is_down_keeps_no_other_from_being_read(rows: MemoryRows) -> None:
    gap, whole = history("order-7", "a", "b"), history("payment-7", "p", "q")
    reads = Reads(stored(gap))
    reads.down = Unavailable("down")
    follows = Follower(VIEW, rows, {"order": reads, "payment": stored(whole)})

    report = follows.catch_up({"order-7": gap[1:], "payment-7": whole[1:]})

    assert (report.failed, report.applied) == ({"order-7": "down"}, {"payment-7": 2})


def test_an_error_of_any_length_fits_in_a_mark(rows: MemoryRows) -> None:
    def fail(notes: worlds.Notes, recorded: object) -> worlds.Notes:
        raise ValueError("x" * 100_000)

    fold = replace(worlds.ORDER, evolve=fail)
    view = replace(worlds.VIEW, folds=[fold], render=lambda parts: {"texts": []})
    events = history("order-7", "a")

    report = Follower(view, rows, {"order": stored(events)}).catch_up({"order-7": events})

    assert len(report.parked["order-7"].error) == 500


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
