"""A worker reads its shard, delivers what is due, and disturbs it where it is told to."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.local.streams.delivery import Answer
from scripts.local.streams.faults import Faults
from scripts.local.streams.worker import AbandonedError, Worker
from tests.tools.unit.local.streams.world import ERROR, World, fails_on, record, records, reports


def run(worker: Worker, most: int = 100) -> None:
    """Until a round finds nothing to do, twice: what was held back comes in the second."""
    quiet = 0
    for _ in range(most):
        quiet = 0 if worker.step() else quiet + 1
        if quiet == 2:
            return
    raise AssertionError("it does not come to rest")


def checkpoint(folder: Path) -> str:
    return str(json.loads((folder / "checkpoint.json").read_text())["sequence"])


def test_a_shard_is_delivered_in_batches(tmp_path: Path) -> None:
    world = World(stream=records(*range(1, 8)))
    run(world.worker(tmp_path, batch_size=3))
    assert world.seen == [[1, 2, 3], [4, 5, 6], [7]]
    assert checkpoint(tmp_path) == "0007"


def test_reading_starts_after_the_checkpoint(tmp_path: Path) -> None:
    world = World(stream=records(1, 2, 3))
    run(world.worker(tmp_path, start="0002"))
    assert world.seen == [[3]]


def test_within_the_batching_window_records_are_gathered(tmp_path: Path) -> None:
    world = World(stream=records(1))
    worker = world.worker(tmp_path, window_seconds=5, batch_size=3)
    worker.step()
    world.stream += records(2)
    world.time += 4.9
    worker.step()
    assert world.seen == []
    world.time += 0.1
    worker.step()
    assert world.seen == [[1, 2]]


def test_who_gathers_records_is_due_when_the_window_is_over(tmp_path: Path) -> None:
    world = World(stream=records(1))
    worker = world.worker(tmp_path, window_seconds=5)
    assert worker.window_left() == math.inf
    worker.step()
    world.time += 2
    assert worker.window_left() == 3
    world.time += 4
    assert worker.window_left() == 0
    worker.step()
    assert worker.window_left() == math.inf


def test_what_is_gathered_is_not_due_while_the_worker_is_stopped(tmp_path: Path) -> None:
    world = World(stream=records(1))
    worker = world.worker(tmp_path, window_seconds=5)
    worker.step()
    world.time += 9
    world.faults = Faults(stop=1)
    assert not worker.step()
    assert worker.window_left() == math.inf


def test_a_full_batch_does_not_wait_for_its_window(tmp_path: Path) -> None:
    world = World(stream=records(1, 2, 3))
    world.worker(tmp_path, window_seconds=5, batch_size=3).step()
    assert world.seen == [[1, 2, 3]]


def test_the_checkpoint_follows_what_is_settled_while_the_rest_is_tried_again(
    tmp_path: Path,
) -> None:
    found: list[str] = []
    world = World(stream=records(1, 2, 3))

    def handler(batch: list[int]) -> Answer:
        if 1 not in batch:
            found.append(checkpoint(tmp_path))
            return Answer()
        return reports(2)(batch)

    world.handler = handler
    run(world.worker(tmp_path, reports_failures=True))
    assert found == ["0001"]


def test_records_that_a_filter_stops_are_passed_over(tmp_path: Path) -> None:
    world = World(
        stream=[
            record(1, text='{"eventName": "INSERT"}'),
            record(2, text='{"eventName": "REMOVE"}'),
        ]
    )
    run(world.worker(tmp_path, patterns=({"eventName": ["INSERT"]},)))
    assert world.seen == [[1]]
    assert checkpoint(tmp_path) == "0002"


def test_drop_loses_the_last_record(tmp_path: Path) -> None:
    world = World(stream=records(1, 2, 3), faults=Faults(drop=1))
    run(world.worker(tmp_path))
    assert world.seen == []
    assert checkpoint(tmp_path) == "0003"


def test_a_stopped_mapping_is_not_read_and_goes_on_later(tmp_path: Path) -> None:
    world = World(stream=records(1, 2), faults=Faults(stop=1))
    worker = world.worker(tmp_path)
    run(worker)
    assert (world.seen, worker.stopped) == ([], True)
    world.faults = Faults()
    run(worker)
    assert world.seen == [[1, 2]]


def test_a_stop_abandons_a_batch_that_keeps_failing_and_loses_nothing(tmp_path: Path) -> None:
    world = World(stream=records(1, 2))

    def handler(batch: list[int]) -> Answer:
        world.faults = Faults(stop=1)
        return ERROR

    world.handler = handler
    worker = world.worker(tmp_path)
    with pytest.raises(AbandonedError):
        worker.step()
    world.handler, world.faults = fails_on(), Faults()
    run(worker)
    assert world.seen == [[1, 2], [1, 2]]


def test_delay_holds_each_batch_back(tmp_path: Path) -> None:
    world = World(stream=records(1, 2), faults=Faults(delay=30))
    began = world.time
    run(world.worker(tmp_path, batch_size=1))
    assert world.time - began == 60


def test_duplicate_delivers_a_batch_again_after_the_next_one(tmp_path: Path) -> None:
    world = World(stream=records(1, 2), faults=Faults(duplicate=1))
    worker = world.worker(tmp_path, batch_size=1)
    worker.step()
    worker.step()
    assert world.seen == [[1], [2], [1]]


def test_duplicate_delivers_the_last_batch_again_when_the_shard_is_quiet(tmp_path: Path) -> None:
    world = World(stream=records(1), faults=Faults(duplicate=1))
    worker = world.worker(tmp_path)
    worker.step()
    world.faults = Faults()
    run(worker)
    assert world.seen == [[1], [1]]


def test_reorder_lets_a_batch_be_overtaken_by_the_next(tmp_path: Path) -> None:
    world = World(stream=records(1, 2), faults=Faults(reorder=1))
    worker = world.worker(tmp_path, batch_size=1)
    worker.step()
    world.faults = Faults()
    run(worker)
    assert world.seen == [[2], [1]]


def test_a_batch_that_is_held_back_is_not_counted_as_done(tmp_path: Path) -> None:
    world = World(stream=records(1), faults=Faults(reorder=1))
    worker = world.worker(tmp_path)
    worker.step()
    assert not (tmp_path / "checkpoint.json").exists()
    assert worker.status()["waiting"] == 1


def test_fail_runs_the_function_but_takes_its_answer_for_an_error(tmp_path: Path) -> None:
    world = World(stream=records(1), faults=Faults(fail=1))
    run(world.worker(tmp_path, maximum_retries=1))
    assert world.seen == [[1], [1]]
    assert [batch for _, batch in world.given_up] == [[1]]


def test_a_batch_that_fails_by_the_knob_succeeds_once_the_knob_is_cleared(tmp_path: Path) -> None:
    world = World(stream=records(1), faults=Faults(fail=1))

    def handler(batch: list[int]) -> Answer:
        if len(world.seen) == 3:
            world.faults = Faults()
        return fails_on()(batch)

    world.handler = handler
    run(world.worker(tmp_path))
    assert world.seen == [[1]] * 3


def test_the_status_tells_of_a_failure_and_forgets_it_after_a_success(tmp_path: Path) -> None:
    told: list[Any] = []
    world = World(stream=records(1))
    worker = world.worker(tmp_path)

    def handler(batch: list[int]) -> Answer:
        told.append(worker.status())
        return ERROR if len(told) < 3 else Answer()

    world.handler = handler
    run(worker)
    assert [status["tries"] for status in told] == [0, 1, 2]
    assert [status["in_flight"] for status in told] == [1, 1, 1]
    assert "Unhandled" in told[2]["error"]
    assert worker.status()["failing_since"] is None
    assert worker.status()["error"] is None


def test_a_destination_that_can_not_be_written_loses_nothing(tmp_path: Path) -> None:
    world = World(stream=records(1), handler=fails_on(1))
    worker = world.worker(tmp_path, maximum_retries=0)
    kept = world.given_up
    world.given_up = None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        worker.step()
    world.given_up = kept
    run(worker)
    assert [batch for _, batch in world.given_up] == [[1]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    length=st.integers(0, 25),
    bad=st.sets(st.integers(1, 25), max_size=3),
    batch_size=st.integers(1, 7),
    seed=st.integers(0, 1000),
    duplicate=st.sampled_from([0, 0.5]),
    reorder=st.sampled_from([0, 0.5]),
    fail=st.sampled_from([0, 0.3]),
    bisects=st.booleans(),
)
def test_without_drop_every_record_is_processed_or_given_up(
    tmp_path: Path,
    length: int,
    bad: set[int],
    batch_size: int,
    seed: int,
    duplicate: float,
    reorder: float,
    fail: float,
    bisects: bool,
) -> None:
    processed: list[int] = []

    def handler(batch: list[int]) -> Answer:
        good = batch[: next((i for i, n in enumerate(batch) if n in bad), len(batch))]
        processed.extend(good)
        return reports(*bad)(batch)

    faults = Faults(seed=seed, duplicate=duplicate, reorder=reorder, fail=fail)
    world = World(handler=handler, stream=records(*range(1, length + 1)), faults=faults)
    worker = world.worker(
        tmp_path,
        batch_size=batch_size,
        reports_failures=True,
        bisects=bisects,
        maximum_retries=1,
    )
    run(worker)
    given_up = {n for _, batch in world.given_up for n in batch}
    assert set(processed) | given_up == set(range(1, length + 1))
    assert worker.status()["checkpoint"] == (f"{length:04}" if length else "")
    if not (reorder or duplicate):
        firsts = list(dict.fromkeys(processed))
        assert firsts == sorted(firsts)


def test_a_worker_without_a_seed_takes_the_faults_that_hold_when_it_steps(tmp_path: Path) -> None:
    world = World(stream=records(1))
    worker = world.worker(tmp_path)
    run(worker)
    world.faults = replace(world.faults, drop=1)
    world.stream += records(2)
    run(worker)
    assert world.seen == [[1]]
