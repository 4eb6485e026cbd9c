"""What a process wants to have sent, and what its rows say of it."""

from __future__ import annotations

from typing import Any

from cqrs.follow.messages import Answer
from cqrs.follow.process_managers import WAITING, Entry, Send, Sent, entries_of
from cqrs.plain import replace
from cqrs.views.rows import Row, States
from tests.library.processes import (
    DOWN,
    HOUR,
    TRIPS,
    Do,
    Dropped,
    Wished,
    World,
)


def test_an_accepted_answer_is_no_refusal_and_the_other_way_round() -> None:
    yes, no = Answer(accepted=True, reference="r"), Answer(accepted=False, code="full")
    sent = Sent({"a": Entry(answer=yes), "b": Entry(answer=no), "c": Entry()})

    assert [sent.asked(key) for key in "abcd"] == [True, True, True, False]
    assert [sent.answer(key) for key in "abcd"] == [yes, no, None, None]
    assert [sent.accepted(key) for key in "abcd"] == [True, False, False, False]
    assert [sent.refusal(key) for key in "abcd"] == [None, no, None, None]


def test_the_first_answer_counts() -> None:
    yes, no = Answer(accepted=True), Answer(accepted=False, code="late")
    row = TRIPS.answered(Row(key="7"), {"bed": yes})

    assert entries_of(TRIPS.answered(row, {"bed": no}))["bed"].answer == yes


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


class TestRows:
    def test_an_entry_is_stored_without_what_is_empty(self, world: World) -> None:
        world.works.answers = {"bed": Answer(accepted=True)}
        world.works.trouble = {"tea": DOWN}
        world.wishes("7", "bed", "tea", Wished(what="bell", seconds=HOUR))
        world.visit("7")

        sent: Any = (world.rows.get("7").document or {})["sent"]

        assert sent["bed"].keys() == {"answer"}
        assert sent["tea"].keys() == {"to", "message", "refusable"}
        assert sent["bell"].keys() == {"to", "message", "refusable", "at"}

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
