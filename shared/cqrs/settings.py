"""A function's settings, from environment variables. All missing ones are reported at once."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Settings"]


class Settings:
    """Settings by name: `events_table` is the variable `EVENTS_TABLE`. An empty one is missing.

    A missing setting reads as "" or 0 until `check` raises and names all that were missing.
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
        """Raises ValueError if it is not a whole number."""
        text = self.text(name)
        return int(text) if text else 0

    def those_with(self, ending: str) -> set[str]:
        """`{"orders"}` for `_events_table`, where ORDERS_EVENTS_TABLE is set."""
        found = [name.lower() for name in self._environment if self._environment[name]]
        return {name.removesuffix(ending) for name in found if name.endswith(ending)}

    def check(self) -> None:
        """Raises LookupError if settings that were read are missing, and names them."""
        if self._missing:
            raise LookupError(f"missing in the environment: {', '.join(self._missing)}")
