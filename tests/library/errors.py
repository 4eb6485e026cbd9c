"""All errors of a package, and how HTTP says them."""

import importlib
import pkgutil
from types import ModuleType

from cqrs.entrypoints.http import STATUS
from cqrs.errors import CqrsError

__all__ = ["errors_of", "shared_codes", "status_of"]


def errors_of(*packages: ModuleType) -> set[type[CqrsError]]:
    """Their modules are imported first."""
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: set[type[CqrsError]] = set()
    waiting: list[type[CqrsError]] = [CqrsError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()
    names = tuple(f"{package.__name__}." for package in packages)
    return {kind for kind in found if kind.__module__.startswith(names)}


def shared_codes(kinds: set[type[CqrsError]]) -> list[str]:
    """Who has the code of another, in words."""
    by_code: dict[str, list[str]] = {}
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        by_code.setdefault(kind.code, []).append(kind.__name__)
    return [
        f"{' and '.join(names)} have the code '{code}': give each one of its own"
        for code, names in by_code.items()
        if len(names) > 1
    ]


def status_of(kind: type[CqrsError]) -> int:
    return next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)
