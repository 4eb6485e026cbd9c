"""Joins: rows of other views that a document names by key, put into it when it is read.

What many rows would show, such as a customer's name, is in one place only, its lookup: a row of a
view of its own. So to change it is one write, and all who name it show it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cqrs.errors import NotFilled, Parked
from cqrs.plain import Value
from cqrs.views.rows import Document, Row, RowView

__all__ = ["NOT_FILLED", "Join", "Lookups", "problem_of"]

Lookups = Mapping[str, Document]
"""What is shown of each lookup, by key: `{"problem": ...}` of one that can't go on, or of one that
a view may yet have which is not filled. One that is not there is not among them.
"""


class Join(Value):
    """`keys` says which lookups, rows of `view`, a document names; `put` puts them into it."""

    view: RowView
    keys: Callable[[Document], Iterable[str]]
    put: Callable[[Document, Lookups], Document]


NOT_FILLED: Document = {"problem": {"code": NotFilled.code}}


def problem_of(row: Row) -> Document | None:
    """What is said instead of a row that can't go on, so that old is not shown as new."""
    for stream, mark in row.parked.items():
        return {"problem": {"code": Parked.code, "stream": stream, "version": mark.version}}
    return None
