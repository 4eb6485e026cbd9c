"""What files import, for tests of which way arrows point."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "shared"
MODULES = sorted(path for top in ("cqrs", "domain") for path in (SHARED / top).rglob("*.py"))
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))
LIBRARY = [path for path in MODULES if (SHARED / "cqrs") in path.parents]
DOMAIN = [path for path in MODULES if (SHARED / "domain") in path.parents]

AWS = {"boto3", "botocore", "moto", "requests", "urllib3"}
IMPURE = AWS | {"aws_lambda_powertools", "os", "random", "secrets", "socket", "time", "uuid"}
HEAVY = {
    "asyncio",
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "email",
    "http",
    "opensearchpy",
    "pydantic",
    "pytest",
    "requests",
    "urllib3",
    "yaml",
}


@cache
def imports(path: Path, *, types: bool = False) -> frozenset[str]:
    """The modules that a file imports, anywhere; `types`: also those that only types need."""
    return frozenset(_imports(ast.parse(path.read_text()), types))


def _imports(node: ast.AST, types: bool) -> Iterator[str]:
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            assert node.level == 0, "imports are absolute"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) if not types:
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _imports(child, types)


def below(names: frozenset[str], *packages: str) -> set[str]:
    return {n for n in names if any(n == p or n.startswith(f"{p}.") for p in packages)}


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def in_package(path: Path, *packages: str) -> bool:
    return any((SHARED / package) in path.parents for package in packages)


def wrong(modules: Iterable[Path], *packages: str, types: bool = False) -> dict[str, set[str]]:
    """What `modules` import of packages that they must not know."""
    found = {where(path): below(imports(path, types=types), *packages) for path in modules}
    return {name: names for name, names in found.items() if names}


@cache
def names(path: Path) -> tuple[str, ...]:
    """The attributes and variables that a file reads."""
    tree = ast.walk(ast.parse(path.read_text()))
    return tuple(
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in tree
        if isinstance(node, ast.Attribute | ast.Name)
    )


def is_module(name: str) -> bool:
    path = SHARED / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()
