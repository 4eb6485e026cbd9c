"""Whatever happens, all that is wanted is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.errors import Unavailable
from cqrs.follow import process_followers
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_managers import GRACE_SECONDS
from cqrs.history.idempotency import command_id_of
from cqrs.views.rows import Row, Saved, SaveResult
from tests.examples import examples
from tests.library.processes import (
    HOUR,
    Dropped,
    WatchedRows,
    Wished,
    Works,
    World,
)
from tests.library.worlds import Crash


class Faults:
    """What happens at a call: nothing, a failure before or after it, a crash, another worker."""

    def __init__(self, plan: Sequence[str], rival: Callable[[], object]) -> None:
        self.plan, self.rival = iter(plan), rival

    def clears_up(self) -> None:
        self.plan = iter(())

    def around(self, call: Callable[[], Any]) -> Any:
        match next(self.plan, "nothing"):
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


class FaultyRows(WatchedRows):
    faults: Faults

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        try:
            results: list[SaveResult] = self.faults.around(lambda: self.rows.save(rows))
        except Unavailable as error:
            return [SaveResult(Saved.FAILED, str(error)) for _ in rows]
        return results


class FaultyWorks(Works):
    faults: Faults

    def send(self, message: Message) -> Answer:
        answer: Answer = self.faults.around(lambda: Works.send(self, message))
        return answer


happenings = st.sampled_from(
    [
        "nothing",
        "nothing",
        "nothing",
        "down",
        "crash",
        "answer lost",
        "crash after",
        "another worker",
    ]
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
    """So that the same faults has the same consequences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process_followers, "SENDERS", 1)
        yield


@pytest.mark.usefixtures("one_sender")
@examples(300)
@given(
    st.lists(wishes, min_size=1, max_size=3),
    st.lists(happenings, max_size=40),
    st.fixed_dictionaries({"chunk": st.integers(1, 3), "budget": st.integers(1, 7)}),
    st.randoms(),
)
def test_whatever_happens_everything_wanted_is_done_once_and_nothing_else(
    trips: list[list[Any]], plan: list[str], sizes: dict[str, int], dice: Random
) -> None:
    works = FaultyWorks()
    world = World(works=works)
    rows = FaultyRows(world.rows)
    names = {str(n): events for n, events in enumerate(trips)}
    faults = Faults(plan, lambda: survive(lambda: world.visit(*names, rows=rows, **sizes)))
    rows.faults = works.faults = faults
    for trip, events in names.items():
        for event in events:
            world.happens(f"trip-{trip}", event)
            if dice.random() < 0.5:
                survive(lambda: world.visit(*names, rows=rows, **sizes))

    faults.clears_up()
    world.visit(*names, rows=rows, **sizes)
    list(world.follower(rows, **sizes).go_on())
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
