"""The shape of the code: which way its arrows point, what importing costs, and that Terraform knows
each function as it is.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "shared"
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))
MODULES = sorted(path for top in ("cqrs", "domain") for path in (SHARED / top).rglob("*.py"))

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

each_handler = pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)


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


def wrong(modules: list[Path], *packages: str, types: bool = False) -> dict[str, set[str]]:
    """What `modules` import of packages that they must not know."""
    found = {where(path): below(imports(path, types=types), *packages) for path in modules}
    return {name: names for name, names in found.items() if names}


LIBRARY = [path for path in MODULES if in_package(path, "cqrs")]
CORE = [path for path in LIBRARY if path.parent == SHARED / "cqrs"]
DOMAIN = [path for path in MODULES if in_package(path, "domain")]
FOLLOWING = {"checkout", "storefront"}  # contexts that own no facts


class TestArrows:
    def test_the_library_knows_nothing_of_a_domain_or_a_function(self) -> None:
        assert wrong(LIBRARY, "domain", "functions", "scripts", "tests", types=True) == {}

    def test_the_core_of_the_library_knows_only_itself(self) -> None:
        outside = ("cqrs.adapters", "cqrs.entrypoints", "cqrs.testing")
        assert wrong(CORE, *outside, types=True) == {}

    def test_only_adapters_know_aws(self) -> None:
        others = [path for path in MODULES if not in_package(path, "cqrs/adapters")]
        assert wrong([*others, *HANDLERS], *AWS) == {}

    def test_only_observability_knows_powertools(self) -> None:
        others = [path for path in MODULES if path.name != "observability.py"]
        assert wrong([*others, *HANDLERS], "aws_lambda_powertools") == {}

    def test_only_tests_of_the_library_know_pytest(self) -> None:
        others = [path for path in MODULES if not in_package(path, "cqrs/testing")]
        assert wrong([*others, *HANDLERS], "pytest", "hypothesis", "cqrs.testing") == {}

    def test_only_those_who_search_and_index_know_opensearch(self) -> None:
        users = _functions_with("cqrs.adapters.opensearch", "cqrs.adapters.opensearch_rows")
        assert users <= {"storefront_indexer", "storefront_search", "sweeper"}

    def test_only_the_composition_asks_services_over_http(self) -> None:
        assert _functions_with("cqrs.adapters.http_services") <= {"storefront_composition"}

    def test_a_domain_is_pure(self) -> None:
        edges = ("cqrs.adapters", "cqrs.entrypoints", "cqrs.observability", "cqrs.settings")
        assert wrong(DOMAIN, "functions", *edges, *IMPURE, types=True) == {}

    def test_a_context_is_entered_by_its_door(self) -> None:
        for path in DOMAIN:
            own = path.relative_to(SHARED / "domain").parts[0]
            others = below(imports(path), "domain") - below(imports(path), f"domain.{own}")
            inner = {name for name in others if name.count(".") > 1 and _is_module(name)}
            assert not inner, f"{where(path)} goes past the door of another context: {inner}"

    def test_a_context_that_owns_facts_follows_no_other(self) -> None:
        for path in DOMAIN:
            own = path.relative_to(SHARED / "domain").parts[0]
            if own not in FOLLOWING:
                known = below(imports(path), f"domain.{own}", "domain.kernel")
                assert below(imports(path), "domain") == known, where(path)

    def test_a_function_enters_domains_by_their_doors(self) -> None:
        for path in HANDLERS:
            inner = {name for name in below(imports(path), "domain") if _is_module(name)}
            assert {name.count(".") for name in inner} <= {1}, where(path)

    def test_only_a_handler_reads_the_environment_and_in_one_line(self) -> None:
        assert [where(path) for path in MODULES if "environ" in names(path)] == []
        assert {where(path): names(path).count("environ") for path in HANDLERS} == {
            where(path): 1 for path in HANDLERS
        }


def _functions_with(*modules: str) -> set[str]:
    """The functions that import one of `modules`."""
    return {path.parent.name for path in HANDLERS if below(imports(path), *modules)}


@cache
def names(path: Path) -> tuple[str, ...]:
    """The attributes and variables that a file reads."""
    tree = ast.walk(ast.parse(path.read_text()))
    return tuple(
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in tree
        if isinstance(node, ast.Attribute | ast.Name)
    )


def _is_module(name: str) -> bool:
    path = SHARED / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


IMPORT_EVERYTHING = """
import importlib, json, os, runpy, sys

class Environment(dict):
    def _read(self, *_):
        raise AssertionError("the environment is read")
    __getitem__ = get = __contains__ = __iter__ = keys = items = values = copy = _read

handlers, modules = json.load(sys.stdin)
os.environ = Environment()
for path in handlers:
    runpy.run_path(path)
after_handlers = sorted(sys.modules)
for name in modules:
    importlib.import_module(name)
print(json.dumps({"handlers": after_handlers, "all": sorted(sys.modules)}))
"""


@cache
def loaded() -> dict[str, set[str]]:
    """What is in memory after all handlers were imported, and then all modules of the layer, by an
    interpreter whose environment is empty and can't be read.
    """
    layer = [path for path in MODULES if not in_package(path, "cqrs/testing")]
    modules = [
        ".".join(path.relative_to(SHARED).with_suffix("").parts).removesuffix(".__init__")
        for path in layer
    ]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING],
        input=json.dumps([[str(path) for path in HANDLERS], modules]),
        capture_output=True,
        text=True,
        check=False,
        cwd=SHARED,
        env={},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return {name: set(found) for name, found in json.loads(done.stdout).items()}


class TestImports:
    def test_importing_a_handler_reads_no_environment_and_loads_nothing_heavy(self) -> None:
        assert {name.partition(".")[0] for name in loaded()["handlers"]} & HEAVY == set()

    def test_importing_any_module_does_nothing_either(self) -> None:
        assert {name.partition(".")[0] for name in loaded()["all"]} & HEAVY == set()

    def test_the_edges_of_http_and_of_streams_do_not_meet(self) -> None:
        for path in HANDLERS:
            edges = below(imports(path), "cqrs.entrypoints")
            kinds = {name.split(".")[2] for name in edges if name.count(".") > 1}
            assert not ({"http"} & kinds and {"streams", "sweeper"} & kinds), where(path)


@cache
def terraform() -> str:
    """All of the root module, without comments."""
    texts = [path.read_text() for path in sorted((ROOT / "terraform").glob("*.tf"))]
    return re.sub(r"(?m)^\s*#.*$|\s#\s.*$", "", "\n".join(texts))


@cache
def environments() -> dict[str, set[str]]:
    """The variables that Terraform gives each function alone, by its key in `local.functions`."""
    (entries,) = re.findall(r"(?ms)^  functions = \{$(.*?)^  \}$", terraform())
    parts = re.split(r"(?m)^    (\w+) = \{$", entries)[1:]
    return {
        name: set(re.findall(r"(?m)(?:^\s+|\{ )([A-Z][A-Z_]+)\s+= ", body))
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def terraform_routes(function: str) -> set[str]:
    routes = re.findall(r'"(\$default|[A-Z]+ /\S*)"\s*=\s*"(\w+)"', terraform())
    return {route for route, owner in routes if owner == function}


def handler_routes(path: Path) -> set[str]:
    keys = [
        key.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    ]
    return {key for key in keys if re.match(r"\$default$|[A-Z]+ /", str(key))}


def settings(path: Path) -> dict[str, bool]:
    """The variables that a handler reads, and whether it needs each."""
    (found,) = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ]
    return {
        field.target.id.upper(): field.value is None
        for field in found.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


class TestFunctions:
    def test_every_folder_is_known_to_terraform_and_every_entry_has_a_folder(self) -> None:
        assert set(environments()) == {path.parent.name for path in HANDLERS}

    @each_handler
    def test_a_handler_is_settings_wiring_and_one_call(self, path: Path) -> None:
        text = path.read_text()
        tree = ast.parse(text).body
        defined = [n.name for n in tree if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        assert defined == ["Settings", "app", "handler"]
        assert text.endswith("    return app()(event, context)\n")

    @each_handler
    def test_a_handler_has_the_routes_that_terraform_sends_it(self, path: Path) -> None:
        assert handler_routes(path) == terraform_routes(path.parent.name)

    @each_handler
    def test_a_handler_is_told_what_it_asks_for_and_nothing_else(self, path: Path) -> None:
        told, asked = environments()[path.parent.name], settings(path)
        assert {name for name, needed in asked.items() if needed} <= told
        assert told <= set(asked)

    def test_every_route_goes_to_a_function(self) -> None:
        routed = re.findall(r'"(?:\$default|[A-Z]+ /\S*)"\s*=\s*"(\w+)"', terraform())
        assert set(routed) <= set(environments())
        assert routed


def test_every_alarm_watches_a_metric_that_the_code_counts() -> None:
    watched = re.findall(r'metric\s+= "(\w+)"', (ROOT / "terraform" / "alarms.tf").read_text())
    code = "".join(path.read_text() for path in (ROOT / "shared" / "cqrs").rglob("*.py"))

    assert watched
    assert [metric for metric in watched if f'"{metric}":' not in code] == []


def test_every_command_of_a_context_has_a_route() -> None:
    handlers = "".join(path.read_text() for path in (ROOT / "functions").glob("*/handler.py"))
    commands = [
        command.__name__
        for path in sorted((ROOT / "shared" / "domain").glob("*/commands.py"))
        for name, union in vars(import_module(f"domain.{path.parent.name}.commands")).items()
        if name.endswith("Command")
        for command in get_args(union)
    ]

    assert commands
    assert [command for command in commands if not re.search(rf"\b{command},", handlers)] == []
