"""What is for later: set once, and sent from here if no timer rings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from cqrs.discretion import said
from cqrs.errors import Unavailable
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_managers import GRACE_SECONDS, WAITING, Entry
from cqrs.history.events import Instant
from cqrs.history.idempotency import command_id_of
from cqrs.history.instants import later
from cqrs.views.rows import Row
from tests.library.processes import (
    HOUR,
    NOON,
    Dropped,
    Timers,
    WatchedRows,
    Wished,
    World,
    undelivered,
)
from tests.library.worlds import Crash

IN_AN_HOUR = later(NOON, HOUR)
MICROSECOND = 1e-6


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
        assert later_on.visit("7").undelivered == {"7": "bell: Unavailable: no timers"}
        assert later_on.waiting() == ["7"]
        later_on.timers.trouble = None

        later_on.deliver()

        assert [at for _, at in later_on.timers.calls] == [IN_AN_HOUR]

    def test_a_timer_that_is_set_late_is_set_to_the_time_that_was_fixed_first(
        self, later_on: World
    ) -> None:
        later_on.timers.trouble = Unavailable("no timers")
        later_on.visit("7")
        later_on.timers.trouble = None
        later_on.clock.forward(60)

        later_on.deliver()

        assert [at for _, at in later_on.timers.calls] == [IN_AN_HOUR]
        assert later_on.entries("7")["bell"].at == IN_AN_HOUR
        assert later_on.waiting() == []

    @pytest.mark.parametrize("trouble", [Unavailable("no timers"), KeyError("not allowed")])
    def test_what_no_timer_can_be_set_for_is_sent_from_here_when_it_is_time(
        self, later_on: World, trouble: Exception
    ) -> None:
        later_on.timers.trouble = trouble
        told = {"7": f"bell: {said(trouble)}"}
        for _ in range(6):
            assert undelivered(later_on.deliver()) | later_on.visit("7").undelivered == told
            later_on.clock.forward(HOUR / 6 - 1)
        assert later_on.works.heard == []
        later_on.clock.forward(6)

        (report,) = later_on.deliver()

        assert (later_on.works.heard, later_on.waits("7")) == (["bell"], [])
        assert (report.delivered, report.undelivered) == (1, {})

    def test_the_time_is_fixed_though_every_worker_dies_at_the_timer(self, later_on: World) -> None:
        class Killed(Timers):
            def set(self, message: Message, at: Instant) -> None:
                raise Crash

        for _ in range(2):
            with pytest.raises(Crash):
                later_on.visit("7", timers={"works": Killed()})
            later_on.clock.forward(HOUR / 2)

        later_on.deliver(timers={"works": Killed()})

        assert later_on.works.heard == ["bell"]

    def test_what_older_code_could_set_no_timer_for_has_one_set(self, later_on: World) -> None:
        """It fixed the time only with the timer."""
        later_on.timers.trouble = Unavailable("no timers")
        later_on.visit("7")
        row: Any = later_on.rows.get("7")
        del row.document["sent"]["bell"]["at"]
        later_on.rows.save([row])
        later_on.timers.trouble = None

        later_on.deliver()

        assert [at for _, at in later_on.timers.calls] == [IN_AN_HOUR]
        assert later_on.entries("7")["bell"].at == IN_AN_HOUR

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
