"""What must hold whatever writers, followers, walks, generations and readers do at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cqrs.entrypoints.parts
import cqrs.entrypoints.streams
import cqrs.entrypoints.walker
from tests.examples import examples
from tests.library.unit.follow.everything import World
from tests.library.unit.follow.moving import STREAMS, Action, Fate, Sizes


class Quiet:
    def __getattr__(self, name: str) -> object:
        return lambda *args, **notes: None


@pytest.fixture(scope="module", autouse=True)
def _nobody_reads_the_log() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (cqrs.entrypoints.parts, cqrs.entrypoints.streams, cqrs.entrypoints.walker):
            patch.setattr(module, "logger", Quiet)
            patch.setattr(module, "count", lambda *args, **notes: None)
        yield


numbers = st.integers(0, 5)
kinds = st.integers(0, 19)  # of commits
streams = st.integers(0, len(STREAMS) - 1)
workers = st.integers(0, 1)
WHAT = {
    "append": (streams, kinds),
    "append_and_tell": (streams, kinds, workers),
    "deliver": (workers, numbers, numbers, numbers),
    "passes": (st.sampled_from([1, 3, 5, 8, 30, 61, 121, 600, 1_000, 10_000]),),
    "look": (),
    "audit": (),
    "redrive": (),
    "walk": (),
    "tidy": (),
    "step": (numbers, numbers, st.integers(0, 3)),
    "give_up": (numbers,),
    "vanish": (numbers,),
    "rebuild": (),
    "switch": (numbers,),
    "rollback": (),
    "drop": (numbers,),
    "lose": (numbers,),
    "recover": (st.integers(0, 2),),
    "deploy": (numbers,),
    "read": (workers, st.integers(0, 3), st.integers(0, 9)),
}
OFTEN = {
    "append_and_tell": 4,
    "step": 6,
    "walk": 3,
    "look": 3,
    "passes": 3,
    "read": 3,
    "deliver": 2,
}
Steps = list[tuple[str, tuple[int, ...]]]
REBUILDING: Steps = [("rebuild", ()), ("passes", (8,))]
SWITCHED: Steps = [*REBUILDING, ("walk", ()), ("switch", (1,))]
DROPPED: Steps = [*SWITCHED, ("drop", (0,)), ("passes", (1_000,)), ("look", ())]
LOST: Steps = [("lose", (0,)), ("look", ())]
HEARD: Steps = [("deliver", (0, 1)), ("deliver", (1, 1)), ("rebuild", ())]
LONG: Steps = [*[("append", (0, 0))] * 5, ("deliver", (0, 1))]
BEGINNINGS: list[Steps] = [
    [],
    LONG,
    HEARD,
    REBUILDING,
    SWITCHED,
    DROPPED,
    LOST,
    [*REBUILDING, ("walk", ()), *LOST],
]
"""Before faults begin: a rebuild that is on its way, or done; a drop; rows that were lost."""

fates: st.SearchStrategy[Fate | None] = (
    st.none()
    | st.none()
    | st.tuples(
        st.sampled_from(
            ["killed before", "killed after", "down", "down for long", "late", "very late"]
        ),
        st.integers(0, 12),
    )
)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    what = draw(st.sampled_from([name for name in WHAT for _ in range(OFTEN.get(name, 1))]))
    return what, draw(st.tuples(*WHAT[what])), draw(fates)


sizes = st.builds(
    Sizes,
    page=st.integers(1, 3),
    group=st.integers(1, 2),
    chunk=st.integers(1, 2),
    budget=st.integers(1, 3),
    leg=st.sampled_from([700, 1 << 30]),
)


@examples(2_000)
@given(
    sizes,
    st.sampled_from([None, *BEGINNINGS]),
    st.lists(st.integers(0, 1), max_size=6),
    st.integers(0, 16).flatmap(lambda n: st.lists(actions(), min_size=n, max_size=n)),
)
def test_whatever_happens_all_that_is_seen_is_right_and_in_the_end_all_is_there(
    sizes: Sizes,
    beginning: Steps | None,
    code: list[int],
    happening: list[Action],
) -> None:
    world = World(sizes, code)
    if beginning is not None:
        world.begin()
        world.run([(what, how, None) for what, how in beginning])
    world.run(happening)
    world.come_to_rest()


def a_world(*beginning: tuple[str, tuple[int, ...]], group: int = 2) -> World:
    world = World(Sizes(page=3, group=group, chunk=2, budget=3, leg=1 << 30))
    world.begin()
    for what, how in beginning:
        world.happens((what, how, None))
    return world


def test_the_whole_way_of_a_generation_is_gone_by_such_actions() -> None:
    """So that the property above is not about nothing."""
    world = a_world(*SWITCHED)
    assert world.told() == ("1.1", ["1", "1.1"])
    world.rollback()
    assert world.told() == ("1", ["1", "1.1"])
    world.drop(1)
    assert world.told() == ("1", ["1"])
    assert len(world.kept["notes#1.1"]) == 3
    world.tidy()
    assert len(world.kept["notes#1.1"]) == 0
    world.come_to_rest()


@pytest.mark.parametrize("kill", ["killed before", "killed after"])
@pytest.mark.parametrize("call", range(12))
def test_a_drop_that_is_killed_at_any_call_ends(kill: str, call: int) -> None:
    world = a_world(*DROPPED)
    world.happens(("step", (0, 0, 0), (kill, call)))
    world.come_to_rest()


@pytest.mark.parametrize("made_again", [0, 1])
def test_rows_that_are_lost_while_a_walk_fills_them_are_filled_by_another(made_again: int) -> None:
    world = a_world(*LOST)
    world.step(0, 0, 1)
    world.passes(1)
    world.lose(made_again)
    world.look()
    world.walk()
    assert not world.is_filled()
    world.come_to_rest()


@pytest.mark.parametrize("call", range(14))
def test_a_step_that_began_before_a_drop_leaves_no_rows_behind(call: int) -> None:
    world = a_world(*SWITCHED, ("append", (0, 0)), ("audit", ()))
    others: list[Action] = [("drop", (0,), None), ("tidy", (), None)]
    world.run([("step", (0, 0, 0), ("very late", call)), *others])
    world.come_to_rest()
    assert world.told() == ("1.1", ["1.1"])


def test_what_a_follower_handled_that_had_not_heard_of_a_generation_is_in_it() -> None:
    world = a_world(("deliver", (0, 1)), ("rebuild", ()))
    world.step(0, 0, 0)
    world.append_and_tell(0, 0, 0)  # within the seconds in which it need not have heard
    world.passes(10)
    world.walk()
    world.come_to_rest()
    assert world.told() == ("1", ["1", "1.1"])


def test_rows_that_were_lost_before_a_walk_has_ended_are_not_taken_for_filled() -> None:
    world = a_world(*LOST)
    world.step(0, 0, 0)
    world.lose(1)
    world.passes(1)
    world.walk()
    assert not world.is_filled()
    world.come_to_rest()


def test_a_step_looks_at_the_clock_after_each_group_of_streams() -> None:
    world = a_world(*LOST, group=1)
    world.step(0, 0, 1)  # one look
    assert len(world.kept["notes#1"]) == 2
    world.step(0, 0, 0)
    assert len(world.kept["notes#1"]) == 3


def test_an_answer_completes_a_long_stream() -> None:
    world = a_world(*LONG)
    assert world.kept["notes#1"].get("7").marks
    world.read(0, 0, 2)
    world.come_to_rest()


def test_a_stream_that_is_long_is_not_done_where_a_step_is_out_of_time() -> None:
    world = a_world(*[("append", (0, 0))] * 9, *REBUILDING)
    world.step(0, 0, 1)
    world.walk()
    world.come_to_rest()
    assert world.told() == ("1", ["1", "1.1"])


def test_who_has_lost_a_walk_takes_no_step_of_it() -> None:
    world = a_world(*LOST, ("passes", (600,)), ("look", ()))
    assert len(world.executions) == 2
    world.step(0, 0, 0)
    assert len(world.kept["notes#1"]) == 0
    world.come_to_rest()


def test_a_walk_that_is_on_its_way_is_not_begun_again() -> None:
    world = a_world(*LOST, ("look", ()), ("passes", (60,)), ("look", ()))
    assert len(world.executions) == 1
