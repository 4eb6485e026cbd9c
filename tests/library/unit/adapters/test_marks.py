"""Marks as they are stored: older code reads what it can know of, and there is room for all."""

import pytest

from cqrs import plain
from cqrs.adapters.marks import MARKS_BYTES, marks_text
from cqrs.history.events import Instant
from cqrs.views.rows import ParkedAt
from cqrs.views.sources import ERROR_LENGTH, TRACE_LENGTH

NOON = Instant("2026-01-01T12:00:00.000000Z")


def test_a_mark_of_an_error_is_stored_as_older_code_wrote_it() -> None:
    text = marks_text({"order-7": ParkedAt(version=4, error="e", at=NOON)})
    assert plain.from_json(text) == {"order-7": {"version": 4, "error": "e", "at": NOON}}


def test_what_older_code_does_not_know_is_stored_where_it_says_something() -> None:
    text = marks_text({"order-7": ParkedAt(version=4, error="e", cause="ahead")})
    assert plain.from_json(text) == {"order-7": {"version": 4, "error": "e", "cause": "ahead"}}


@pytest.mark.parametrize("character", ["x", "é", "\x01", "\U0001f600", "\n"])
@pytest.mark.parametrize("several", [1, 2, 3, 8])
def test_marks_of_any_length_fit_and_the_errors_are_cut_last(character: str, several: int) -> None:
    error, trace = character * ERROR_LENGTH, f"first{character * TRACE_LENGTH}last"
    mark = ParkedAt(version=4, error=error, at=NOON, trace=trace)

    text = marks_text({f"order_{n}-{'7' * 128}": mark for n in range(several)})

    assert len(text.encode()) <= MARKS_BYTES
    for kept in plain.from_json(text).values():
        assert error.startswith(kept["error"])
        assert trace.endswith(kept.get("trace", ""))
        if kept["error"] != error:
            assert "trace" not in kept
