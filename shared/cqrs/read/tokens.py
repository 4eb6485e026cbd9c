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

MAX_POSITIONS = 150
_POSITION = re.compile(rf"({STREAM_NAME})@([1-9][0-9]{{0,9}})")


class Token(Value, kw_only=False):
    """The version that an answer must have reached, per stream."""

    positions: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Token:
        """Raises InvalidToken. An empty or missing text gives the token that asks for nothing."""
        positions: dict[str, int] = {}
        entries = [entry.strip() for entry in text.split(",")] if text and text.strip() else []
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
        return cls(positions)

    def having_seen(self, shown: Iterable[Mapping[str, int]]) -> Token:
        """The token to return: this one, and the versions shown, up to MAX_POSITIONS streams."""
        seen = dict(self.positions)
        for row in shown:
            for stream, version in row.items():
                if version and (stream in seen or len(seen) < MAX_POSITIONS):
                    seen[stream] = max(version, seen.get(stream, 0))
        return Token(seen)

    def __str__(self) -> str:
        return ", ".join(f"{stream}@{version}" for stream, version in self.positions.items())
