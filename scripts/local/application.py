"""What tries out an application once it is up, in a module of its own."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from scripts.local.errors import LocalError

Until = Callable[[Callable[[], str]], None]
"""Waits until what it is given says nothing; it says what is missing."""


class TimedOutError(LocalError):
    """Something took the application longer than it allows itself."""


class Smoke(Protocol):
    def run(self, url: str, until: Until) -> str:
        """Goes through the whole system once. Returns what a person may paste into bash to go on.

        Raises LocalError if it does not come through, TimedOutError if the system may just be busy.
        """


def smoke(module: str) -> Smoke:
    try:
        return cast(Smoke, import_module(module))
    except ModuleNotFoundError as error:
        raise LocalError(f"{error} (SMOKE, in scripts/*/*.mk, is {module})") from None
