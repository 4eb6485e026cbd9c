"""Turns: who has just written to a hot stream lets others go first, and nobody else waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cqrs.write.turns import HOT, LONGEST_SECONDS, QUIET, REMEMBERED_STREAMS, SPREAD, Turns
from tests.library.waiting import Clock

STREAM = "till-1"
LONGEST = LONGEST_SECONDS * (1 + SPREAD)


class Writer:
    """A process that writes, while others commit so often a second."""

    def __init__(self) -> None:
        self.clock = Clock(100)
        self.turns = Turns(self.clock.pause, self.clock)
        self.version = 0

    def write(self, others: int = 0, seconds: float = 0.01) -> float:
        """The pause before a commit that comes after so many of others, so much later."""
        before = len(self.clock.pauses)
        self.turns.wait(STREAM)
        self.turns.saw(STREAM, self.version)
        self.clock.now += seconds
        self.version += others + 1
        self.turns.took(STREAM, self.version)
        return sum(self.clock.pauses[before:])


def test_who_writes_alone_never_waits() -> None:
    writer = Writer()
    assert [writer.write(seconds=0.001) for _ in range(50)] == [0] * 50
    assert writer.clock.pauses == []


def test_who_meets_others_now_and_then_never_waits() -> None:
    writer = Writer()
    pauses = [writer.write(others=1, seconds=1 / QUIET + 0.001) for _ in range(50)]
    assert pauses == [0] * 50


def test_who_has_written_to_a_hot_stream_lets_others_go_first() -> None:
    writer = Writer()
    assert writer.write(others=9, seconds=9 / HOT) == 0
    assert LONGEST_SECONDS * (1 - SPREAD) <= writer.write() <= LONGEST


def test_the_pause_is_half_of_the_longest_half_way() -> None:
    writer = Writer()
    writer.write(others=10, seconds=20 / (QUIET + HOT))
    pause = writer.write()
    assert abs(pause / LONGEST_SECONDS - 0.5) <= 0.5 * SPREAD + 0.01


def test_who_comes_when_the_pause_is_over_does_not_wait() -> None:
    writer = Writer()
    writer.write(others=100, seconds=1)
    writer.clock.now += LONGEST
    assert writer.write() == 0


def test_when_the_others_are_gone_so_is_the_pause_soon() -> None:
    writer = Writer()
    writer.write(others=100, seconds=1)
    pauses = [writer.write() for _ in range(12)]
    assert pauses[0] > LONGEST_SECONDS / 2
    assert pauses[-1] < 0.001


def test_another_stream_is_another_matter() -> None:
    writer = Writer()
    writer.write(others=100, seconds=1)
    writer.turns.wait("till-2")
    assert writer.clock.pauses == []


def test_only_so_many_streams_are_remembered() -> None:
    writer = Writer()
    for number in range(3 * REMEMBERED_STREAMS):
        writer.turns.saw(f"till-{number}", 1)
        writer.turns.took(f"till-{number}", 2)
    assert len(writer.turns._streams) == REMEMBERED_STREAMS


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 10)), max_size=30))
def test_nobody_waits_longer_than_the_longest_pause(steps: list[tuple[int, float]]) -> None:
    writer = Writer()
    for others, seconds in steps:
        writer.write(others, seconds)
    assert all(0 < pause <= LONGEST for pause in writer.clock.pauses)
