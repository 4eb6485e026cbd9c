"""What becomes of answers, and of rows that stop over them."""

from __future__ import annotations

from typing import Any

import pytest

from cqrs.errors import Unreadable
from cqrs.follow.messages import Answer
from cqrs.follow.process_followers import STEPS, ProcessFollower
from cqrs.follow.process_managers import Entry, Send, Sent
from cqrs.plain import replace
from cqrs.views.rows import States
from tests.library import processes
from tests.library.processes import (
    DOWN,
    TRIPS,
    Dropped,
    WatchedRows,
    Wished,
    World,
)


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

        assert report.undelivered == {"7": "bed: CqrsError: works refuses: full"}
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

    def test_an_answer_is_saved_with_what_it_says_has_happened_to_its_row(
        self, world: World
    ) -> None:
        world.works.before = lambda what: (
            world.happens("room-7", Wished(what="key")) if what == "bed" else None
        )
        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        world.wishes("7", "bed")
        saves: list[int] = []
        rows = WatchedRows(world.rows, after_save=lambda rows: saves.append(len(rows)))

        world.visit("7", rows=rows)

        assert (world.works.heard, world.waits("7")) == (["bed", "key"], [])
        assert saves == [1, 1, 1]  # what is wanted, the first answer with the room, the second

    def test_an_answer_is_kept_if_what_has_happened_cannot_be_saved_with_it(
        self, world: World
    ) -> None:
        world.works.before = lambda what: world.happens("room-7", Wished(what="poison"))
        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        world.wishes("7", "bed")

        report = world.visit("7")

        assert (world.waits("7"), report.delivered) == ([], 1)
        assert report.parked["room-7"].version == 1

    def test_an_answer_is_kept_whatever_fails_when_its_stream_is_looked_at(
        self, world: World
    ) -> None:
        class Forbidden:
            def read(self, stream: str, after: int = 0, limit: int | None = None) -> Any:
                raise PermissionError

        world.works.answers = {"bed": Answer(accepted=True, stream="room-7", version=1)}
        stores: Any = {"trip": world.store, "room": Forbidden()}
        follows = ProcessFollower(TRIPS, WatchedRows(world.rows), stores, {"works": world.works})

        with pytest.raises(PermissionError):
            follows.catch_up({"trip-7": world.wishes("7", "bed")})

        assert world.waits("7") == []

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
        follows = ProcessFollower(TRIPS, WatchedRows(world.rows), stores, {"works": world.works})

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
        assert report.undelivered == {"7": "answers not kept: Poison"}
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
        [
            {"sent": 3},
            {"sent": ["bed"]},
            {"sent": {"bed": 3}},
            {"sent": {"bed": {"by": "me"}}},
            {"sent": {"bed": {"at": "soon"}}},
            {"sent": {"bed": {"at": ""}}},
            ["bed"],
            [],
        ],
    )
    def test_a_row_that_cannot_be_read_stops_alone(self, world: World, document: Any) -> None:
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

    def test_a_row_with_what_nobody_reckoned_with_stops_alone(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        for trip in ("7", "8"):
            world.wishes(trip, "bed")
        world.visit("7", "8")
        row: Any = world.rows.get("7")
        row.document["sent"]["bed"]["at"] = "9999-12-31T23:59:59.999999Z"
        world.rows.save([row])
        world.works.trouble = {}

        (delivered,) = world.deliver()

        assert (world.waits("7"), world.waits("8")) == (["bed"], [])
        assert delivered.undelivered == {"7": "OverflowError"}

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
