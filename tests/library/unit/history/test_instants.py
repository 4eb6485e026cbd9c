"""Instants are texts whose order is that of time."""

import pytest

from cqrs.history.events import Instant
from cqrs.history.instants import is_instant, later, now

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
