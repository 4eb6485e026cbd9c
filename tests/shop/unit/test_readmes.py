"""What the pages say of the shop is what there is: routes, commands, events and refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from cqrs.errors import NotFound, Refused
from scripts.build.terraform.nouns import routes
from tests.imports import ROOT
from tests.terraform.unit.test_agreements import DECIDING, agree, in_unions

README = (ROOT / "README.md").read_text()
ROUTES = {route for route in routes() if route != "$default"}


def rows_of_the_api() -> list[str]:
    table = README.partition("## The API")[2].partition("\n\n|")[2].partition("\n\n")[0]
    return [line.split("|")[1] if line.startswith("|") else line for line in table.splitlines()]


def named(row: str) -> Iterator[set[str]]:
    """What each name in a row may stand for: `POST /orders/{id}/ship`; or after that `/deliver`,
    which is a path of its own, or another end of the one before.
    """
    method, before = "", ""
    for name in re.findall(r"`([^`]+)`", row):
        words = name.partition("?")[0].split()
        method = words[0] if len(words) == 2 else method
        path = words[-1]
        yield {f"{method} {path}", f"{method} {before.rpartition('/')[0]}{path}"}
        before = path if len(words) == 2 else before


def test_the_api_in_the_readme_is_the_one_that_there_is() -> None:
    names = [name for row in rows_of_the_api() for name in named(row)]
    told = {route for name in names for route in name & ROUTES}
    assert names
    agree(told == ROUTES, f"no row of the README's API has {sorted(ROUTES - told)}: add them")
    strange = [sorted(name) for name in names if not name & ROUTES]
    agree(not strange, f"the README's API has {strange}, and terraform/shop_routes.tf has not")


@pytest.mark.parametrize("context", DECIDING)
def test_a_contexts_readme_has_its_commands_events_and_refusals(context: str) -> None:
    page = f"shared/domain/{context}/README.md"
    door = import_module(f"domain.{context}")
    refusals = {
        kind.code
        for kind in vars(door).values()
        if isinstance(kind, type) and issubclass(kind, Refused | NotFound)
    }
    commands = in_unions(import_module(f"domain.{context}.commands"), "Command")
    events = in_unions(import_module(f"domain.{context}.events"), "Event")
    said = set(re.findall(r"\w+", (ROOT / page).read_text()))
    missing = sorted({*commands, *events, *refusals} - said)
    agree(not missing, f"{page} says nothing of {missing}: add what they are")
