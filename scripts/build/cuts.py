"""Cuts third parties to what functions use: a layer is loaded by every function that starts.

- botocore's data: to the services that there are clients of, each in its latest version, without
  what only documentation needs. All operations of a service stay.
- Powertools: to the modules that those we import import in their turn, wherever in their code.

`check` makes every client from what is left, and logs and counts with it.
"""

from __future__ import annotations

import ast
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["SERVICES", "check", "cut"]

SERVICES = (
    *("dynamodb", "kinesis", "lambda", "s3", "scheduler", "stepfunctions"),
    "sts",  # by which botocore assumes a role
)
POWERTOOLS = "aws_lambda_powertools"
USED_OF_POWERTOOLS = ("logging", "logging.formatter", "metrics")
NEEDS_PYDANTIC = f"{POWERTOOLS}.event_handler"  # for models in logs; the layer has no pydantic

# Of each service; examples are for documentation.
LEFT_OUT_OF_SERVICES = "examples-*"

CHECK = """
import inspect, sys
layer, *services = sys.argv[1:]
sys.path[:] = [layer, *(path for path in sys.path if not path.endswith("-packages"))]
import boto3
from cqrs.adapters import clients
from cqrs.observability import count, logger
for service in services:
    boto3.client(service)
for client in vars(clients).values():
    if hasattr(client, "__wrapped__") and not inspect.signature(client).parameters:
        client()
logger().info("here")
try:
    raise ValueError
except ValueError:
    logger().exception("and there")
count({"here": 1}, where="there")
"""


def cut(folder: Path) -> None:
    """Cuts what is installed in a folder. What is not installed needs no cut."""
    if (folder / "botocore").exists():
        for data in (folder / "botocore/data", folder / "boto3/data"):
            cut_services(data)
        cut_endpoints(folder / "botocore/data")
    if (folder / POWERTOOLS).exists():
        keep_only(folder, POWERTOOLS, [f"{POWERTOOLS}.{name}" for name in USED_OF_POWERTOOLS])


def check(folder: Path, python: str) -> None:
    """Makes all clients from a folder with all that the layer holds. Raises RuntimeError."""
    told = {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "POWERTOOLS_SERVICE_NAME": "check",
        "POWERTOOLS_METRICS_NAMESPACE": "check",
    }
    done = subprocess.run(
        [python, "-I", "-c", CHECK, str(folder), *SERVICES],
        env={"PATH": os.environ["PATH"], **told},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        *_, reason = done.stderr.strip().splitlines()
        raise RuntimeError(f"The layer lacks what functions use ({__name__}.SERVICES?): {reason}")


# botocore


def cut_services(data: Path) -> None:
    for service in folders_in(data):
        *old, latest = folders_in(service)
        for needless in old if service.name in SERVICES else [service]:
            shutil.rmtree(needless)
        if latest.exists():
            for file in latest.iterdir():
                cut_file(file)


def cut_file(file: Path) -> None:
    if file.match(LEFT_OUT_OF_SERVICES):
        file.unlink()
    elif file.suffix == ".gz":
        write(file.with_suffix(""), undocumented(json.loads(gzip.decompress(file.read_bytes()))))
        file.unlink()
    else:
        write(file, undocumented(json.loads(file.read_text())))


def undocumented(value: Any) -> Any:
    """`value` without texts called `documentation`. What else has that name stays."""
    match value:
        case dict():
            return {
                name: undocumented(inner)
                for name, inner in value.items()
                if not (name == "documentation" and isinstance(inner, str))
            }
        case list():
            return [undocumented(inner) for inner in value]
        case _:
            return value


def cut_endpoints(data: Path) -> None:
    """Leaves in all partitions the services that there is data of."""
    models = (json.loads(path.read_text()) for path in data.glob("*/*/service-2.json"))
    prefixes = {model["metadata"]["endpointPrefix"] for model in models}
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        of_services = partition["services"].items()
        partition["services"] = {name: told for name, told in of_services if name in prefixes}
    write(data / "endpoints.json", endpoints)


def folders_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, separators=(",", ":")))


# Modules


def keep_only(folder: Path, package: str, roots: Sequence[str]) -> None:
    """Removes the modules of a package that are not imported by `roots`, however indirectly."""
    kept = imported(folder, package, roots)
    for file in sorted((folder / package).rglob("*.py")):
        if file not in kept:
            file.unlink()
    for inner in sorted((folder / package).rglob("*"), reverse=True):
        if inner.is_dir() and not any(inner.iterdir()):
            inner.rmdir()


def imported(folder: Path, package: str, roots: Iterable[str]) -> set[Path]:
    """The files of the modules that are imported, and of the packages around them."""
    found: set[Path] = set()
    names = [*roots]
    while names:
        name = names.pop()
        if not name.startswith(package) or name.startswith(NEEDS_PYDANTIC):
            continue
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            path = folder.joinpath(*parts[:length])
            for file in (path / "__init__.py", path.with_suffix(".py")):
                if file.exists() and file not in found:
                    found.add(file)
                    at = file.relative_to(folder).parent.parts
                    names += imports(ast.parse(file.read_text()), at)
    return found


def imports(node: ast.AST, at: tuple[str, ...]) -> Iterator[str]:
    """All names that code in the package `at` imports; some are not of modules."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            above = at[: len(at) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            for child in node.orelse:
                yield from imports(child, at)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from imports(child, at)
