"""What keeps the rows of one generation of a view, for who makes, fills and deletes them.

Whether all rows are there, the register of generations knows. The store of the rows knows whether
it is still the one that was filled.
"""

from __future__ import annotations

from typing import Literal, Protocol

from cqrs.plain import Value

__all__ = ["Fillable", "Filling"]


class Filling(Value, kw_only=False):
    """`empty` if it is there and is known to have no row. `made` tells one incarnation from the
    next: rows that were lost, and whose store was made again, have another. `filled`: older code,
    which kept no register, has filled it and said so here.
    """

    condition: Literal["missing", "there", "empty"]
    made: str = ""
    filled: bool = False


class Fillable(Protocol):
    """The store of the rows of one generation of a view, for who fills it."""

    def state(self) -> Filling:
        """Raises Unavailable."""

    def create(self) -> Filling:
        """Makes what is missing. What is there already stays."""

    def delete(self, cursor: str | None = None) -> str | None:
        """Deletes some of the rows, from `cursor` on, and in the end what says that they are there.
        Returns where to go on; None when nothing is left. Raises Unavailable.
        """
