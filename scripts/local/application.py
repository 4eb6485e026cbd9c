"""What the application shows of itself once it is up: `scripts/first_steps.py`, if it has that."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast


class FirstSteps(Protocol):
    def take(self, url: str, wait_until_still: Callable[[], None]) -> None:
        """Goes through the whole system once. Raises LocalError if it does not come through."""

    def session(self, url: str) -> str:
        """What a person may paste into bash to go on."""


def first_steps(module: str = "scripts.first_steps") -> FirstSteps | None:
    return cast(FirstSteps, import_module(module)) if find_spec(module) else None
