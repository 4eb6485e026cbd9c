"""What walks cost at full size, by the model (tests/library/integration/test_scale.py compares it
with counted walks).
"""

from __future__ import annotations

import pytest

from cqrs.follow.estimates import (
    CALL_SECONDS,
    COMMIT_SECONDS,
    COMMITS_PER_STREAM,
    ROW_SECONDS,
    SAVE_SECONDS,
    Limits,
    Walked,
    audit,
    rebuild,
)
from cqrs.history.event_store import Size

GB = 10**9
COMMIT_BYTES = 600
VIEWS = 3  # that follow each store
MINUTE, HOUR = 60, 3_600


def stores(*sizes: int, share: float = 1) -> list[Walked]:
    """Of so many bytes; a `share` of their streams is looked at."""
    walked = []
    for size in sizes:
        commits = size // COMMIT_BYTES
        streams = round(commits / COMMITS_PER_STREAM * share)
        walked.append(Walked(size=Size(commits=commits, bytes=size), streams=streams, views=VIEWS))
    return walked


SMALL = (2 * GB, 2 * GB, 8 * GB, 4 * GB)
HUNDRED_MILLION_COMMITS = (15 * GB,) * 4
PER_DAY = 0.01  # of the streams


class TestAMonthOfAudits:
    @pytest.mark.parametrize("sizes", [SMALL, HUNDRED_MILLION_COMMITS])
    def test_no_store_is_starved(self, sizes: tuple[int, ...]) -> None:
        """720 audits, one an hour, each of which begins if the one before has ended. When stores
        were walked one after the other in runs of 270 s, those of 2, 2, 8 and 4 GB were walked
        112, 28, 0 and 0 times in 336 runs.
        """
        walked, free_from = [0] * len(sizes), 0.0
        for begin in range(0, 720 * HOUR, HOUR):
            if begin < free_from:
                continue
            estimate = audit(stores(*sizes, share=1 if not begin else PER_DAY))
            free_from = begin + estimate.seconds
            for n, seconds in enumerate(estimate.done_after):
                walked[n] += seconds < HOUR
        assert walked == [720] * len(sizes)

    def test_a_small_store_after_large_ones_is_done_with_them(self) -> None:
        large_first = audit(stores(60 * GB, 1 * GB)).done_after
        assert large_first[1] <= 1.1 * large_first[0]


class TestAnAudit:
    def test_of_100_million_commits_costs_3_dollars_at_most_and_takes_half_an_hour(self) -> None:
        estimate = audit(stores(*HUNDRED_MILLION_COMMITS, share=PER_DAY))
        assert estimate.dollars <= 3
        assert estimate.seconds <= 30 * MINUTE

    def test_takes_no_more_than_its_read_units_a_second(self) -> None:
        estimate = audit(stores(*HUNDRED_MILLION_COMMITS, share=0))
        assert estimate.read_units / estimate.seconds <= Limits().read_units_per_second

    def test_is_mostly_paid_for_the_scan(self) -> None:
        sizes = HUNDRED_MILLION_COMMITS
        scan = audit(stores(*sizes, share=0))
        assert scan.dollars >= 0.8 * audit(stores(*sizes, share=PER_DAY)).dollars

    def test_that_is_the_first_reads_the_rows_of_all_streams(self) -> None:
        first = audit(stores(*HUNDRED_MILLION_COMMITS))
        rows = VIEWS * sum(each.streams for each in stores(*HUNDRED_MILLION_COMMITS))
        assert first.read_units > rows
        assert first.seconds <= HOUR

    def test_of_nothing_costs_next_to_nothing(self) -> None:
        estimate = audit(stores(0, 0))
        assert estimate.pages == 2
        assert estimate.dollars < 0.001


class TestARebuild:
    def test_grows_with_the_history(self) -> None:
        one, ten = (rebuild(stores(size)) for size in (6 * GB, 60 * GB))
        assert 9 < ten.dollars / one.dollars < 11

    def test_writes_the_row_of_each_stream_in_each_view(self) -> None:
        all_streams = stores(6 * GB)
        without = rebuild(all_streams, write_units=0)
        with_rows = rebuild(all_streams, write_units=2)
        rows = VIEWS * all_streams[0].streams
        assert with_rows.write_units - without.write_units == 2 * rows

    def test_of_100_million_commits_ends_before_the_machine_gives_up(self) -> None:
        of_one_view = [
            Walked(size=each.size, streams=each.streams)
            for each in stores(*HUNDRED_MILLION_COMMITS)
        ]
        assert rebuild(of_one_view).seconds < 24 * HOUR


def test_a_batch_that_a_mapping_gave_up_on_is_taken_within_two_minutes() -> None:
    """Each minute the recoverer, which waits for no walk, lets all followers bring on the streams
    of a batch: here of 200, in a dozen views.
    """
    streams, commits, views = 200, 200, 12
    by_one_view = 2 * CALL_SECONDS + commits * COMMIT_SECONDS
    by_one_view += streams * (CALL_SECONDS + ROW_SECONDS + SAVE_SECONDS)
    assert MINUTE + views * by_one_view <= 2 * MINUTE
