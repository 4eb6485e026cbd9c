"""What a process sends to one receiver at the same time goes in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cqrs.errors import Throttled, Unavailable
from cqrs.follow.messages import Answer, Message, Reply
from cqrs.follow.process_followers import MOST, OUT_OF_BREATH
from tests.library.processes import DOWN, Wished, Works, World


class Batches(Works):
    """Works that take several messages at once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self.fails: list[Exception | None] = []

    def send_all(self, messages: Sequence[Message]) -> Sequence[Reply]:
        self.calls.append([message.data["what"] for message in messages])
        if self.fails and (error := self.fails.pop(0)):
            raise error
        return [self._reply(message) for message in messages]

    def _reply(self, message: Message) -> Reply:
        try:
            return self.send(message)
        except Exception as error:
            return error


@pytest.fixture
def works(world: World) -> Batches:
    world.works = Batches()
    return world.works


def many(world: World, number: int) -> list[str]:
    trips = [f"{n:03}" for n in range(number)]
    for trip in trips:
        world.wishes(trip, "bed", Wished(what="bath", after="bed"))
    return trips


def test_what_all_rows_send_to_one_receiver_is_one_call_for_each_step(
    world: World, works: Batches
) -> None:
    report = world.visit(*many(world, 50))
    assert works.calls == [["bed"] * 50, ["bath"] * 50]
    assert (report.delivered, report.undelivered) == (100, {})


@pytest.mark.parametrize(("number", "calls"), [(1, 0), (2, 1), (MOST, 1), (MOST + 2, 2)])
def test_a_call_has_a_hundred_messages_at_most_and_one_alone_is_sent_as_ever(
    world: World, works: Batches, number: int, calls: int
) -> None:
    for trip in range(number):
        world.wishes(str(trip), "bed")
    world.visit(*map(str, range(number)))
    assert len(works.calls) == calls
    assert all(len(call) <= MOST for call in works.calls)
    assert len(works.heard) == number


def test_each_receiver_has_a_call_of_its_own(world: World, works: Batches) -> None:
    inn = Batches()
    for trip in "78":
        world.wishes(trip, "bed", Wished(what="bath", to="inn"))
    world.visit("7", "8", receivers={"works": works, "inn": inn})
    assert (works.calls, inn.calls) == ([["bed", "bed"]], [["bath", "bath"]])


def test_what_is_for_later_is_no_part_of_a_call(world: World, works: Batches) -> None:
    world.wishes("7", "bed", "bath", Wished(what="bell", seconds=60))
    world.visit("7")
    assert works.calls == [["bed", "bath"]]
    assert [message.data["what"] for message, _ in world.timers.calls] == ["bell"]


def test_a_failure_of_one_message_is_its_own(world: World, works: Batches) -> None:
    works.trouble = {"bath": DOWN}
    works.answers = {"tea": Answer(accepted=False, code="cold")}
    world.wishes("7", "bed", "bath", "tea", Wished(what="soup", refusable=False))
    works.answers["soup"] = Answer(accepted=False, code="cold")

    report = world.visit("7")

    assert world.waits("7") == ["bath", "soup"]
    assert report.delivered == 3  # with what comes instead of tea
    assert works.calls == [["bed", "bath", "tea", "soup"]]


def test_only_what_is_to_be_sent_again_soon_is_sent_again_in_the_same_visit(
    world: World, works: Batches
) -> None:
    tries = iter([Throttled("no time"), None])

    def out_of_breath_once(what: str) -> None:
        works.trouble = {"bath": error} if what == "bath" and (error := next(tries)) else {}

    works.before = out_of_breath_once
    world.wishes("7", "bed", "bath", "tea")

    report = world.visit("7")

    assert works.calls == [["bed", "bath", "tea"], ["bath"]]
    assert (report.delivered, world.waits("7"), len(world.pauses)) == (3, [], 1)


def test_what_stays_out_of_breath_waits_for_the_next_visit(world: World, works: Batches) -> None:
    works.trouble = {"bath": Throttled("no time")}
    world.wishes("7", "bed", "bath")
    report = world.visit("7")
    assert works.calls == [["bed", "bath"], *[["bath"]] * (OUT_OF_BREATH.tries - 1)]
    assert ([*report.undelivered], world.waits("7")) == (["7"], ["bath"])


def test_a_call_that_fails_has_sent_nothing_and_all_of_it_waits(
    world: World, works: Batches
) -> None:
    works.fails = [DOWN]
    trips = many(world, 3)
    report = world.visit(*trips)
    assert sorted(report.undelivered) == trips
    assert works.heard == []
    world.deliver()
    assert sorted(works.heard) == ["bath"] * 3 + ["bed"] * 3
    assert all(world.waits(trip) == [] for trip in trips)


def test_what_was_answered_stays_when_the_rest_is_sent_again_and_fails(
    world: World, works: Batches
) -> None:
    works.trouble, works.fails = {"bath": Throttled("no time")}, [None, DOWN]
    world.wishes("7", "bed", "bath")
    world.visit("7")
    assert world.waits("7") == ["bath"]


def test_who_lets_a_call_wait_for_long_is_not_asked_again_in_the_same_visit(
    world: World, works: Batches
) -> None:
    clock = iter(range(0, 10_000, 10))
    stopwatch: Callable[[], float] = lambda: next(clock)  # noqa: E731
    works.fails = [DOWN] * 10
    for trip in map(str, range(20)):
        world.wishes(trip, "bed")
    more: dict[str, Any] = {"stopwatch": stopwatch}
    report = world.visit(*map(str, range(20)), **more)
    assert len(works.calls) == 1
    assert len(report.undelivered) == 20


def test_the_same_message_has_the_same_id_in_whatever_company(world: World, works: Batches) -> None:
    works.trouble = {"bed": Unavailable("down")}
    for trip in "78":
        world.wishes(trip, "bed")
    world.visit("7", "8")
    together = {message.id for message in works.sent}
    world.visit("7")
    assert {message.id for message in works.sent} == together
