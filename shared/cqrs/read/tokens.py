"""Consistency tokens: how new an answer must be, stream by stream.

Commands and queries return a token in the header `Consistency-Token`, such as
`order-7@3, order-8@1`. Sent with a query it means: show these streams at these versions or newer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cqrs.errors import InvalidToken
from cqrs.history.commits import STREAM_NAME
from cqrs.plain import Value, field

__all__ = ["Token"]

MAX_POSITIONS = 150  # each may be a row to read
MAX_BYTES = 6 * 1024  # of 10,240 that an HTTP API takes as request line and headers
_POSITION = re.compile(rf"({STREAM_NAME})@([1-9][0-9]{{0,9}})")


class Token(Value, kw_only=False):
    """The version that an answer must have reached, per stream."""

    positions: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Token:
        """Raises InvalidToken. An empty or missing text gives the token that asks for nothing."""
        positions: dict[str, int] = {}
        text = (text or "").strip(" \t")
        entries = [entry.strip(" \t") for entry in text.split(",")] if text else []
        if len(entries) > MAX_POSITIONS:
            raise InvalidToken(
                f"A token names at most {MAX_POSITIONS} streams, not {len(entries)}."
            )
        for entry in entries:
            match = _POSITION.fullmatch(entry)
            if not match:
                raise InvalidToken(
                    f"'{entry[:80]}' is not '<stream>@<version>'; "
                    "send a Consistency-Token as it was answered."
                )
            stream, version = match[1], int(match[2])
            positions[stream] = max(version, positions.get(stream, 0))
        token = cls(positions)
        size = max(len(text), len(str(token)))  # sent without spaces, it comes back longer
        if size > MAX_BYTES:
            raise InvalidToken(f"A token has at most {MAX_BYTES} bytes, not {size}.")
        return token

    def having_seen(self, shown: Iterable[Mapping[str, int]]) -> Token:
        """The token to return: this one, and of the versions shown as many as there is room for."""
        seen = dict(self.positions)
        size = len(str(self))
        for row in shown:
            for stream, version in row.items():
                before = seen.get(stream, 0)
                longer = (
                    size + _length(stream, version) - (_length(stream, before) if before else 0)
                )
                has_room = longer <= MAX_BYTES and (before or len(seen) < MAX_POSITIONS)
                if version > before and has_room:
                    seen[stream], size = version, longer
        return Token(seen)

    def __str__(self) -> str:
        return ", ".join(f"{stream}@{version}" for stream, version in self.positions.items())


def _length(stream: str, version: int) -> int:
    return len(f"{stream}@{version}, ")
