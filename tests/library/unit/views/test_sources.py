"""A stream as a row follows it: what can be applied to its part, and what stops it."""

from __future__ import annotations

import pytest

from cqrs.errors import Unreadable
from cqrs.history.events import EventCodec, Instant
from cqrs.plain import replace
from cqrs.views.rows import ParkedAt, Part
from cqrs.views.sources import ERROR_LENGTH, Source, Sources
from tests.library.worlds import ORDER, TYPES, VIEW, Notes, Poison, history, stored

NOON = Instant("2026-01-01T12:00:00.000000Z")
SOURCE = Source("order-7", ORDER, EventCodec(TYPES), clock=lambda: NOON)
AFTER_TWO = Part(version=2, state={"texts": ["a", "b"]})


def test_a_part_is_the_fold_of_its_commits() -> None:
    assert SOURCE.apply_all(Part(), history("order-7", "a", "b")) == (AFTER_TWO, None)


@pytest.mark.parametrize(("stream", "version"), [("order-7", 1), ("order-7", 4), ("order-8", 3)])
def test_only_the_next_commit_of_its_own_stream_is_applied(stream: str, version: int) -> None:
    commits = history(stream, "a", "b", "c", "d")

    with pytest.raises(Unreadable, match="does not follow order-7@2"):
        SOURCE.apply(AFTER_TWO, commits[version - 1])


def test_a_commit_that_cannot_be_applied_parks_the_part_as_it_was_before() -> None:
    stopped, why = SOURCE.apply_all(Part(), history("order-7", "a", "b", "poison", "d"))

    mark = ParkedAt(version=3, error="Poison: poison", at=NOON)
    assert stopped == replace(AFTER_TWO, parked=mark)
    assert isinstance(why, Poison)


def test_an_error_of_any_length_fits_in_a_mark() -> None:
    def fail(notes: Notes, recorded: object) -> Notes:
        raise ValueError("x" * 100_000)

    source = Source("order-7", replace(ORDER, evolve=fail), EventCodec(TYPES))

    stopped, _ = source.apply_all(Part(), history("order-7", "a"))

    assert stopped.parked
    assert len(stopped.parked.error) == ERROR_LENGTH == 500


def test_a_state_that_this_code_cannot_read_is_only_a_cache() -> None:
    older = Part(version=2, state={"names": "of another time"})

    assert (SOURCE.can_read(AFTER_TWO), SOURCE.trusted(AFTER_TWO)) == (True, AFTER_TWO)
    assert (SOURCE.can_read(older), SOURCE.trusted(older)) == (False, Part())


def test_a_view_without_the_store_of_one_of_its_streams_cannot_be_followed() -> None:
    with pytest.raises(ValueError, match="payment"):
        Sources(VIEW, {"order": stored()})
