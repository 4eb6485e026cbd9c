"""Filling: a new view is incomplete until a walk over the event stores has filled it.

The store of its rows knows whether that has happened, so that an incomplete answer is not taken for
a complete one.
"""

from __future__ import annotations

from typing import Literal, Protocol

from cqrs.plain import Value

__all__ = ["Fillable", "Filling"]


class Filling(Value, kw_only=False):
    """`filling` until it is opened; `empty` if it is open and is known to have no row. `made` tells
    one filling from the next of the same view.
    """

    condition: Literal["missing", "filling", "empty", "ready"]
    made: str = ""


class Fillable(Protocol):
    """The store of the rows of one generation of a view, for who fills it."""

    def state(self) -> Filling:
        """Raises Unavailable."""

    def create(self) -> Filling:
        """Makes what is missing, not open for queries yet. What is there already stays."""

    def open(self) -> None:
        """Lets queries see this generation. A search sees no other from then on."""

    def close(self) -> None:
        """Hides it from queries."""
