"""Turns at a function: few run at once, some wait, the rest are turned away."""

from threading import BoundedSemaphore


class Turns:
    """Each function has a line of its own, so that none waits behind the callers of another one."""

    def __init__(self, at_once: int, waiting: int, patience_seconds: float) -> None:
        self._at_once = at_once
        self._waiting = waiting
        self._patience = patience_seconds
        self._lines: dict[str, _Line] = {}

    def take(self, function: str) -> bool:
        """Whether the turn has come. Who has had it gives it back."""
        line = self._line(function)
        if not line.places.acquire(blocking=False):
            return False
        if line.turns.acquire(timeout=self._patience):
            return True
        line.places.release()
        return False

    def give_back(self, function: str) -> None:
        line = self._line(function)
        line.turns.release()
        line.places.release()

    def _line(self, function: str) -> "_Line":
        new = _Line(self._at_once, self._at_once + self._waiting)
        return self._lines.setdefault(function, new)


class _Line:
    def __init__(self, turns: int, places: int) -> None:
        self.turns = BoundedSemaphore(turns)
        self.places = BoundedSemaphore(places)
