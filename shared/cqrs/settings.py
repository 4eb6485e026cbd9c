"""What a function is told by its environment; what is missing is noted, and said all at once."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Settings"]


class Settings:
    """Settings by name: `events_table` is the variable `EVENTS_TABLE`. An empty one is missing.

    A missing setting reads as nothing, so that the rest can be asked for too; `check` then names
    all that were.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._missing: dict[str, None] = {}

    def text(self, name: str) -> str:
        text = self._environment.get(name.upper(), "")
        if not text:
            self._missing[name.upper()] = None
        return text

    def number(self, name: str) -> int:
        """Raises ValueError for what is no whole number."""
        text = self.text(name)
        return int(text) if text else 0

    def check(self) -> None:
        """Raises LookupError, naming all that were asked for and are missing."""
        if self._missing:
            raise LookupError(f"missing in the environment: {', '.join(self._missing)}")
