"""Fills views, beside whoever waits for it: of many commits it takes minutes."""

from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from scripts.local.errors import LocalError


class Filling:
    """`fill` goes on with what is not filled yet, and says of each view whether it is ready."""

    def __init__(self, fill: Callable[[], Mapping[str, Any]]) -> None:
        self._fill = fill
        self._thread: Thread | None = None
        self._told: Mapping[str, Any] | LocalError | None = None

    def missing(self) -> str:
        """What is still to be filled. Raises LocalError if `fill` did."""
        if self._thread is None or not self._thread.is_alive():
            if isinstance(self._told, LocalError):
                raise self._told
            if self._told is not None and all(one.get("ready") for one in self._told.values()):
                return ""
            self._thread = Thread(target=self._go_on, daemon=True)  # so that Ctrl-C ends it all
            self._thread.start()
        return "the views can't be filled" + (f": {self._told}" if self._told else "")

    def _go_on(self) -> None:
        try:
            self._told = self._fill()
        except LocalError as error:
            self._told = error
