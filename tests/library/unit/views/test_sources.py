"""A stream as a row follows it: what can be applied to its part, and what stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest

from cqrs import plain
from cqrs.errors import Ahead, Unreadable
from cqrs.history.events import EventCodec, Instant, Recorded
from cqrs.plain import replace
from cqrs.views.rows import ParkedAt, Part, load_state
from cqrs.views.sources import ERROR_LENGTH, TRACE_LENGTH, Source, Sources
from tests.library.worlds import (
    OLDER_TYPES,
    ORDER,
    TYPES,
    VIEW,
    Notes,
    Poison,
    history,
    note,
    shouted,
    stored,
)

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

    mark = ParkedAt(version=3, error="Poison", at=NOON, trace=ANY)
    assert stopped == replace(AFTER_TWO, parked=mark)
    assert isinstance(why, Poison)


def test_a_state_is_loaded_and_dumped_once_however_many_commits_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: calls.append(name) or call(*args)

    commits = history("order-7", *"abcdefgh")
    for name in ("load", "write"):
        monkeypatch.setattr(plain, name, counted(name, getattr(plain, name)))

    part, _ = SOURCE.apply_all(replace(AFTER_TWO), commits[2:])
    load_state(ORDER, part)

    assert part.version == 8
    assert calls == ["load", "write"]


@pytest.mark.parametrize("state", [Notes(texts=("\ud800",)), Notes(texts=(None,))])  # type: ignore[arg-type]
def test_a_state_that_would_not_be_read_again_parks_at_the_commit_that_led_to_it(
    state: Notes,
) -> None:
    def evolve(notes: Notes, recorded: Recorded[Any]) -> Notes:
        return state if recorded.event.text == "bad" else note(notes, recorded)

    source = Source("order-7", replace(ORDER, evolve=evolve), EventCodec(TYPES), lambda: NOON)

    stopped, why = source.apply_all(Part(), history("order-7", "a", "b", "bad"))

    assert (stopped.version, stopped.state) == (2, AFTER_TWO.state)
    assert stopped.parked
    assert stopped.parked.version == 3
    assert why


def test_a_commit_is_decoded_once_for_all_views_that_follow_it() -> None:
    (commit,) = history("order-7", "a")
    other = Source("order-7", replace(ORDER), EventCodec(TYPES))

    assert SOURCE.apply(Part(), commit) == other.apply(Part(), commit)

    assert commit.events(EventCodec(TYPES)) is commit.events(EventCodec(TYPES))
    with pytest.raises(Ahead):
        shouted(commit).events(EventCodec(OLDER_TYPES))


@pytest.mark.parametrize("text", ["here", "x" * 5_000])
def test_a_mark_says_where_it_was_raised_and_its_end_says_most(text: str) -> None:
    def outer(notes: Notes, recorded: object) -> Notes:
        return inner()

    def inner() -> Notes:
        raise Poison(text)

    source = Source("order-7", replace(ORDER, evolve=outer), EventCodec(TYPES))

    mark = source.apply_all(Part(), history("order-7", "a"))[0].parked

    assert mark
    assert mark.trace
    assert len(mark.trace) <= TRACE_LENGTH == 2_000
    assert mark.trace.endswith("    raise Poison(text)\nPoison\n")
    assert ", in inner" in mark.trace


def test_a_mark_can_be_stored_whatever_its_error_says() -> None:
    def fail(notes: Notes, recorded: object) -> Notes:
        raise Unreadable("half of a pair: \ud800")

    source = Source("order-7", replace(ORDER, evolve=fail), EventCodec(TYPES))

    mark = source.apply_all(Part(), history("order-7", "a"))[0].parked

    assert mark
    assert mark.error == "Unreadable: half of a pair: ?"
    assert (mark.trace or "\ud800").encode()


def test_what_newer_code_has_written_is_no_error_and_has_no_trace() -> None:
    older = Source("order-7", replace(ORDER, events=OLDER_TYPES), EventCodec(OLDER_TYPES))
    first, second = history("order-7", "a", "b")

    stopped, why = older.apply_all(Part(), [first, shouted(second)])

    assert isinstance(why, Ahead)
    assert (stopped.version, stopped.is_parked) == (1, True)
    assert stopped.parked
    assert (stopped.parked.cause, stopped.parked.version, stopped.parked.trace) == (
        "ahead",
        2,
        None,
    )
    assert stopped.parked.error.startswith("Ahead: world has no event type 'Shouted'. ")


def test_an_error_of_any_length_fits_in_a_mark() -> None:
    def fail(notes: Notes, recorded: object) -> Notes:
        raise Unreadable("x" * 100_000)

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
