"""What is wanted is sent, and done once, whoever crashes and however many workers there are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_managers import Entry
from cqrs.history.idempotency import command_id_of
from cqrs.views.rows import Row, Saved, SaveResult
from tests.library.processes import (
    DOWN,
    Dropped,
    WatchedRows,
    Wished,
    Works,
    World,
)
from tests.library.worlds import Crash, crash


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
