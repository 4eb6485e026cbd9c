"""The versions that a token asks of a view's rows, and which of them are not reached yet."""

from __future__ import annotations

from collections.abc import Mapping

from cqrs.errors import CqrsError, InvalidToken, Parked, Unavailable
from cqrs.read.tokens import Token
from cqrs.views.rows import Followed, Row
from cqrs.views.sources import Sources

__all__ = [
    "MOST_FOLDED",
    "Versions",
    "Wanted",
    "behind",
    "no_version",
    "parked_by",
    "unknown_version",
    "wanted_by",
    "why_behind",
]

MOST_FOLDED = 5_000  # commits for one answer; it does not wait for more

Versions = Mapping[str, int]
"""Versions by stream."""
Wanted = Mapping[str, Versions]
"""The versions that rows must have reached, by row key."""


def wanted_by(token: Token, view: Followed) -> Wanted:
    """The versions that `token` asks of this view's rows, without streams that don't feed it."""
    wanted: dict[str, dict[str, int]] = {}
    for stream, version in token.positions.items():
        if view.fold_of(stream) is not None:
            wanted.setdefault(view.key_of(stream), {})[stream] = version
    return wanted


def behind(row: Row, wanted: Versions) -> list[str]:
    """The streams that `row` has not followed as far as wanted, except those that are parked."""
    parts = {stream: row.part(stream) for stream in wanted}
    return [s for s, part in parts.items() if part.version < wanted[s] and not part.is_parked]


def why_behind(wanted: Wanted, rows: Mapping[str, Row], sources: Sources) -> CqrsError:
    """The error to raise when `rows` are not as new as `wanted` and can't be completed from the
    store: InvalidToken for a version that does not exist, Parked, or else Unavailable (try later).
    """
    for key, versions in wanted.items():
        for stream in behind(rows[key], versions):
            followed = rows[key].part(stream).version
            if unknown := unknown_version(stream, versions[stream], followed, sources):
                return unknown
        if parked := parked_by(rows[key], versions):
            return parked
    return Unavailable("the view is not as new as asked yet")


def unknown_version(
    stream: str, version: int, followed: int, sources: Sources
) -> InvalidToken | None:
    """The error to raise for a version that the store does not have; None if it has it. Reads no
    more than it takes to know that. Raises Unavailable.
    """
    if sources.tail(stream, version - 1, 1):
        return None
    missing = version - followed
    if missing > MOST_FOLDED:  # nobody needs to know the newest that badly
        return InvalidToken(f"'{stream}' has no version {version}.")
    return no_version(stream, version, followed + len(sources.tail(stream, followed, missing)))


def no_version(stream: str, version: int, newest: int) -> InvalidToken:
    return InvalidToken(f"'{stream}' has no version {version}; its newest is {newest}.")


def parked_by(row: Row, wanted: Versions | None = None) -> Parked | None:
    """The error to raise for a row that is parked, or is parked before what is `wanted` of it; None
    for any other.
    """
    for stream, mark in row.parked.items():
        if wanted is None or mark.version <= wanted.get(stream, 0):
            return Parked(stream, mark.version, mark.error, ahead=mark.cause == "ahead")
    return None
