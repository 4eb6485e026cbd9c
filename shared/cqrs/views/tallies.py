"""Tally views: counts over many streams, in which every entity counts exactly once.

A tally is the sum, over all entities, of a pure function of one entity's parts. A row per entity
keeps what that entity has contributed so far; the sums are in cells. When what an entity
contributes changes, its row and the differences are saved in one transaction. So whatever is
repeated, late, or out of order, a cell is the sum of what the rows have; and rows that are folded
anew after the rule of counting was changed correct the cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Protocol

from cqrs import plain
from cqrs.plain import Value, field
from cqrs.views.rows import Document, Fold, KeyedByEntity, Kind, Part, Row, States

__all__ = [
    "MAX_CHANGES",
    "Cell",
    "Counts",
    "TallyRow",
    "TallyStore",
    "TallyView",
    "changes_of",
    "daily",
    "months",
    "summed",
]

MAX_CHANGES = 99
"""The cells that one row may change at once: they and the row fit in a transaction."""


class Cell(Value, kw_only=False, order=True):
    """Where numbers are summed up. The cells of a partition are read in the order of `sort`."""

    partition: str
    sort: str


Counts = Mapping[Cell, Mapping[str, int]]
"""Numbers by cell and name: `{Cell("2026-11", "2026-11-23/book-1/EUR"): {"units": 2}}`."""


def summed(*several: Counts) -> dict[Cell, dict[str, int]]:
    """The sum, cell by cell, without what is zero."""
    total: dict[Cell, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for counts in several:
        for cell, numbers in counts.items():
            for name, number in numbers.items():
                total[cell][name] += number
    left = {cell: {n: v for n, v in numbers.items() if v} for cell, numbers in total.items()}
    return {cell: numbers for cell, numbers in left.items() if numbers}


class TallyRow(Row):
    """A row with what saving it adds to the cells. It does so once: a row that goes on from here
    has no changes until it is shown again.
    """

    changes: Counts = field(default_factory=dict)

    def stored(self) -> Row:
        """As it is when it is loaded again, but for its revision."""
        return Row(
            key=self.key,
            revision=self.revision,
            parts=self.parts,
            document=self.document,
            places=self.places,
        )

    def with_part(self, stream: str, part: Part) -> Row:
        return self.stored().with_part(stream, part)


def changes_of(row: Row) -> Counts:
    """What saving `row` adds to the cells."""
    return row.changes if isinstance(row, TallyRow) else {}


class TallyView(Value, KeyedByEntity):
    """A view with sums over all entities. `counted` says what one of them contributes."""

    kind: ClassVar[Kind] = "tally"
    name: str
    folds: Sequence[Fold[Any, Any]]
    counted: Callable[[States], Counts]
    lists: ClassVar[Mapping[str, object]] = {}
    generation: int = 1
    copy: int = 0

    def shown(self, row: Row) -> TallyRow:
        """`row` with what its entity contributes now, and the changes since it was last saved.

        They are told from what it kept, not from its parts: what was counted by an older rule is
        taken out as it was put in. Raises Unreadable if that is not known any more.
        """
        counts = summed(_whole(self.counted(States(row.key, row.parts))))
        return TallyRow(
            key=row.key,
            revision=row.revision,
            parts=row.parts,
            document=_kept(counts),
            changes=summed(counts, _negated(_contributed(row))),
        )


def _whole(counts: Counts) -> Counts:
    """Others could not be summed up exactly. Raises TypeError."""
    for cell, numbers in counts.items():
        for name, number in numbers.items():
            if not isinstance(number, int) or isinstance(number, bool):
                raise TypeError(f"'{name}' of {cell} is {number!r}, not a whole number")
    return counts


def _negated(counts: Counts) -> Counts:
    return {cell: {name: -n for name, n in numbers.items()} for cell, numbers in counts.items()}


def _kept(counts: Counts) -> Document | None:
    document: dict[str, dict[str, Any]] = {}
    for cell, numbers in counts.items():
        document.setdefault(cell.partition, {})[cell.sort] = numbers
    return document or None


def _contributed(row: Row) -> Counts:
    """What the cells have of this row's entity. Raises Unreadable."""
    if row.document is None:
        return {}
    kept = plain.load(Mapping[str, Mapping[str, Mapping[str, int]]], row.document)
    return {Cell(part, sort): n for part, cells in kept.items() for sort, n in cells.items()}


def daily(day: str, *what: str) -> Cell:
    """A cell of one day, `2026-11-23`: a month is a partition, in the order of its days."""
    return Cell(day[:7], "/".join((day, *what)))


def months(first: str, last: str) -> list[str]:
    """The partitions in which the days from `first` to `last` are."""
    found, day = [], date.fromisoformat(first).replace(day=1)
    while day <= date.fromisoformat(last):
        found.append(day.isoformat()[:7])
        day = (day + timedelta(days=31)).replace(day=1)
    return found


class TallyStore(Protocol):
    """Where a tally's rows and cells are, for queries."""

    def load(self, keys: Sequence[str]) -> dict[str, Row]: ...

    def cells(
        self, partition: str, first: str, last: str, after: str | None, limit: int
    ) -> dict[Cell, Mapping[str, int]]:
        """Cells from `first` to `last` (where empty, from the beginning and to the end) that come
        after `after`, in order, without those that are zero. They have all that any `load` before
        has told of. Raises Unavailable.
        """
