"""The parked streams, as the operator tells of them, in lines."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["lines_of"]


def lines_of(parked: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """By view: each stream, what stopped it, since when, and the error with its traceback."""
    number = 0
    for view, marks in parked.items():
        if "error" in marks:
            yield f"{view} can't be asked: {marks['error']}"
            continue
        for stream, mark in marks.items():
            number += 1
            since = (mark.get("at") or "?")[:19]
            events = ", ".join(mark.get("events", ())) or "unknown events"
            yield f"{view}  {stream}@{mark['version']} ({events})  {_cause(mark)} since {since}"
            yield from (f"    {line}" for line in (mark.get("trace") or mark["error"]).splitlines())
    if not number:
        yield "No stream is parked."


def _cause(mark: Mapping[str, Any]) -> str:
    match mark.get("cause", "error"):
        case "ahead":
            return "ahead of this code, goes on by itself;"
        case "long":
            return "long, goes on by itself;"
        case _:
            return "stopped by an error"
