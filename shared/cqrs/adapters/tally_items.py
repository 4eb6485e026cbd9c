"""Rows and cells of a tally as items of a DynamoDB table with a sort key, and what it never takes.
Pure, as `items`.

A row is an item as in any view, with

row     S  partition key: `sales#1/7`
cell    S  sort key: always `-`
doc     S  JSON: the contribution of the row's entity, by cell

A cell is an item with its numbers. No entity's id has a `/`, so no row is among cells:

row     S  partition key: `sales#1/cells/2026-11`
cell    S  sort key: `2026-11-23/book-1/EUR`
<name>  N  a sum
"""

from __future__ import annotations

from collections.abc import Mapping

from cqrs.adapters.items import (
    PARTITION_BYTES,
    SORT_BYTES,
    Item,
    Items,
    NeverSaved,
    check_key,
)
from cqrs.plain import replace
from cqrs.views.rows import Row
from cqrs.views.tallies import MAX_CHANGES, Cell, Counts, changes_of

__all__ = ["TallyItems"]

CELL_BYTES = SORT_BYTES - 1  # a page goes on at the text that comes next
MAX_NUMBER = 10**30  # of 38 digits that are kept exactly: a hundred million such can be summed up
MAX_NUMBERS = 100  # of a cell: an expression that adds to more is too long
KEYS = ("row", "cell")


class TallyItems(Items):
    """The items of one generation of a tally, `scope` being `sales#1`."""

    keys = KEYS

    def key(self, key: str) -> Item:
        return super().key(key) | {"cell": {"S": "-"}}

    def cell(self, cell: Cell) -> Item:
        return {"row": {"S": self.partition(cell.partition)}, "cell": {"S": cell.sort}}

    def sums(self, cell: Cell, numbers: Mapping[str, int]) -> Item:
        return self.cell(cell) | {name: {"N": str(number)} for name, number in numbers.items()}

    def partition(self, partition: str) -> str:
        return self.scoped(f"cells/{partition}")

    def changes(self, row: Row) -> Counts:
        """What saving `row` adds to the cells. Raises NeverSaved."""
        changes = changes_of(row)
        if len(changes) > MAX_CHANGES:
            raise NeverSaved(f"the row changes {len(changes)} cells at once, over {MAX_CHANGES}")
        for cell, numbers in changes.items():
            check_key("partition of a cell", self.partition(cell.partition), PARTITION_BYTES)
            check_key("sort key of a cell", cell.sort, CELL_BYTES)
            _check(cell, numbers)
        return changes

    def row(self, item: Item) -> Row:
        row = super().row(item)
        if row.document is None and "doc" in item:
            # must not count as nothing, or its whole contribution would be added again
            return replace(row, document={"unreadable": item["doc"]["S"]})
        return row


def _check(cell: Cell, numbers: Mapping[str, object]) -> None:
    """Raises NeverSaved."""
    if len(numbers) > MAX_NUMBERS:
        raise NeverSaved(f"a cell has {len(numbers)} numbers, over {MAX_NUMBERS}")
    for name, number in numbers.items():
        if not name or name in KEYS:
            raise NeverSaved(f"a number of a cell can't be called '{name}'")
        if not isinstance(number, int) or isinstance(number, bool):
            raise NeverSaved(f"'{name}' of a cell is a {type(number).__name__}, no whole number")
        if abs(number) >= MAX_NUMBER:
            raise NeverSaved(f"'{name}' of a cell has more than 30 digits")
