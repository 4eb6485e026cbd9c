"""The current time, and arithmetic on times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cqrs.history.events import Instant

__all__ = ["is_instant", "later", "now"]

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def now() -> Instant:
    return Instant(datetime.now(UTC).strftime(_FORM))


def later(instant: Instant, seconds: float) -> Instant:
    moment = datetime.strptime(instant, _FORM) + timedelta(seconds=seconds)
    return Instant(moment.strftime(_FORM))


def is_instant(text: str) -> bool:
    try:
        datetime.strptime(text, _FORM)
    except ValueError:
        return False
    return True
