"""Environments of small roots in the local AWS, each in a bucket of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from scripts.build.terraform import commands
from scripts.build.terraform.bootstrap import bootstrap
from scripts.build.terraform.environments import Environment
from scripts.build.terraform.plans import Plan
from scripts.local.deployment import access

ROOTS = Path(__file__).parent / "roots"
_NUMBERS = count(1)


def yes(question: str) -> bool:
    return True


@dataclass(frozen=True)
class Clone:
    """One of a repository, in which an environment is worked on."""

    environment: Environment

    def bootstrap(self) -> None:
        bootstrap(self.environment)

    def plan(self, **variables: object) -> Plan:
        return commands.plan(self._with(variables), self.saved)

    @property
    def saved(self) -> Path:
        return self.environment.home / "saved.plan"

    def deploy(self, **variables: object) -> None:
        commands.deploy(self._with(variables), yes)

    def _with(self, variables: dict[str, object]) -> Environment:
        return replace(self.environment, variables=variables)

    def has_changes(self, **variables: object) -> bool:
        return self.plan(**variables).does_something

    def outputs(self) -> dict[str, Any]:
        return commands.outputs(self.environment)


Cloning = Callable[[], Clone]


def cloning(endpoint: str, folder: Path, root: str) -> Cloning:
    """Makes clones of one repository. What is committed in the first is in the others."""
    name = f"dev{next(_NUMBERS)}"
    clones: list[Environment] = []

    def clone() -> Clone:
        own = folder / f"clone{len(clones)}"
        own.mkdir()
        (own / "settings.tfvars").write_text(f'environment = "{name}"\n')
        made = Environment(
            name=name,
            access=access(endpoint),
            settings=own / "settings.tfvars",
            pin_file=own / "pin.json",
            home=own / "build",
            left_state=own / "left.tfstate",
            configuration=ROOTS / root,
        )
        if clones and clones[0].pin_file.exists():
            shutil.copy(clones[0].pin_file, made.pin_file)
        clones.append(made)
        return Clone(made)

    return clone
