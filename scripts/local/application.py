"""What an application shows of itself once it is up, in a module of its own."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from scripts.local.errors import LocalError


class FirstSteps(Protocol):
    def take(self, url: str, wait_until_still: Callable[[], None]) -> None:
        """Goes through the whole system once. Raises LocalError if it does not come through."""

    def session(self, url: str) -> str:
        """What a person may paste into bash to go on."""


def first_steps(module: str) -> FirstSteps:
    try:
        return cast(FirstSteps, import_module(module))
    except ModuleNotFoundError as error:
        raise LocalError(f"{error} (FIRST_STEPS, in scripts/*/*.mk, is {module})") from None
