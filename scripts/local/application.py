"""The smoke test of an application, in a module of its own."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from scripts.local.errors import LocalError

Until = Callable[[Callable[[], str]], None]
"""Waits until nothing is missing. What is, says the function that it is given; nothing is ''."""

TokenOf = Callable[[str], str]
"""An access token of `staff`, of the `operator`, or of a customer of any other name."""


class TimedOutError(LocalError):
    """The application took longer than it allows itself."""


class Smoke(Protocol):
    def run(self, url: str, until: Until, token_of: TokenOf) -> str:
        """Goes through the whole system once. Returns a session to paste into bash.

        Raises LocalError if it does not get through, TimedOutError if the system may be busy only.
        """


def smoke(module: str) -> Smoke:
    try:
        return cast(Smoke, import_module(module))
    except ModuleNotFoundError as error:
        raise LocalError(f"{error} (SMOKE, in scripts/*/*.mk, is {module})") from None
