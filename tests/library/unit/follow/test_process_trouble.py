"""Receivers that are down, out of breath, or silent: who is told, and who goes on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local

import pytest

from cqrs.discretion import said
from cqrs.errors import Throttled, Unavailable
from cqrs.follow import process_followers
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_followers import LONG_SECONDS, OUT_OF_BREATH, PAGE, SENDERS
from cqrs.history.events import Instant
from cqrs.views.rows import Row, Saved, SaveResult
from cqrs.views.sources import ERROR_LENGTH
from tests.library.processes import (
    DOWN,
    HOUR,
    Timers,
    WatchedRows,
    Wished,
    Works,
    World,
    undelivered,
)


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
        assert report.undelivered == {"7": "bed: Unavailable: the works are down"}
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
        assert told == {"7": f"bed: {said(error)}"}
        world.works.trouble = {}

        report = world.follower().catch_up({"trip-7": commits})

        assert (report.undelivered, world.works.heard) == ({}, ["bed", "bed"])

    def test_a_receiver_that_nobody_knows_is_told(self, world: World) -> None:
        world.wishes("7", Wished(what="bed", to="nobody"))

        assert world.visit("7").undelivered == {"7": "bed: KeyError"}
        assert world.waits("7") == ["bed"]

    def test_a_long_reason_is_cut(self, world: World) -> None:
        world.works.trouble = {"bed": Unavailable("x" * 10_000)}
        world.wishes("7", "bed")

        assert len(world.visit("7").undelivered["7"]) == ERROR_LENGTH

    def test_what_is_throttled_is_tried_again_at_once(self, world: World) -> None:
        world.works.trouble = {"bed": Throttled("out of breath")}

        def recover(what: str) -> None:
            if len(world.works.sent) == OUT_OF_BREATH.tries:
                world.works.trouble = {}

        world.works.before = recover
        world.wishes("7", "bed")

        report = world.visit("7")

        assert (world.works.heard, report.delivered) == (["bed"] * OUT_OF_BREATH.tries, 1)
        assert len(world.pauses) == OUT_OF_BREATH.tries - 1
        assert all(0 <= pause <= 0.1 * 2**tries for tries, pause in enumerate(world.pauses))

    def test_what_stays_throttled_waits_for_the_next_visit(self, world: World) -> None:
        world.works.trouble = {"bed": Throttled("out of breath")}
        world.wishes("7", "bed")

        report = world.visit("7")

        assert (world.works.heard, [*report.undelivered]) == (["bed"] * OUT_OF_BREATH.tries, ["7"])

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
        assert told[:SENDERS] == ["bed: Unavailable: the works are down"] * SENDERS
        assert set(told[SENDERS:]) == {"bed: Unavailable: works does not answer"}
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
