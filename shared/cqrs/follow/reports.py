"""Reports: what followers did, for the log, the metrics and whoever rang."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from cqrs.plain import Value, field
from cqrs.views.rows import ParkedAt, Row

__all__ = ["Report", "merged"]

V = TypeVar("V")


class Report(Value):
    """What following did, by stream.

    `applied` counts commits folded, anew or for the first time; `repaired` had to be read from the
    store; `parked` can't go on, and `causes` are what was raised there; `still_parked` were parked
    before, and are so still; `long` are correct so far, and have more commits than were taken;
    `failed` must be tried again; `rows` are as they were left. Of processes: `delivered` counts
    commands that were answered, `undelivered` says by row what could not be sent.
    """

    applied: Mapping[str, int] = field(default_factory=dict)
    repaired: frozenset[str] = frozenset()
    parked: Mapping[str, ParkedAt] = field(default_factory=dict)
    causes: Mapping[str, Exception] = field(default_factory=dict)
    still_parked: frozenset[str] = frozenset()
    long: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Row] = field(default_factory=dict)
    delivered: int = 0
    undelivered: Mapping[str, str] = field(default_factory=dict)


def merged(reports: Iterable[Report]) -> Report:
    """One report of all that was done. The later one counts where two tell of the same."""
    all_of = list(reports)
    if len(all_of) == 1:
        return all_of[0]
    applied: Counter[str] = Counter()
    for one in all_of:
        for name, number in one.applied.items():
            applied[name] += number
    parked = _joined(one.parked for one in all_of)
    return Report(
        applied=applied,
        repaired=frozenset().union(*(one.repaired for one in all_of)),
        parked=parked,
        causes=_joined(one.causes for one in all_of),
        still_parked=frozenset().union(*(one.still_parked for one in all_of)) - parked.keys(),
        long=frozenset().union(*(one.long for one in all_of)),
        failed=_joined(one.failed for one in all_of),
        rows=_joined(one.rows for one in all_of),
        delivered=sum(one.delivered for one in all_of),
        undelivered=_joined(one.undelivered for one in all_of),
    )


def _joined(several: Iterable[Mapping[str, V]]) -> dict[str, V]:
    joined: dict[str, V] = {}
    for one in several:
        joined.update(one)
    return joined
