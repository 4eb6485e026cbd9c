"""A mapping goes on where it left off, and never where another stream did."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scripts.local.streams.checkpoints import HORIZON, Checkpoint, Progress
from tests.tools.unit.local.streams.world import records


def test_a_checkpoint_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "one.json"
    Checkpoint(file, "stream of today").save("0007")
    assert Checkpoint(file, "stream of today").load() == "0007"


def test_checkpoints_of_another_stream_are_not_used(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    Checkpoint(file, "stream of yesterday").save("0007")
    assert Checkpoint(file, "stream of today").load() is None


def test_a_checkpoint_that_was_never_made_or_got_damaged_is_none(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    assert Checkpoint(file, "stream").load() is None
    file.write_text('{"str')
    assert Checkpoint(file, "stream").load() is None


def test_the_position_stays_before_a_record_that_is_not_settled() -> None:
    progress = Progress(HORIZON)
    progress.read(records(1, 2, 3))
    assert (progress.position, progress.last_read) == (HORIZON, "0003")
    progress.settle(records(1, 3))
    assert progress.position == "0001"
    progress.settle(records(2))
    assert progress.position == "0003"


@given(st.permutations(range(1, 9)), st.integers(0, 8))
def test_in_whatever_order_records_settle_none_is_passed_over(order: list[int], count: int) -> None:
    progress = Progress("0000")
    progress.read(records(*range(1, 9)))
    settled = order[:count]
    for number in settled:
        progress.settle(records(number))
    passed = int(progress.position)
    assert set(range(1, passed + 1)) <= set(settled)
    assert passed + 1 not in settled
