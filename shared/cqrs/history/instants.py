"""The current time, and arithmetic on times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cqrs.history.events import Instant

__all__ = ["is_instant", "later", "now", "periods", "seconds_between"]

MOST_HOURS, MOST_DAYS = 48, 62
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def now() -> Instant:
    return Instant(datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z")


def later(instant: Instant, seconds: float) -> Instant:
    return Instant((_moment(instant) + timedelta(seconds=seconds)).strftime(_FORM))


def is_instant(text: str) -> bool:
    try:
        _moment(Instant(text))
    except ValueError:
        return False
    return True


def seconds_between(earlier: Instant, later_one: Instant) -> float:
    return (_moment(later_one) - _moment(earlier)).total_seconds()


def periods(first: Instant, last: Instant) -> list[str]:
    """Beginnings of instants that all those from `first` to `last` have: hours (`2026-01-31T12`),
    days (`2026-01-31`) or, if that were many, months.
    """
    if first > last:
        return []
    hours = seconds_between(first, last) / 3_600
    if hours <= MOST_HOURS:
        length, step = len("2026-01-31T12"), timedelta(hours=1)
    elif hours <= 24 * MOST_DAYS:
        length, step = len("2026-01-31"), timedelta(days=1)
    else:
        length, step = len("2026-01"), timedelta(days=28)
    moment, found = _moment(first), dict.fromkeys([first[:length], last[:length]])
    while moment < _moment(last):
        found[moment.strftime(_FORM)[:length]] = None
        moment += step
    return sorted(found)


def _moment(instant: Instant) -> datetime:
    return datetime.strptime(instant, _FORM)
