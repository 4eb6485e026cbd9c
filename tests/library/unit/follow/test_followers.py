"""What a follower does when the doorbell rings: each line of the table in `followers.py`."""

from collections.abc import Sequence

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.events import EventTypes
from cqrs.plain import Json, replace
from cqrs.testing.views import recorded
from cqrs.views.rows import Row, Saved, SaveResult
from tests.library import worlds
from tests.library.worlds import VIEW, Reads, Watched, commit, follower, history, shown, stored


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
