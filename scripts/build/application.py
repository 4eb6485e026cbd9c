"""The application as its handlers and doors say that it is, to look at. Nothing is called."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from cqrs.entrypoints.wiring import Wiring
from cqrs.follow.process_managers import ProcessManager
from cqrs.settings import Settings
from cqrs.views.rows import Followed
from cqrs.write.decider import Decider
from scripts.build.terraform.program import REPOSITORY

CONTEXTS = sorted(path.parent.name for path in (REPOSITORY / "shared/domain").glob("*/__init__.py"))
FUNCTIONS = sorted(path.parent.name for path in (REPOSITORY / "functions").glob("*/handler.py"))


class Everything(dict[str, str]):
    """An environment in which everything that is asked for is set."""

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        return "1"


@cache
def made(function: str) -> tuple[Any, dict[str, set[str]]]:
    """A function, made as its handler makes it, and what it uses, in Terraform's nouns."""
    wire = Wiring(Settings(Everything()))
    handler = import_module(f"functions.{function}.handler")
    return handler.app(wire), wire.uses


def doors() -> dict[str, ModuleType]:
    return {context: import_module(f"domain.{context}") for context in CONTEXTS}


def views_in(door: ModuleType) -> list[Followed]:
    return [*getattr(door, "VIEWS", ()), *getattr(door, "SEARCH_VIEWS", ())]


def views() -> dict[str, Followed]:
    return {view.name: view for door in doors().values() for view in views_in(door)}


def deciders() -> dict[str, Decider[Any, Any, Any]]:
    """By service."""
    values = [value for door in doors().values() for value in vars(door).values()]
    return {value.events.context: value for value in values if isinstance(value, Decider)}


def processes() -> dict[str, ProcessManager]:
    setups = [setup for door in doors().values() for setup in getattr(door, "PROCESSES", ())]
    found = [setup(Settings(Everything())) for setup in setups]
    return {process.name: process for process in found}


def services_of(view: Followed) -> set[str]:
    return {fold.events.context for fold in view.folds}
