"""What a process has sent, when, and what happens when that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import local
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqrs.errors import Throttled, Unavailable, Unreadable
from cqrs.follow import process_followers
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_followers import (
    LONG_SECONDS,
    PAGE,
    SENDERS,
    STEPS,
    TRIES,
    ProcessFollower,
)
from cqrs.follow.process_managers import GRACE_SECONDS, WAITING, Entry, Send, Sent, entries_of
from cqrs.history.events import Instant
from cqrs.history.idempotency import command_id_of
from cqrs.history.instants import later
from cqrs.views.rows import Row, Saved, SaveResult, States
from cqrs.views.sources import ERROR_LENGTH
from tests.unit.cqrs import processes
from tests.unit.cqrs.processes import (
    NOON,
    TRIPS,
    Do,
    Dropped,
    Timers,
    WatchedRows,
    Wished,
    Works,
    World,
    undelivered,
)

DOWN = Unavailable("the works are down")
HOUR = 3_600
IN_AN_HOUR = later(NOON, HOUR)
MICROSECOND = 1e-6


class Crash(BaseException):
    """The worker is gone: nothing catches this, as nothing catches a killed process."""


@pytest.fixture
def world() -> World:
    return World()


def crash(*_: Any) -> None:
    raise Crash


class TestSending:
    def test_what_is_wanted_is_sent_and_answered_once(self, world: World) -> None:
        commits = world.wishes("7", "bed", "bath")

        report = world.follower().catch_up({"trip-7": commits})
        world.follower().catch_up({"trip-7": commits})

        assert sorted(world.works.heard) == ["bath", "bed"]
        assert (report.applied, report.delivered) == ({"trip-7": 2}, 2)
        assert (report.failed, report.undelivered) == ({}, {})
        assert world.waits("7") == []

    def test_a_message_says_what_who_and_because_of_what(self, world: World) -> None:
        world.wishes("7", "bed")

        world.visit("7")

        assert world.works.sent == [
            Message(
                id=command_id_of("process:trips", "7/bed"),
                command="Do",
                data={"what": "bed"},
                actor="process:trips",
                correlation_id="for-bed",
                causation_id="trips/7",
            )
        ]

    def test_the_same_wish_of_two_rows_is_two_commands(self, world: World) -> None:
        world.wishes("7", "bed")
        world.wishes("8", "bed")

        world.visit("7", "8")

        assert list(world.works.done.values()) == ["bed", "bed"]

    def test_what_is_wanted_is_saved_before_it_is_sent(self, world: World) -> None:
        world.wishes("7", "bed")
        saved: list[tuple[dict[str, int], list[str]]] = []
        world.works.before = lambda _: saved.append(
            (world.rows.get("7").positions, world.waits("7"))
        )

        world.visit("7")

        assert saved == [({"trip-7": 1}, ["bed"])]

    def test_what_could_not_be_saved_is_not_sent(self, world: World) -> None:
        class Throttling(WatchedRows):
            def save(self, rows: Sequence[Row]) -> list[SaveResult]:
                return [SaveResult(Saved.FAILED, "throttled") for _ in rows]

        world.wishes("7", "bed")

        report = world.visit("7", rows=Throttling(world.rows))

        assert (report.failed, world.works.heard) == ({"trip-7": "throttled"}, [])

    def test_each_command_goes_to_the_receiver_that_it_names(self, world: World) -> None:
        inn, works = Works(), Works()
        world.wishes("7", Wished(what="bed", to="inn"), "bath")

        world.visit("7", receivers={"inn": inn, "works": works})

        assert (inn.heard, works.heard) == (["bed"], ["bath"])

    def test_a_row_that_wants_nothing_is_saved_and_waits_for_nothing(self, world: World) -> None:
        world.happens("trip-7", Dropped(what="bed"))

        report = world.visit("7")

        assert (report.applied, report.delivered, world.works.heard) == ({"trip-7": 1}, 0, [])
        assert world.rows.get("7").places == {}

    def test_what_was_followed_is_not_loaded_again_to_be_delivered(self, world: World) -> None:
        world.wishes("7", "bed", Wished(what="bath", after="bed"))
        loads: list[int] = []
        saves: list[int] = []
        rows = WatchedRows(
            world.rows,
            before_load=lambda: loads.append(1),
            before_save=lambda rows: saves.append(len(rows)),
        )

        world.visit("7", rows=rows)

        assert world.works.heard == ["bed", "bath"]
        assert (len(loads), saves) == (1, [1, 1, 1])

    def test_what_is_not_followed_is_not_visited(self, world: World) -> None:
        world.wishes("7", "bed")
        world.works.trouble = {"bed": DOWN}
        world.visit("7")
        world.works.sent.clear()

        report = world.follower().catch_up({"order-7": ()})

        assert (report.undelivered, world.works.heard) == ({}, [])


class TestCrashes:
    def test_a_crash_before_the_save_sends_nothing_and_the_next_visit_makes_up_for_it(
        self, world: World
    ) -> None:
        commits = world.wishes("7", "bed")
        with pytest.raises(Crash):
            world.visit("7", rows=WatchedRows(world.rows, before_save=crash))
        assert world.works.heard == []

        world.follower().catch_up({"trip-7": commits})

        assert world.works.heard == ["bed"]

    def test_a_crash_before_the_send_leaves_it_to_a_visit_that_finds_its_event_applied(
        self, world: World
    ) -> None:
        commits = world.wishes("7", "bed")
        with pytest.raises(Crash):
            world.visit("7", rows=WatchedRows(world.rows, after_save=crash))
        assert world.works.heard == []

        report = world.follower().catch_up({"trip-7": commits})

        assert (report.applied, report.delivered) == ({}, 1)
        assert world.works.heard == ["bed"]

    def test_a_crash_after_the_send_sends_the_same_id_again(self, world: World) -> None:
        commits = world.wishes("7", "bed")

        def crash_with_the_answer(rows: Sequence[Row]) -> None:
            if world.works.sent:
                raise Crash

        with pytest.raises(Crash):
            world.visit("7", rows=WatchedRows(world.rows, before_save=crash_with_the_answer))

        world.follower().catch_up({"trip-7": commits})

        first, again = world.works.sent
        assert first == again
        assert list(world.works.done.values()) == ["bed"]

    def test_a_crash_after_the_answer_was_saved_sends_nothing_again(self, world: World) -> None:
        world.wishes("7", "bed")

        def crash_after_the_answer(rows: Sequence[Row]) -> None:
            if world.works.sent:
                raise Crash

        with pytest.raises(Crash):
            world.visit("7", rows=WatchedRows(world.rows, after_save=crash_after_the_answer))
        assert world.works.heard == ["bed"]

        world.visit("7")

        assert world.works.heard == []

    def test_a_receiver_that_kills_the_worker_is_asked_again(self, world: World) -> None:
        world.wishes("7", "bed")
        world.works.before = crash
        with pytest.raises(Crash):
            world.visit("7")
        world.works.before = lambda _: None

        world.visit("7")

        assert world.works.heard == ["bed", "bed"]


class TestAnswers:
    def test_a_refusal_is_an_answer_and_not_sent_again(self, world: World) -> None:
        commits = world.wishes("7", "bed")
        refusal = Answer(accepted=False, code="full", detail="no room")
        world.works.answers = {"bed": refusal}

        world.follower().catch_up({"trip-7": commits})
        world.follower().catch_up({"trip-7": commits})

        assert world.works.heard == ["bed", "instead-of-bed-full"]
        assert world.entries("7")["bed"] == Entry(answer=refusal)

    def test_a_refusal_that_the_process_has_no_use_for_is_no_answer_and_is_told(
        self, world: World
    ) -> None:
        world.works.answers = {"bed": Answer(accepted=False, code="full", detail="no room")}
        world.wishes("7", Wished(what="bed", refusable=False), Wished(what="bath", after="bed"))

        report = world.visit("7")

        assert report.undelivered == {"7": "bed: Refused('full: no room')"}
        assert (report.delivered, world.works.heard) == (0, ["bed"])
        assert (world.waits("7"), world.waiting()) == (["bed"], ["7"])

    def test_what_must_not_be_refused_is_sent_at_every_visit_until_it_is_accepted(
        self, world: World
    ) -> None:
        world.works.answers = {"bed": Answer(accepted=False, code="full")}
        world.wishes("7", Wished(what="bed", refusable=False), Wished(what="bath", after="bed"))
        world.visit("7")
        world.deliver()
        world.works.answers = {}

        (report,) = world.deliver()

        first, second, third, _ = world.works.sent
        assert first == second == third
        assert (report.delivered, report.undelivered) == (2, {})
        assert world.entries("7")["bed"] == Entry(answer=Answer(accepted=True))

    def test_an_accepted_answer_is_no_refusal_and_the_other_way_round(self) -> None:
        yes, no = Answer(accepted=True, reference="r"), Answer(accepted=False, code="full")
        sent = Sent({"a": Entry(answer=yes), "b": Entry(answer=no), "c": Entry()})

        assert [sent.asked(key) for key in "abcd"] == [True, True, True, False]
        assert [sent.answer(key) for key in "abcd"] == [yes, no, None, None]
        assert [sent.accepted(key) for key in "abcd"] == [True, False, False, False]
        assert [sent.refusal(key) for key in "abcd"] == [None, no, None, None]

    def test_answers_lead_to_more_in_the_same_visit(self, world: World) -> None:
        world.wishes("7", "bed", Wished(what="bath", after="bed"), Wished(what="tea", after="bath"))

        report = world.visit("7")

        assert world.works.heard == ["bed", "bath", "tea"]
        assert report.delivered == 3

    def test_what_an_answer_leads_to_is_saved_with_the_answer(self, world: World) -> None:
        world.wishes("7", "bed", Wished(what="bath", after="bed"))
        waiting: list[list[str]] = []
        world.works.before = lambda _: waiting.append(world.waits("7"))

        world.visit("7")

        assert waiting == [["bed"], ["bath"]]

    def test_a_long_way_is_gone_on_at_the_next_visit(self, world: World) -> None:
        """As a process may that wants more and more: a visit ends."""
        steps = [str(n) for n in range(STEPS + 5)]
        after = [None, *steps]
        world.wishes("7", *(Wished(what=s, after=a) for s, a in zip(steps, after, strict=False)))

        report = world.visit("7")
        assert (report.delivered, world.works.heard) == (STEPS, steps[:STEPS])
        world.deliver()

        assert world.works.heard == steps[STEPS:]

    def test_the_first_answer_counts(self) -> None:
        yes, no = Answer(accepted=True), Answer(accepted=False, code="late")
        row = TRIPS.answered(Row(key="7"), {"bed": yes})

        assert entries_of(TRIPS.answered(row, {"bed": no}))["bed"].answer == yes

    def test_an_answer_that_names_a_followed_stream_is_looked_at_immediately(
        self, world: World
    ) -> None:
        def make_room(what: str) -> None:
            if what == "bed":
                world.happens("room-7", Wished(what="key"))

        world.works.before = make_room
        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        world.wishes("7", "bed")

        report = world.visit("7")

        assert world.works.heard == ["bed", "key"]
        assert world.rows.get("7").positions == {"trip-7": 1, "room-7": 1}
        assert report.applied == {"trip-7": 1, "room-7": 1}
        assert report.repaired == {"trip-7", "room-7"}

    def test_an_answer_that_names_another_stream_is_only_an_answer(self, world: World) -> None:
        world.works.answers = {"bed": Answer(accepted=True, stream="inn-1", version=4)}
        world.wishes("7", "bed")

        report = world.visit("7")

        assert (report.applied, report.failed) == ({"trip-7": 1}, {})
        assert world.waits("7") == []

    def test_what_an_answers_stream_does_to_another_row_is_delivered_there_too(
        self, world: World
    ) -> None:
        world.works.before = lambda what: (
            world.happens("room-8", Wished(what="key")) if what == "bed" else None
        )
        world.works.answers = {"bed": Answer(accepted=True, stream="room-8", version=1)}
        world.wishes("7", "bed")

        world.visit("7")

        assert (world.works.heard, world.waits("8")) == (["bed", "key"], [])

    def test_a_stream_that_an_answer_names_and_that_cannot_be_read_fails_no_record(
        self, world: World
    ) -> None:
        class Down:
            def read(self, stream: str, after: int = 0, limit: int | None = None) -> Any:
                raise DOWN

        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        stores: Any = {"trip": world.store, "room": Down()}
        follows = ProcessFollower(
            TRIPS, WatchedRows(world.rows), stores, {"works": world.works}, clock=world.clock
        )

        report = follows.catch_up({"trip-7": world.wishes("7", "bed")})

        assert (report.failed, report.delivered, world.waits("7")) == ({}, 1, [])

    def test_a_stream_that_an_answer_names_and_that_stops_is_parked_and_told(
        self, world: World
    ) -> None:
        world.works.before = lambda what: world.happens("room-7", Wished(what="poison"))
        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        world.wishes("7", "bed")

        report = world.visit("7")

        assert ([*report.parked], report.failed) == (["room-7"], {})
        assert world.waits("7") == []

    def test_a_stream_that_an_answer_names_and_that_was_parked_before_is_told_as_waiting(
        self, world: World
    ) -> None:
        world.happens("room-7", Wished(what="poison"))
        world.follower().catch_up({"room-7": ()})
        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        world.wishes("7", "bed")

        assert world.visit("7").still_parked == {"room-7"}


class TestWishes:
    def test_what_is_no_longer_wanted_is_not_sent_any_more_and_counts_as_asked(
        self, world: World
    ) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")
        world.visit("7")
        assert world.works.heard == ["bed"]
        world.happens("trip-7", Dropped(what="bed"))
        world.works.trouble = {}

        world.visit("7")

        assert world.works.heard == ["undo-bed"]
        assert world.entries("7")["bed"] == Entry()

    def test_what_was_never_wanted_need_not_be_undone(self, world: World) -> None:
        world.wishes("7", "bath")
        world.happens("trip-7", Dropped(what="bed"))

        world.visit("7")

        assert world.works.heard == ["bath"]

    def test_what_was_done_and_is_no_longer_wanted_keeps_its_answer(self, world: World) -> None:
        world.wishes("7", "bed")
        world.visit("7")
        world.happens("trip-7", Dropped(what="bed"))

        world.visit("7")

        assert world.works.heard == ["bed", "undo-bed"]
        assert world.entries("7")["bed"] == Entry(answer=Answer(accepted=True))

    def test_an_answer_that_comes_when_it_is_no_longer_wanted_is_kept(self, world: World) -> None:
        """While it is on its way another worker sees that it is not wanted any more."""
        world.wishes("7", "bed")

        def drop(what: str) -> None:
            world.works.before = lambda _: None
            world.happens("trip-7", Dropped(what="bed"))
            world.visit("7")

        world.works.before = drop

        world.visit("7")

        assert world.entries("7")["bed"] == Entry(answer=Answer(accepted=True))
        assert [*world.works.done.values()] == ["undo-bed", "bed"]

    def test_what_is_wanted_again_is_sent_with_the_same_id(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")
        world.visit("7")
        world.happens("trip-7", Dropped(what="bed"))
        world.visit("7")
        world.works.trouble = {}
        world.wishes("7", "bed")

        world.visit("7")

        first, _, again = world.works.sent
        assert first == again

    def test_what_has_the_same_key_is_the_same_command(self, world: World) -> None:
        """What was saved is sent, though the process would say it differently by now."""
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")
        world.visit("7")
        world.works.trouble = {}

        def changed(states: States, sent: Sent) -> list[Send]:
            return [Send(key="bed", to="works", command=Do(what="sofa"), correlation_id="c")]

        world.process = replace(TRIPS, react=changed)
        world.happens("trip-7", Dropped(what="bath"))

        world.visit("7")

        assert world.works.heard == ["bed", "bed"]


class TestTrouble:
    def test_one_row_whose_receiver_is_down_stops_no_other_and_fails_no_record(
        self, world: World
    ) -> None:
        world.works.trouble = {"bed": DOWN}
        for trip, what in (("6", "bath"), ("7", "bed"), ("8", "tea")):
            world.wishes(trip, what, Wished(what=f"after-{what}", after=what))

        report = world.visit("6", "7", "8")

        assert sorted(world.works.done.values()) == ["after-bath", "after-tea", "bath", "tea"]
        assert (report.failed, report.parked, report.delivered) == ({}, {}, 4)
        assert report.undelivered == {"7": "bed: Unavailable('the works are down')"}
        assert report.applied == {"trip-6": 2, "trip-7": 2, "trip-8": 2}

    def test_one_command_that_is_stuck_stops_no_other_of_its_row(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed", "bath", Wished(what="tea", after="bath"))

        report = world.visit("7")

        assert list(world.works.done.values()) == ["bath", "tea"]
        assert [*report.undelivered] == ["7"]
        assert world.waits("7") == ["bed"]

    def test_a_command_that_is_stuck_is_tried_once_a_visit_however_far_its_row_gets(
        self, world: World
    ) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed", "bath", Wished(what="tea", after="bath"))

        world.visit("7")

        assert sorted(world.works.heard) == ["bath", "bed", "tea"]

    @pytest.mark.parametrize("error", [DOWN, KeyError("what"), ZeroDivisionError("so")])
    def test_whatever_a_receiver_raises_is_told_and_tried_again_at_the_next_visit(
        self, world: World, error: Exception
    ) -> None:
        commits = world.wishes("7", "bed")
        world.works.trouble = {"bed": error}
        told = world.follower().catch_up({"trip-7": commits}).undelivered
        assert told == {"7": f"bed: {error!r}"}
        world.works.trouble = {}

        report = world.follower().catch_up({"trip-7": commits})

        assert (report.undelivered, world.works.heard) == ({}, ["bed", "bed"])

    def test_a_receiver_that_nobody_knows_is_told(self, world: World) -> None:
        world.wishes("7", Wished(what="bed", to="nobody"))

        assert world.visit("7").undelivered == {"7": "bed: KeyError('nobody')"}
        assert world.waits("7") == ["bed"]

    def test_a_long_reason_is_cut(self, world: World) -> None:
        world.works.trouble = {"bed": Unavailable("x" * 10_000)}
        world.wishes("7", "bed")

        assert len(world.visit("7").undelivered["7"]) == ERROR_LENGTH

    def test_what_is_throttled_is_tried_again_at_once(self, world: World) -> None:
        world.works.trouble = {"bed": Throttled("out of breath")}

        def recover(what: str) -> None:
            if len(world.works.sent) == TRIES:
                world.works.trouble = {}

        world.works.before = recover
        world.wishes("7", "bed")

        report = world.visit("7")

        assert (world.works.heard, report.delivered) == (["bed"] * TRIES, 1)
        assert len(world.pauses) == TRIES - 1
        assert all(0 <= pause <= 0.1 * 2**tries for tries, pause in enumerate(world.pauses))

    def test_what_stays_throttled_waits_for_the_next_visit(self, world: World) -> None:
        world.works.trouble = {"bed": Throttled("out of breath")}
        world.wishes("7", "bed")

        report = world.visit("7")

        assert (world.works.heard, [*report.undelivered]) == (["bed"] * TRIES, ["7"])

    def test_what_is_down_is_not_tried_again_at_once(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")

        world.visit("7")

        assert (world.works.heard, world.pauses) == (["bed"], [])

    def test_rows_that_cannot_be_loaded_fail_their_streams(self, world: World) -> None:
        def down() -> None:
            raise Unavailable("the rows are down")

        world.wishes("7", "bed")

        report = world.visit("7", rows=WatchedRows(world.rows, before_load=down))

        assert report.failed == {"trip-7": "the rows are down"}
        assert world.works.heard == []

    def test_rows_that_go_down_during_a_race_are_told_and_fail_no_record(
        self, world: World
    ) -> None:
        loads = iter(range(100))

        def down() -> None:
            if next(loads):
                raise Unavailable("the rows are down")

        def race(rows: Sequence[Row]) -> None:
            if world.works.sent:
                world.rows.save([world.rows.get("7")])

        world.wishes("7", "bed")

        report = world.visit("7", rows=WatchedRows(world.rows, before_load=down, before_save=race))

        assert report.failed == {}
        assert report.undelivered == {"7": "answers not kept: the rows are down"}
        world.deliver()
        assert world.waits("7") == []

    def test_an_answer_that_cannot_be_kept_is_asked_for_again(self, world: World) -> None:
        class Throttling(WatchedRows):
            def save(self, rows: Sequence[Row]) -> list[SaveResult]:
                if world.works.sent:
                    return [SaveResult(Saved.FAILED, "throttled")]
                return super().save(rows)

        world.wishes("7", "bed")

        report = world.visit("7", rows=Throttling(world.rows))
        assert report.undelivered == {"7": "answers not kept: throttled"}
        assert (report.delivered, report.failed) == (0, {})
        world.visit("7")

        assert world.works.heard == ["bed", "bed"]
        assert list(world.works.done.values()) == ["bed"]


class TestWorkers:
    def test_two_workers_send_the_same_and_the_answer_is_kept_once(self, world: World) -> None:
        world.wishes("7", "bed")
        revisions: list[int] = []

        def another_worker(what: str) -> None:
            world.works.before = lambda _: None
            world.visit("7")
            revisions.append(world.rows.get("7").revision)

        world.works.before = another_worker

        report = world.visit("7")

        first, second = world.works.sent
        assert first == second
        assert (world.waits("7"), report.undelivered) == ([], {})
        assert revisions == [2]

    def test_a_worker_that_lost_the_race_notes_its_answer_on_what_the_winner_saved(
        self, world: World
    ) -> None:
        world.wishes("7", "bed")

        def another_worker(what: str) -> None:
            world.works.before = lambda _: None
            world.wishes("7", "bath")
            world.works.trouble = {"bed": DOWN}
            world.visit("7")
            world.works.trouble = {}

        world.works.before = another_worker

        report = world.visit("7")

        answered = Entry(answer=Answer(accepted=True))
        assert world.entries("7") == {"bed": answered, "bath": answered}
        assert (report.undelivered, report.delivered) == ({}, 1)

    def test_a_race_lost_again_and_again_leaves_the_answer_to_the_next_visit(
        self, world: World
    ) -> None:
        def interfere(rows: Sequence[Row]) -> None:
            if world.works.sent:
                (current,) = world.rows.load(["7"]).values()
                world.rows.save([current])

        world.wishes("7", "bed")

        report = world.visit("7", rows=WatchedRows(world.rows, before_save=interfere))

        assert [*report.undelivered] == ["7"]
        assert "others save the same row all the time" in report.undelivered["7"]
        world.visit("7")
        assert world.waits("7") == []

    def test_many_workers_have_every_command_done_once(self, world: World) -> None:
        for trip in range(10):
            world.wishes(str(trip), "bed", Wished(what="bath", after="bed"), "tea")
        trips = [str(trip) for trip in range(10)]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: world.visit(*trips), range(8)))
        world.deliver()

        assert sorted(world.works.done.values()) == sorted(["bed", "bath", "tea"] * 10)
        assert [world.waits(trip) for trip in trips] == [[]] * 10


class TestTimers:
    @pytest.fixture
    def later_on(self, world: World) -> World:
        """A bell that was wished for in an hour."""
        world.wishes("7", Wished(what="bell", seconds=HOUR))
        return world

    def test_a_timer_is_set_once_and_nothing_is_sent(self, later_on: World) -> None:
        for _ in range(3):
            later_on.visit("7")
        later_on.deliver()

        ((message, at),) = later_on.timers.calls
        assert (message.data, at) == ({"what": "bell"}, IN_AN_HOUR)
        assert message.id == command_id_of("process:trips", "7/bell")
        assert later_on.works.heard == []
        assert later_on.waits("7") == ["bell"]

    def test_a_timer_that_was_set_is_counted_as_delivered(self, later_on: World) -> None:
        report = later_on.visit("7")

        assert (report.delivered, report.undelivered) == (1, {})

    def test_a_timer_that_is_set_while_it_becomes_unwanted_leaves_no_trace(
        self, later_on: World
    ) -> None:
        class Slow(Timers):
            def set(self, message: Message, at: Instant) -> None:
                later_on.happens("trip-7", Dropped(what="bell"))
                later_on.visit("7")

        report = later_on.visit("7", timers={"works": Slow()})

        assert later_on.entries("7")["bell"] == Entry()
        assert (later_on.works.heard, report.undelivered) == (["undo-bell"], {})

    def test_a_crash_after_a_timer_was_set_sets_the_same_again(self, later_on: World) -> None:
        def crash_with_the_note(rows: Sequence[Row]) -> None:
            if later_on.timers.calls:
                raise Crash

        with pytest.raises(Crash):
            later_on.visit("7", rows=WatchedRows(later_on.rows, before_save=crash_with_the_note))

        later_on.visit("7")

        first, again = later_on.timers.calls
        assert first == again

    def test_what_no_timer_rang_for_is_sent_after_the_grace_and_not_before(
        self, later_on: World
    ) -> None:
        later_on.visit("7")
        later_on.clock.forward(HOUR + GRACE_SECONDS - MICROSECOND)
        later_on.visit("7")
        later_on.deliver()
        assert later_on.works.heard == []

        later_on.clock.forward(2 * MICROSECOND)
        assert later_on.waiting() == ["7"]
        later_on.deliver()

        assert later_on.works.heard == ["bell"]
        assert later_on.waits("7") == []

    def test_a_visit_after_the_grace_sends_it_too(self, later_on: World) -> None:
        later_on.visit("7")
        later_on.clock.forward(HOUR + GRACE_SECONDS)

        later_on.visit("7")

        assert later_on.works.heard == ["bell"]
        assert len(later_on.timers.calls) == 1

    def test_what_is_for_later_and_no_longer_wanted_is_never_sent(self, later_on: World) -> None:
        """As a deadline that was met, or that rang: its event says so."""
        later_on.visit("7")
        later_on.happens("trip-7", Dropped(what="bell"))
        later_on.visit("7")
        later_on.clock.forward(HOUR + 2 * GRACE_SECONDS)

        later_on.visit("7")
        later_on.deliver()

        assert later_on.works.heard == ["undo-bell"]
        assert (len(later_on.timers.calls), later_on.waiting()) == (1, [])

    def test_what_is_for_later_is_counted_from_the_first_visit(self, later_on: World) -> None:
        later_on.clock.forward(60)
        later_on.visit("7")
        later_on.clock.forward(60)
        later_on.visit("7")

        assert [at for _, at in later_on.timers.calls] == [later(IN_AN_HOUR, 60)]
        assert later_on.entries("7")["bell"].at == later(IN_AN_HOUR, 60)

    def test_a_timer_that_cannot_be_set_now_is_set_at_the_next_visit(self, later_on: World) -> None:
        later_on.timers.trouble = Unavailable("no timers")
        assert later_on.visit("7").undelivered == {"7": "bell: Unavailable('no timers')"}
        assert later_on.waiting() == ["7"]
        later_on.timers.trouble = None

        later_on.deliver()

        assert [at for _, at in later_on.timers.calls] == [IN_AN_HOUR]

    def test_what_a_timer_could_not_be_set_for_is_counted_from_when_it_can_be(
        self, later_on: World
    ) -> None:
        later_on.timers.trouble = Unavailable("no timers")
        later_on.visit("7")
        assert later_on.entries("7")["bell"].at is None
        later_on.timers.trouble = None
        later_on.clock.forward(2 * HOUR)

        later_on.deliver()

        assert (later_on.works.heard, later_on.waits("7")) == ([], ["bell"])
        assert later_on.entries("7")["bell"].at == later(NOON, 3 * HOUR)

    def test_what_comes_from_here_too_late_and_is_refused_is_answered(
        self, later_on: World
    ) -> None:
        """As a deadline whose timer rang, and whose event has not arrived yet."""
        late = Answer(accepted=False, code="late")
        later_on.works.answers = {"bell": late}
        later_on.visit("7")
        later_on.clock.forward(HOUR + GRACE_SECONDS + 1)

        later_on.deliver()

        assert later_on.entries("7")["bell"] == Entry(answer=late)

    def test_without_a_timer_it_is_sent_from_here_when_it_is_due_and_the_grace_is_over(
        self, later_on: World
    ) -> None:
        later_on.visit("7", timers={})
        assert later_on.waiting() == []
        later_on.clock.forward(HOUR + GRACE_SECONDS + 1)

        later_on.deliver(timers={})

        assert later_on.works.heard == ["bell"]

    def test_a_command_for_later_keeps_no_other_from_being_sent(self, later_on: World) -> None:
        later_on.wishes("7", "bed")

        later_on.visit("7")

        assert (later_on.works.heard, later_on.waits("7")) == (["bed"], ["bell"])

    def test_a_row_is_looked_after_by_what_is_due_first(self, later_on: World) -> None:
        later_on.wishes("7", Wished(what="gong", seconds=60))
        later_on.visit("7")
        due = later(NOON, 60 + GRACE_SECONDS)

        assert later_on.rows.get("7").places[WAITING].sort == f"{due}/7"
        later_on.clock.forward(60 + GRACE_SECONDS + 1)
        later_on.deliver()

        due = later(IN_AN_HOUR, GRACE_SECONDS)
        assert later_on.works.heard == ["gong"]
        assert later_on.rows.get("7").places[WAITING].sort == f"{due}/7"


class Watch(local):
    """A stopwatch for each sender, as each waits for its own answer only."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class TestSilence:
    """Of a receiver that lets us wait for long, and then gives no answer."""

    MANY = SENDERS + PAGE

    @pytest.fixture
    def watch(self) -> Watch:
        return Watch()

    @pytest.fixture
    def silent(self, world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> World:
        """The works take their time, and are down; they are asked by one after the other."""
        monkeypatch.setattr(process_followers, "ThreadPoolExecutor", lambda _: one_worker())
        world.works.trouble = {"bed": DOWN}
        self.takes(LONG_SECONDS + 0.1, world, watch)
        return world

    def takes(self, seconds: float, world: World, watch: Watch) -> None:
        def wait(what: str) -> None:
            watch.seconds += seconds

        world.works.before = wait

    def all_want(self, world: World, *wishes: str | Wished) -> list[str]:
        trips = [f"{n:03}" for n in range(self.MANY)]
        for trip in trips:
            world.wishes(trip, *wishes)
        return trips

    def test_it_is_not_asked_again_in_the_same_visit(self, silent: World, watch: Watch) -> None:
        trips = self.all_want(silent, "bed")

        report = silent.visit(*trips, stopwatch=watch)

        assert silent.works.heard == ["bed"] * SENDERS
        assert [*report.undelivered] == trips
        told = [*report.undelivered.values()]
        assert told[:SENDERS] == ["bed: Unavailable('the works are down')"] * SENDERS
        assert set(told[SENDERS:]) == {"bed: Unavailable('works does not answer')"}
        assert report.failed == {}

    def test_however_many_ask_at_the_same_time(self, world: World, watch: Watch) -> None:
        world.works.trouble = {"bed": DOWN}
        self.takes(LONG_SECONDS + 0.1, world, watch)

        world.visit(*self.all_want(world, "bed"), stopwatch=watch)

        assert SENDERS <= len(world.works.heard) < 2 * SENDERS

    def test_others_are_asked_all_the_same(self, silent: World, watch: Watch) -> None:
        inn = Works()
        trips = self.all_want(silent, "bed", Wished(what="tea", to="inn"))

        silent.visit(*trips, stopwatch=watch, receivers={"works": silent.works, "inn": inn})

        assert (len(silent.works.heard), inn.heard) == (SENDERS, ["tea"] * self.MANY)

    def test_it_is_asked_again_at_the_next_visit(self, silent: World, watch: Watch) -> None:
        trips = self.all_want(silent, "bed")
        silent.visit(*trips, stopwatch=watch)
        silent.works.sent.clear()
        silent.works.trouble = {}

        report = silent.visit(*trips, stopwatch=watch)

        assert (len(silent.works.heard), report.undelivered) == (self.MANY, {})

    def test_it_is_not_asked_for_the_next_page_of_what_waits_either(
        self, silent: World, watch: Watch
    ) -> None:
        trips = self.all_want(silent, "bed")
        self.takes(0, silent, watch)
        silent.visit(*trips, stopwatch=watch)
        silent.works.sent.clear()
        self.takes(LONG_SECONDS + 0.1, silent, watch)

        reports = silent.deliver(stopwatch=watch)

        assert (len(reports), silent.works.heard) == (2, ["bed"] * SENDERS)
        assert sorted(undelivered(reports)) == trips

    @pytest.mark.parametrize("seconds", [0, LONG_SECONDS])
    def test_one_that_fails_fast_is_not_silent(
        self, silent: World, watch: Watch, seconds: float
    ) -> None:
        self.takes(seconds, silent, watch)

        silent.visit(*self.all_want(silent, "bed"), stopwatch=watch)

        assert len(silent.works.heard) == self.MANY

    @pytest.mark.parametrize("accepted", [True, False])
    def test_an_answer_shows_that_it_is_not_silent_however_long_it_takes(
        self, silent: World, watch: Watch, accepted: bool
    ) -> None:
        silent.works.answers = {"tea": Answer(accepted=accepted)}
        wishes = ["bed"] * (SENDERS - 1) + ["tea"] + ["bed"] * (SENDERS - 1)
        trips = [f"{n:03}" for n in range(len(wishes))]
        for trip, wish in zip(trips, wishes, strict=True):
            silent.wishes(trip, Wished(what=wish, refusable=False))

        silent.visit(*trips, stopwatch=watch)

        assert silent.works.heard == wishes

    def test_a_timer_that_is_set_shows_that_it_is_not_silent(
        self, silent: World, watch: Watch
    ) -> None:
        class Slow(Timers):
            def set(self, message: Message, at: Instant) -> None:
                super().set(message, at)
                watch.seconds += LONG_SECONDS + 0.1
                if len(self.calls) != SENDERS:
                    raise DOWN

        timers = Slow()

        silent.visit(
            *self.all_want(silent, Wished(what="bell", seconds=HOUR)),
            stopwatch=watch,
            timers={"works": timers},
        )

        assert len(timers.calls) == 2 * SENDERS

    def test_what_others_answers_lead_to_does_not_wait_for_it(
        self, silent: World, watch: Watch
    ) -> None:
        trips = self.all_want(silent, Wished(what="bed", after="tea"), Wished(what="tea", to="inn"))

        report = silent.visit(
            *trips, stopwatch=watch, receivers={"works": silent.works, "inn": Works()}
        )

        assert (silent.works.heard, report.delivered) == (["bed"] * SENDERS, self.MANY)


def one_worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


class TestDelivering:
    def many(self, world: World, number: int) -> list[str]:
        """Rows whose commands could not be sent when they came up."""
        world.works.trouble = {"bed": DOWN}
        trips = [f"{n:03}" for n in range(number)]
        for trip in trips:
            world.wishes(trip, "bed")
        world.visit(*trips)
        assert len(world.works.heard) == number
        return trips

    @pytest.mark.parametrize("number", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 20])
    def test_all_that_waits_is_delivered_page_by_page(self, world: World, number: int) -> None:
        trips = self.many(world, number)
        world.works.trouble = {}

        reports = world.deliver()

        assert len(world.works.heard) == number
        assert sum(report.delivered for report in reports) == number
        assert [report.delivered for report in reports[:-1]] == [PAGE] * (len(reports) - 1)
        assert [world.waits(trip) for trip in trips] == [[]] * number

    def test_what_still_cannot_be_delivered_is_told_and_tried_once_a_round(
        self, world: World
    ) -> None:
        trips = self.many(world, 2 * PAGE + 20)

        reports = world.deliver()

        assert len(world.works.heard) == len(trips)
        assert sorted(undelivered(reports)) == trips
        assert sum(report.delivered for report in reports) == 0

    def test_a_page_is_only_delivered_when_its_report_is_taken(self, world: World) -> None:
        self.many(world, PAGE + 20)
        world.works.trouble = {}

        next(world.follower().deliver_waiting())

        assert len(world.works.heard) == PAGE

    def test_in_any_order_so_that_nothing_has_to_wait_for_the_same_others(
        self, world: World
    ) -> None:
        trips = self.many(world, 2 * PAGE)

        firsts = [next(world.follower().waiting()) for _ in range(5)]

        assert [len(rows) for rows in firsts] == [PAGE] * 5
        assert len({tuple(rows) for rows in firsts}) > 1
        assert world.waiting() == trips

    def test_however_many_wait_all_are_reached_in_one_round(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_followers, "MOST_DUE", PAGE + 1)
        self.many(world, PAGE + 5)
        world.works.trouble = {}

        rounds = [[report.delivered for report in world.deliver()] for _ in range(2)]

        assert rounds == [[PAGE, 1, 4], []]

    def test_what_waits_is_found_with_all_that_is_known_of_it(self, world: World) -> None:
        self.many(world, 1)

        (rows,) = world.follower().waiting()

        assert rows == {"000": world.rows.get("000")}

    def test_rows_with_nothing_due_are_not_visited(self, world: World) -> None:
        world.wishes("answered", "bath")
        world.wishes("set", Wished(what="bell", seconds=HOUR))
        world.wishes("stuck", "bed")
        world.works.trouble = {"bed": DOWN}
        world.visit("answered", "set", "stuck")
        loaded: list[Sequence[str]] = []

        class Noting(WatchedRows):
            def load(self, keys: Sequence[str]) -> dict[str, Row]:
                loaded.append(keys)
                return super().load(keys)

        world.deliver(rows=Noting(world.rows))

        assert loaded == [["stuck"]]

    def test_when_nothing_waits_nothing_is_done(self, world: World) -> None:
        world.wishes("7", "bed")
        world.visit("7")

        assert world.deliver() == []

    def test_what_answers_lead_to_is_delivered_in_the_same_round(self, world: World) -> None:
        self.many(world, 1)
        world.wishes("000", Wished(what="bath", after="bed"))
        world.visit("000")
        world.works.sent.clear()
        world.works.trouble = {}

        world.deliver()

        assert world.works.heard == ["bed", "bath"]

    def test_rows_that_are_down_end_the_round(self, world: World) -> None:
        self.many(world, 1)

        def down() -> None:
            raise Unavailable("the rows are down")

        with pytest.raises(Unavailable):
            world.deliver(rows=WatchedRows(world.rows, before_load=down))


class TestStoppedRows:
    def test_a_process_that_fails_over_an_event_parks_its_stream_only(self, world: World) -> None:
        world.wishes("7", "bed", "poison", "bath")
        world.wishes("8", "tea")

        report = world.visit("7", "8")

        assert sorted(world.works.heard) == ["bed", "tea"]
        assert (report.parked["trip-7"].version, report.failed) == (2, {})
        assert report.parked["trip-7"].error.startswith("Poison")

    def test_a_parked_row_still_delivers_what_waits(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed", "poison")
        assert [*world.visit("7").parked] == ["trip-7"]
        world.works.trouble = {}

        world.deliver()

        assert world.works.heard == ["bed", "bed"]
        assert world.waits("7") == []

    def test_a_process_that_fails_over_an_answer_stops_its_own_row_only(self, world: World) -> None:
        world.wishes("7", "bomb")
        world.wishes("8", "bed", Wished(what="bath", after="bed"))

        report = world.visit("7", "8")

        assert sorted(world.works.done.values()) == ["bath", "bed", "bomb"]
        assert report.undelivered == {"7": "answers not kept: Poison()"}
        assert (report.failed, report.parked, report.delivered) == ({}, {}, 2)

    def test_an_answer_that_a_process_failed_over_is_taken_after_the_fix(
        self, world: World
    ) -> None:
        world.wishes("7", "bomb")
        world.visit("7")
        world.process = replace(TRIPS, react=lambda parts, sent: [processes.send("bomb")])

        world.deliver()

        first, again = world.works.sent
        assert (first, world.waits("7")) == (again, [])

    def test_after_the_fix_a_redrive_goes_on_where_the_process_stopped(self, world: World) -> None:
        world.wishes("7", "bed", "poison", "bath")
        world.visit("7")

        def mended(states: States, sent: Sent) -> list[Send]:
            return [processes.send(wish.what) for wish in states[processes.TRIP].wishes]

        world.process = replace(TRIPS, react=mended)

        report = world.follower().redrive(["trip-7"])

        assert (report.applied, report.delivered) == ({"trip-7": 3}, 2)
        assert sorted(world.works.heard) == ["bath", "bed", "poison"]

    def test_a_redrive_keeps_what_was_asked_and_answered(self, world: World) -> None:
        world.works.trouble = {"bath": DOWN}
        world.wishes("7", "bed", "bath")
        world.happens("trip-7", Dropped(what="bath"))
        world.follower().catch_up({"trip-7": world.store.read("trip-7")[:2]})
        world.visit("7")
        world.works.sent.clear()
        before = world.entries("7")

        report = world.follower().redrive(name for name in ["trip-7"])

        assert world.works.heard == []
        assert world.entries("7") == before
        assert before.keys() == {"bed", "bath", "undo-bath"}
        assert report.applied == {"trip-7": 3}

    def test_a_redrive_delivers_what_waits(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")
        world.visit("7")
        world.works.trouble = {}

        report = world.follower().redrive(name for name in ["trip-7"])

        assert (report.delivered, world.works.heard) == (1, ["bed", "bed"])

    @pytest.mark.parametrize(
        "document",
        [{"sent": 3}, {"sent": ["bed"]}, {"sent": {"bed": 3}}, {"sent": {"bed": {"by": "me"}}}],
    )
    def test_a_row_that_cannot_be_read_stops_alone(
        self, world: World, document: dict[str, Any]
    ) -> None:
        world.works.trouble = {"bed": DOWN}
        for trip in ("7", "8"):
            world.wishes(trip, "bed")
        world.visit("7", "8")
        world.rows.save([replace(world.rows.get("7"), document=document)])
        world.works.sent.clear()
        world.works.trouble = {}

        (delivered,) = world.deliver()
        assert (world.works.heard, delivered.delivered) == (["bed"], 1)
        assert [*delivered.undelivered] == ["7"]
        world.wishes("7", "bath")
        world.wishes("8", "tea")
        report = world.visit("7", "8")

        assert (world.works.heard, [*report.parked]) == (["tea"], ["trip-7"])
        assert ([*report.undelivered], report.failed) == (["7"], {})
        with pytest.raises(Unreadable):
            world.entries("7")

    def with_old_state(self, world: World) -> None:
        """As after a deployment: what was saved of trip 7 is nothing that this code can read."""
        row = world.rows.get("7")
        older = replace(row.part("trip-7"), state={"names": "of another time"})
        world.rows.save([replace(row, parts={"trip-7": older})])

    def test_a_state_that_this_code_cannot_read_is_folded_anew_and_what_was_asked_is_kept(
        self, world: World
    ) -> None:
        world.wishes("7", "bed")
        world.visit("7")
        self.with_old_state(world)
        world.works.sent.clear()
        world.wishes("7", "bath")

        world.visit("7")

        assert world.works.heard == ["bath"]
        assert world.entries("7").keys() == {"bed", "bath"}

    def test_a_row_that_waits_with_a_state_that_cannot_be_read_is_delivered_too(
        self, world: World
    ) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed", Wished(what="bath", after="bed"))
        world.visit("7")
        self.with_old_state(world)
        world.works.sent.clear()
        world.works.trouble = {}

        (report,) = world.deliver()

        assert world.works.heard == ["bed", "bath"]
        assert (report.undelivered, world.waits("7")) == ({}, [])

    def test_a_state_that_can_be_read_costs_a_visit_no_second_load(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")
        world.visit("7")
        loads: list[int] = []
        rows = WatchedRows(world.rows, before_load=lambda: loads.append(1))

        world.deliver(rows=rows)

        assert len(loads) == 1


class TestRows:
    def test_an_entry_is_stored_without_what_is_empty(self, world: World) -> None:
        world.works.answers = {"bed": Answer(accepted=True)}
        world.works.trouble = {"tea": DOWN}
        world.wishes("7", "bed", "tea", Wished(what="bell", seconds=HOUR))
        world.visit("7")

        sent: Any = (world.rows.get("7").document or {})["sent"]

        assert sent["bed"].keys() == {"answer"}
        assert sent["tea"].keys() == {"to", "message", "refusable"}
        assert sent["bell"].keys() == {"to", "message", "refusable", "after_seconds", "at"}

    def test_what_was_asked_is_read_in_the_order_it_was_asked(self, world: World) -> None:
        world.wishes("7", "tea", "bed", Wished(what="bath", after="tea"))
        world.visit("7")

        assert [*world.entries("7")] == ["tea", "bed", "bath"]

    def test_a_row_without_anything_asked_has_no_entries(self) -> None:
        assert entries_of(Row(key="7")) == entries_of(Row(key="7", document={})) == {}

    def test_a_row_that_waits_is_listed_until_it_is_answered(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        world.wishes("7", "bed")
        world.visit("7")
        assert world.waiting() == ["7"]
        world.works.trouble = {}

        world.visit("7")

        assert (world.waiting(), world.rows.get("7").places) == ([], {})

    def test_a_process_has_one_list_and_none_to_choose(self) -> None:
        assert [*TRIPS.lists] == [WAITING]
        assert (TRIPS.key_of("trip-7"), TRIPS.key_of("room-7")) == ("7", "7")
        assert TRIPS.fold_of("order-7") is None


class Weather:
    """What happens at a call: nothing, a failure before or after it, a crash, another worker."""

    def __init__(self, plan: Sequence[str], rival: Callable[[], object]) -> None:
        self.plan, self.rival = iter(plan), rival

    def clears_up(self) -> None:
        self.plan = iter(())

    def around(self, call: Callable[[], Any]) -> Any:
        match next(self.plan, "calm"):
            case "down":
                raise Unavailable("down")
            case "crash":
                raise Crash
            case "answer lost":
                call()
                raise Unavailable("down, but it was done")
            case "crash after":
                call()
                raise Crash
            case "another worker":
                self.rival()
        return call()


class StormyRows(WatchedRows):
    weather: Weather

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        try:
            results: list[SaveResult] = self.weather.around(lambda: self.rows.save(rows))
        except Unavailable as error:
            return [SaveResult(Saved.FAILED, str(error)) for _ in rows]
        return results


class StormyWorks(Works):
    weather: Weather

    def send(self, message: Message) -> Answer:
        answer: Answer = self.weather.around(lambda: Works.send(self, message))
        return answer


happenings = st.sampled_from(
    ["calm", "calm", "calm", "down", "crash", "answer lost", "crash after", "another worker"]
)
wishes = st.lists(
    st.sampled_from(
        [
            Wished(what="bed"),
            Wished(what="bath", after="bed"),
            Wished(what="tea", after="bath"),
            Wished(what="bell", seconds=HOUR),
            Dropped(what="bed"),
            Dropped(what="tea"),
        ]
    ),
    min_size=1,
    max_size=6,
    unique=True,
)


@pytest.fixture(scope="module")
def one_sender() -> Iterator[None]:
    """So that the same weather has the same consequences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_followers, "SENDERS", 1)
        yield


@pytest.mark.usefixtures("one_sender")
@settings(max_examples=300, deadline=None)
@given(st.lists(wishes, min_size=1, max_size=3), st.lists(happenings, max_size=40), st.randoms())
def test_whatever_happens_everything_wanted_is_done_once_and_nothing_else(
    trips: list[list[Any]], plan: list[str], dice: Random
) -> None:
    works = StormyWorks()
    world = World(works=works)
    rows = StormyRows(world.rows)
    names = {str(n): events for n, events in enumerate(trips)}
    weather = Weather(plan, lambda: survive(lambda: world.visit(*names, rows=rows)))
    rows.weather = works.weather = weather
    for trip, events in names.items():
        for event in events:
            world.happens(f"trip-{trip}", event)
            if dice.random() < 0.5:
                survive(lambda: world.visit(*names, rows=rows))

    weather.clears_up()
    world.visit(*names, rows=rows)
    world.clock.forward(HOUR + GRACE_SECONDS + 1)
    world.deliver(rows=rows)

    assert world.waiting() == []
    asked: dict[str, str] = {}
    for trip, events in names.items():
        entries = world.entries(trip)
        asked |= {id_of(trip, key): key for key in entries}
        done = {key for key in entries if id_of(trip, key) in works.done}
        answered = {key for key, entry in entries.items() if entry.answer}
        assert answered <= done
        assert wanted_in_the_end(events, answered) <= answered
    assert works.done.items() <= asked.items()


def survive(action: Callable[[], object]) -> None:
    try:
        action()
    except (Crash, Unavailable):
        return


def id_of(trip: str, what: str) -> str:
    return command_id_of("process:trips", f"{trip}/{what}")


def wanted_in_the_end(events: Sequence[Any], answered: set[str]) -> set[str]:
    """By the rules of the process, read another way than `react` does."""
    wished: dict[str, str | None] = {}
    for event in events:
        if isinstance(event, Wished):
            wished[event.what] = event.after
        else:
            wished.pop(event.what, None)
    dropped = {event.what for event in events if isinstance(event, Dropped)}
    return {what for what, after in wished.items() if after is None or after in answered} | {
        f"undo-{what}" for what in dropped & answered
    }
