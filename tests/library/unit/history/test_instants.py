"""Instants are texts whose order is that of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.history.events import Instant
from cqrs.history.instants import is_instant, later, now, periods, seconds_between

NEW_YEARS_EVE = Instant("2026-12-31T23:59:59.500000Z")


@pytest.mark.parametrize(
    ("seconds", "instant"),
    [
        (0, "2026-12-31T23:59:59.500000Z"),
        (0.5, "2027-01-01T00:00:00.000000Z"),
        (1e-6, "2026-12-31T23:59:59.500001Z"),
        (3_600, "2027-01-01T00:59:59.500000Z"),
    ],
)
def test_a_later_instant_is_a_later_text(seconds: float, instant: str) -> None:
    assert later(NEW_YEARS_EVE, seconds) == instant
    assert later(NEW_YEARS_EVE, seconds) >= NEW_YEARS_EVE


def test_now_is_such_a_text() -> None:
    assert later(now(), 0) <= later(now(), 1)
    assert len(now()) == len(NEW_YEARS_EVE)


@pytest.mark.parametrize("text", ["", "soon", "2026-12-31", "2026-12-31T23:59:59.5", "noon\n"])
def test_other_texts_are_none(text: str) -> None:
    assert is_instant(NEW_YEARS_EVE)
    assert not is_instant(text)


@given(st.floats(0, 10**9).map(lambda seconds: round(seconds, 6)))
def test_the_time_between_two_instants_is_what_the_one_is_later_by(seconds: float) -> None:
    after = later(NEW_YEARS_EVE, seconds)
    assert seconds_between(NEW_YEARS_EVE, after) == pytest.approx(seconds, abs=1e-5)
    assert seconds_between(after, NEW_YEARS_EVE) == -seconds_between(NEW_YEARS_EVE, after)


HOUR, DAY = 3_600, 86_400
SPANS = st.one_of(*(st.floats(0, most) for most in (HOUR, 2 * DAY, 62 * DAY, 5 * 365 * DAY)))
FIRSTS = st.floats(0, 3 * 365 * DAY).map(lambda seconds: later(NEW_YEARS_EVE, seconds))


@given(FIRSTS, SPANS, st.floats(0, 1))
def test_every_instant_of_a_span_begins_with_one_of_its_periods_and_they_are_few(
    first: Instant, span: float, part: float
) -> None:
    found = periods(first, later(first, span))
    amid = later(first, span * part)
    assert amid.startswith(tuple(found))
    assert len(found) <= 64  # DynamoDB compares with so many in one filter


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-12-31T23:59:59.5", "2027-01-01T00:00:00.0", ["2026-12-31T23", "2027-01-01T00"]),
        (
            "2026-02-27T12:00:00.0",
            "2026-03-01T12:00:00.1",
            ["2026-02-27", "2026-02-28", "2026-03-01"],
        ),
        ("2026-01-31T12:00:00.0", "2026-04-30T12:00:00.0", [f"2026-0{n}" for n in (1, 2, 3, 4)]),
        ("2026-01-01T12:00:00.1", "2026-01-01T12:00:00.0", []),
    ],
)
def test_periods_are_hours_days_or_months(first: str, last: str, expected: list[str]) -> None:
    assert periods(*(Instant(f"{text}00000Z") for text in (first, last))) == expected
