"""Writers that race for one stream, in time that is only counted: nothing is lost, nothing is there
twice, and what `make bench SECTIONS=hot-stream` tells is reached.
"""

from __future__ import annotations

from collections import Counter
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.history.events import EventCodec
from cqrs.write.commands import RACE
from cqrs.write.turns import LONGEST_SECONDS, SPREAD
from domain.orders import ORDER_EVENTS, OrderAddressChanged
from scripts.shop.bench.hot_stream import STREAM, written_by
from tests.examples import examples

LONGEST_PAUSE = LONGEST_SECONDS * (1 + SPREAD) + sum(
    min(RACE.longest_seconds, RACE.first_seconds * RACE.growth**n)
    for n in range(RACE.tries - RACE.at_once)
)


@examples(40)
@given(st.integers(1, 24), st.integers(0, 10**6))
def test_each_command_that_was_answered_has_one_effect_and_no_other_has_any(
    writers: int, seed: int
) -> None:
    written = written_by(writers, seed, seconds=1)

    codec = EventCodec(ORDER_EVENTS)
    commits = written.store.read(STREAM)[1:]
    happened = [recorded.event for commit in commits for recorded in commit.events(codec)]
    streets = [event.address.street for event in happened if isinstance(event, OrderAddressChanged)]
    assert Counter(streets) == Counter(written.answered)
    assert [commit.envelope.command_id for commit in commits] == streets
    assert max(written.seconds) < LONGEST_PAUSE + 1  # and the calls


@pytest.mark.parametrize("seed", range(3))
def test_sixteen_writers_all_get_their_turn(seed: int) -> None:
    written = written_by(16, seed)
    assert written.conflicts == []
    assert quantiles(written.seconds, n=100)[98] < 0.4
    assert written.appends < 1.7 * written.commits


def test_a_writer_who_is_alone_is_not_held_up() -> None:
    written = written_by(1, seed=1)
    assert (written.paused, written.appends) == (0, written.commits)


def test_the_same_seed_leads_to_the_same_history() -> None:
    first, again = (written_by(5, seed=7, seconds=0.5) for _ in range(2))
    assert (first.answered, first.seconds) == (again.answered, again.seconds)
