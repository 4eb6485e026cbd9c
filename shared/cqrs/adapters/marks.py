"""The marks of a row's parts as JSON. A row has room for so much of them, however full it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cqrs import plain
from cqrs.plain import replace
from cqrs.views.rows import ParkedAt

__all__ = ["MARKS_BYTES", "marks_text"]

MARKS_BYTES = 7 * 1024
TRACED_BYTES = 3 * 1024  # with traces: what others say of themselves is worth more


def marks_text(marks: Mapping[str, ParkedAt]) -> str:
    """The marks, by stream. What does not fit is cut: traces first, from their beginning, as the
    end says most.
    """
    if _size(marks) > TRACED_BYTES:
        marks = {name: _cut(name, mark, len(marks)) for name, mark in marks.items()}
    return _text(marks)


def _cut(stream: str, mark: ParkedAt, several: int) -> ParkedAt:
    """`mark` in its share of the bytes that there are for `several`."""
    while mark.trace and _size({stream: mark}) > TRACED_BYTES // several:
        mark = replace(mark, trace=mark.trace[len(mark.trace) // 4 + 1 :] or None)
    while mark.error and _size({stream: mark}) > MARKS_BYTES // several:
        mark = replace(mark, error=mark.error[: len(mark.error) * 3 // 4])
    return mark


def _text(marks: Mapping[str, ParkedAt]) -> str:
    return plain.to_json({stream: _plain(mark) for stream, mark in marks.items()})


def _plain(mark: ParkedAt) -> dict[str, Any]:
    """Without what a mark has by default: code that does not know of it can read the others."""
    dumped: dict[str, Any] = plain.dump(mark)
    default = plain.dump(ParkedAt(version=mark.version, error=mark.error))
    optional = {name: value for name, value in dumped.items() if value != default[name]}
    return {"version": mark.version, "error": mark.error, **optional}


def _size(marks: Mapping[str, ParkedAt]) -> int:
    return len(_text(marks).encode(errors="replace"))
