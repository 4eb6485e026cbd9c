"""What all documents say of the application."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from scripts.build.terraform.program import REPOSITORY

Json = dict[str, Any]


def info(description: str) -> Json:
    """Named as the README is."""
    heading, *_ = (REPOSITORY / "README.md").read_text().splitlines()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return {
        "title": heading.removeprefix("# "),
        "version": project["version"],
        "description": description,
    }


def sorted_by_name(schemas: Mapping[str, Any]) -> Json:
    return {name: schemas[name] for name in sorted(schemas)}
