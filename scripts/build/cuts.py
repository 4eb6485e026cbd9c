"""Cuts third parties to what functions use.

- botocore's data: to the services that there are clients of, each in its latest version, without
  what only documentation needs. All operations of a service stay.
- Powertools: to the modules that those we import import in their turn, wherever in their code.
- What nothing in the layer can reach is named one by one.

`check` fails if a function could miss something: it looks for all that our code imports, makes
every client that there is, logs and counts.
"""

from __future__ import annotations

import ast
import gzip
import json
import os
import re
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
OURS = ("cqrs", "domain")
POWERTOOLS = "aws_lambda_powertools"
USED_OF_POWERTOOLS = ("logging", "logging.formatter", "metrics")
NEEDS_PYDANTIC = f"{POWERTOOLS}.event_handler"  # for models in logs; the layer has no pydantic

EXAMPLES = "examples-*"  # of each service, for its documentation

NEEDLESS = (
    # without the data of resources, there are clients only
    *("boto3/data", "boto3/dynamodb", "boto3/ec2", "boto3/examples"),
    "botocore/cacert.pem",  # botocore prefers certifi's
    "botocore/stub.py",  # for tests
    # each is imported where AWS's own runtime is there, which the layer has not
    *("boto3/crt.py", "botocore/crt/auth.py", "s3transfer/crt.py"),
    "s3transfer/processpool.py",
    # imported for time zones by name, and for calendars
    *("dateutil/easter.py", "dateutil/rrule.py", "dateutil/zoneinfo"),
    # commands for people
    *("charset_normalizer/__main__.py", "charset_normalizer/cli"),
    *("idna/__main__.py", "idna/cli.py"),
    "urllib3/contrib/emscripten",  # another platform
    "urllib3/contrib/pyopenssl.py",  # without OpenSSL's own package it can't be imported
    # the sources do the same; nothing asks for the encoding of a text
    *("charset_normalizer/cd.*.so", "charset_normalizer/md.*.so"),
)

CHECK = """
import importlib.util, inspect, json, sys
layer, services, modules, compiled = sys.argv[1], *map(json.loads, sys.argv[2:])
for package in compiled:
    importlib.import_module(package)
sys.path[:] = [layer, *(path for path in sys.path if not path.endswith("-packages"))]
if missing := [module for module in modules if importlib.util.find_spec(module) is None]:
    raise ModuleNotFoundError(", ".join(missing))
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
    for pattern in NEEDLESS:
        for path in folder.glob(pattern):
            remove(path)
    if (folder / "botocore").exists():
        cut_services(folder / "botocore/data")
        cut_endpoints(folder / "botocore/data")
    if (folder / POWERTOOLS).exists():
        keep_only(folder, POWERTOOLS, [f"{POWERTOOLS}.{name}" for name in USED_OF_POWERTOOLS])


def check(folder: Path) -> None:
    """Checks a folder with all that the layer holds. Raises RuntimeError.

    What is compiled for another machine is taken from this one's packages, which are the same.
    Without an SDK in it there is nothing that was cut.
    """
    if not (folder / "boto3").exists():
        return
    compiled = sorted({so.relative_to(folder).parts[0] for so in folder.rglob("*.so")})
    told = {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "POWERTOOLS_SERVICE_NAME": "check",
        "POWERTOOLS_METRICS_NAMESPACE": "check",
    }
    asked = map(json.dumps, (SERVICES, sorted(foreign_modules(folder)), compiled))
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", CHECK, str(folder), *asked],
        env={"PATH": os.environ["PATH"], **told},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        *_, reason = done.stderr.strip().splitlines()
        raise RuntimeError(f"The layer lacks what functions use (see {__name__}): {reason}")


# botocore


def cut_services(data: Path) -> None:
    for service in folders_in(data):
        *old, latest = folders_in(service)
        for needless in old if service.name in SERVICES else [service]:
            shutil.rmtree(needless)
        if service.name in SERVICES:
            for file in list(latest.iterdir()):
                cut_file(file)


def cut_file(file: Path) -> None:
    if file.match(EXAMPLES):
        file.unlink()
    elif file.suffix == ".gz":
        write(file.with_suffix(""), undocumented(json.loads(gzip.decompress(file.read_bytes()))))
        file.unlink()
    else:
        write(file, undocumented(json.loads(file.read_text())))


def undocumented(value: Any) -> Any:
    """`value` with its texts of documentation empty: botocore reads some."""
    match value:
        case dict():
            return {
                name: ""
                if name == "documentation" and isinstance(inner, str)
                else undocumented(inner)
                for name, inner in value.items()
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


def remove(path: Path) -> None:
    """Removes a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, separators=(",", ":")))


# Modules


def keep_only(folder: Path, package: str, roots: Sequence[str]) -> None:
    """Removes all of a package but the modules that `roots` import, however indirectly."""
    kept = imported(folder, package, roots)
    for file in sorted((folder / package).rglob("*")):
        if file.is_file() and file not in kept:
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
                    for module, inner in imports(ast.parse(file.read_text()), at):
                        names += [module, *inner]
    return found


def imports(tree: ast.AST, at: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """The modules that code in the package `at` imports, and what of each: maybe modules, too."""
    for node in at_run_time(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            above = at[: len(at) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module, [f"{module}.{alias.name}" for alias in node.names]


def foreign_modules(folder: Path) -> set[str]:
    """The modules of third parties that our own code imports."""
    found: set[str] = set()
    for ours in OURS:
        for text in map(Path.read_text, (folder / ours).rglob("*.py")):
            # most files import none, and reading their lines is cheaper than parsing them
            if any(map(is_foreign, re.findall(r"(?m)^ *(?:from|import) ([\w.]+)", text))):
                found.update(module for module, _ in imports(ast.parse(text)) if is_foreign(module))
    return found


def is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in OURS and top not in sys.stdlib_module_names


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those below it, without what only types need."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            inner: Iterable[ast.AST] = node.orelse
        case _:
            inner = ast.iter_child_nodes(node)
    yield node
    for child in inner:
        yield from at_run_time(child)
