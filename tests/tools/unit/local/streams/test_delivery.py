"""What AWS documents about the delivery of stream records to a function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.streams.delivery import (
    PAYLOAD_BYTES,
    Answer,
    Condition,
    cut,
    first_failure,
)
from tests.tools.unit.local.streams.world import (
    ERROR,
    NOW,
    THROTTLED,
    World,
    fails_on,
    numbers,
    record,
    records,
    report,
    reports,
)


def test_a_batch_that_succeeds_is_delivered_once() -> None:
    world = World()
    world.deliver(records(1, 2, 3))
    assert (world.seen, world.settled) == ([[1, 2, 3]], [1, 2, 3])


def test_a_batch_that_failed_is_tried_again_whole() -> None:
    answers = iter([ERROR, ERROR, Answer()])
    world = World(handler=lambda batch: next(answers))
    world.deliver(records(1, 2, 3))
    assert world.seen == [[1, 2, 3]] * 3


def test_a_partial_failure_restarts_from_the_reported_record() -> None:
    answers = iter([report(3), Answer()])
    world = World(handler=lambda batch: next(answers))
    world.deliver(records(1, 2, 3, 4), reports_failures=True)
    assert world.seen == [[1, 2, 3, 4], [3, 4]]


def test_a_partial_failure_restarts_from_the_lowest_of_several_reported_records() -> None:
    answers = iter([report(4, 2), Answer()])
    world = World(handler=lambda batch: next(answers))
    world.deliver(records(1, 2, 3, 4), reports_failures=True)
    assert world.seen == [[1, 2, 3, 4], [2, 3, 4]]


def test_what_lies_before_the_reported_record_is_settled_before_the_next_try() -> None:
    settled_at_retry: list[int] = []
    world = World()

    def handler(batch: list[int]) -> Answer:
        settled_at_retry[:] = world.settled
        return report(3) if 1 in batch else Answer()

    world.handler = handler
    world.deliver(records(1, 2, 3), reports_failures=True)
    assert settled_at_retry == [1, 2]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="null response"),
        pytest.param({}, id="empty response"),
        pytest.param({"batchItemFailures": None}, id="null list"),
        pytest.param({"batchItemFailures": []}, id="empty list"),
    ],
)
def test_an_empty_report_is_a_success(body: object) -> None:
    assert first_failure(Answer(body=body), records(1, 2), reports=True) is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(report("").body, id="empty identifier"),
        pytest.param(report(None).body, id="null identifier"),
        pytest.param(report("unknown").body, id="unknown identifier"),
        pytest.param(report(2, "unknown").body, id="one known, one unknown identifier"),
        pytest.param({"batchItemFailures": [{"id": "0002"}]}, id="bad key name"),
        pytest.param({"batchItemFailures": ["0002"]}, id="not an object"),
        pytest.param({"batchItemFailures": "0002"}, id="not a list"),
        pytest.param({"batchItemFailures": False}, id="not a list, but false"),
        pytest.param("done", id="a text"),
        pytest.param([], id="a list"),
    ],
)
def test_a_report_that_names_no_record_of_the_batch_fails_the_whole_batch(body: object) -> None:
    assert first_failure(Answer(body=body), records(1, 2), reports=True) == 0


def test_a_report_counts_for_nothing_when_the_mapping_does_not_ask_for_it() -> None:
    assert first_failure(report(2), records(1, 2), reports=False) is None


def test_an_error_fails_the_whole_batch_whatever_the_body_reports() -> None:
    answer = Answer(error="Unhandled", body=report(2).body)
    assert first_failure(answer, records(1, 2), reports=True) == 0


def test_a_batch_that_used_up_its_retries_goes_whole_to_the_destination() -> None:
    """And the shard moves on."""
    world = World(handler=fails_on(2))
    world.deliver(records(1, 2, 3), maximum_retries=2)
    assert world.seen == [[1, 2, 3]] * 3
    assert world.given_up == [(Condition.RETRIES, [1, 2, 3])]
    assert world.settled == [1, 2, 3]


def test_no_retries_means_one_try() -> None:
    world = World(handler=fails_on(1))
    world.deliver(records(1), maximum_retries=0)
    assert world.seen == [[1]]
    assert world.given_up == [(Condition.RETRIES, [1])]


def test_the_invocation_record_counts_the_invocations() -> None:
    world = World(handler=fails_on(1))
    world.deliver(records(1), maximum_retries=2)
    assert [attempt.invocations for attempt in world.attempts] == [3]


def test_a_batch_that_moved_forward_starts_its_retries_anew() -> None:
    world = World(handler=reports(1, 3))
    world.deliver(records(2, 3, 4), maximum_retries=1, reports_failures=True)
    assert world.seen == [[2, 3, 4], [3, 4], [3, 4]]
    assert world.given_up == [(Condition.RETRIES, [3, 4])]


def test_bisecting_isolates_a_bad_record_and_delivers_the_others() -> None:
    world = World(handler=fails_on(3))
    world.deliver(records(1, 2, 3, 4), bisects=True, maximum_retries=0)
    assert world.seen == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]
    assert world.given_up == [(Condition.RETRIES, [3])]


def test_splitting_a_batch_does_not_use_up_a_retry() -> None:
    world = World(handler=fails_on(2))
    world.deliver(records(1, 2), bisects=True, maximum_retries=2)
    assert world.seen == [[1, 2], [1], [2], [2], [2]]


def test_with_a_report_the_batch_is_split_at_the_reported_record() -> None:
    world = World(handler=reports(3))
    world.deliver(records(1, 2, 3, 4, 5), bisects=True, reports_failures=True, maximum_retries=0)
    assert world.seen == [[1, 2, 3, 4, 5], [3, 4, 5], [3], [4, 5]]
    assert world.given_up == [(Condition.RETRIES, [3])]


def test_records_past_the_maximum_age_go_to_the_destination_without_another_try() -> None:
    world = World()
    world.deliver([record(1, arrived=NOW - 61), record(2)], maximum_age_seconds=60)
    assert world.given_up == [(Condition.AGE, [1])]
    assert world.seen == [[2]]
    assert world.settled == [1, 2]


def test_without_a_limit_of_retries_a_batch_is_tried_until_it_is_too_old() -> None:
    world = World(handler=fails_on(1))
    world.deliver(records(1), maximum_age_seconds=60)
    assert world.given_up == [(Condition.AGE, [1])]
    assert len(world.seen) > 30


def test_without_any_limit_a_batch_is_tried_until_the_stream_forgets_it() -> None:
    world = World(handler=fails_on(1))
    world.deliver([record(1, arrived=NOW - 24 * 3600 + 10)])
    assert world.given_up == [(Condition.AGE, [1])]
    assert len(world.seen) > 5


def test_an_invocation_that_never_reached_the_function_uses_up_no_retry() -> None:
    answers = iter([THROTTLED, THROTTLED, ERROR, Answer(), Answer()])
    world = World(handler=lambda batch: next(answers))
    world.deliver(records(1, 2), maximum_retries=0, bisects=True)
    assert world.seen == [[1, 2], [1, 2], [1, 2], [1], [2]]
    assert world.given_up == []


def test_pauses_between_tries_grow_but_stay_short() -> None:
    world = World(handler=fails_on(1))
    world.deliver(records(1), maximum_retries=9)
    assert world.waits == sorted(world.waits)
    assert (len(world.waits), world.waits[-1]) == (9, 2)


@given(
    length=st.integers(1, 20),
    bad=st.sets(st.integers(0, 19)),
    bisects=st.booleans(),
    reports_failures=st.booleans(),
    retries=st.integers(0, 3),
)
def test_every_record_is_processed_or_given_up_and_in_order(
    length: int, bad: set[int], bisects: bool, reports_failures: bool, retries: int
) -> None:
    processed: list[int] = []
    world = World()

    def handler(batch: list[int]) -> Answer:
        """Processes up to the first bad record; reports it or raises."""
        good = batch[: next((i for i, n in enumerate(batch) if n in bad), len(batch))]
        processed.extend(n for n in good if n not in processed)
        if len(good) == len(batch):
            return Answer()
        return report(batch[len(good)]) if reports_failures else ERROR

    world.handler = handler
    world.deliver(
        records(*range(length)),
        bisects=bisects,
        reports_failures=reports_failures,
        maximum_retries=retries,
    )

    given_up = [n for _, batch in world.given_up for n in batch]
    assert set(processed) | set(given_up) == set(range(length))
    assert world.settled == list(range(length))
    assert processed == sorted(processed)
    assert given_up == sorted(given_up)
    if bisects:
        assert set(given_up) == bad & set(range(length))


@pytest.mark.parametrize(
    ("size", "expected"),
    [(2, ([1, 2], True)), (3, ([1, 2, 3], True)), (4, ([1, 2, 3], False))],
)
def test_a_batch_holds_as_many_records_as_the_mapping_says(
    size: int, expected: tuple[list[int], bool]
) -> None:
    waiting = records(1, 2, 3)
    count, full = cut(waiting, size)
    assert (numbers(waiting[:count]), full) == expected


def test_a_batch_is_full_when_one_more_record_would_pass_the_limit_of_a_payload() -> None:
    large = "x" * (PAYLOAD_BYTES // 2)
    assert cut([record(1, text=large), record(2, text=large), record(3)], 100) == (1, True)


def test_a_record_that_is_too_large_for_any_payload_is_tried_alone() -> None:
    assert cut([record(1, text="x" * (PAYLOAD_BYTES + 1)), record(2)], 100) == (1, True)
