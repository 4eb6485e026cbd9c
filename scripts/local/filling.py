"""Filling of views in the background: with many commits, it takes minutes."""

from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from scripts.local.errors import BusyError, LocalError


class Filling:
    """Calls `fill`, which goes on for a while and says of each view whether it is ready, again and
    again.
    """

    def __init__(self, fill: Callable[[], Mapping[str, Any]]) -> None:
        self._fill = fill
        self._thread: Thread | None = None
        self._told: Mapping[str, Any] | LocalError | None = None

    def missing(self) -> str:
        """Says what is not filled, as `fill` told last. Raises LocalError if `fill` did."""
        is_asked = self._thread is not None and self._thread.is_alive()
        told = self._told
        if not is_asked:
            if isinstance(told, LocalError):
                raise told
            if told is not None and all(one.get("ready") for one in told.values()):
                return ""
            self._thread = Thread(target=self._go_on, daemon=True)  # so that Ctrl-C ends it all
            self._thread.start()
        return "the views can't be filled" + (f": {told}" if told else "")

    def _go_on(self) -> None:
        try:
            self._told = self._fill()
        except BusyError:
            self._told = None  # as before it was asked
        except LocalError as error:
            self._told = error
