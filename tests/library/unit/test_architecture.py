"""The shape of the library: which way its arrows point, and what importing it costs."""

import json
import subprocess
import sys
from functools import cache

import pytest

from tests.imports import (
    AWS,
    HANDLERS,
    HEAVY,
    LIBRARY,
    MODULES,
    SHARED,
    in_package,
    names,
    where,
    wrong,
)

SIDES = {
    "history": set(),
    "write": {"history"},
    "views": {"history"},
    "follow": {"history", "views"},
    "read": {"history", "views"},
}
"""What each side may know, besides itself and the modules that all may know."""


class TestArrows:
    def test_the_library_knows_nothing_of_a_domain_or_a_function(self) -> None:
        assert wrong(LIBRARY, "domain", "functions", "scripts", "tests", types=True) == {}

    @pytest.mark.parametrize("side", SIDES)
    def test_a_side_knows_only_what_it_stands_on(self, side: str) -> None:
        modules = [path for path in LIBRARY if in_package(path, f"cqrs/{side}")]
        folders = {path.parent.name for path in LIBRARY if path.parent != SHARED / "cqrs"}
        others = folders - SIDES[side] - {side}
        assert modules
        assert wrong(modules, *(f"cqrs.{other}" for other in others), types=True) == {}

    def test_what_all_may_know_knows_no_side(self) -> None:
        modules = [path for path in LIBRARY if path.parent == SHARED / "cqrs"]
        folders = {path.parent.name for path in LIBRARY if path not in modules}
        assert wrong(modules, *(f"cqrs.{folder}" for folder in folders), types=True) == {}

    def test_only_adapters_know_aws(self) -> None:
        others = [path for path in MODULES if not in_package(path, "cqrs/adapters")]
        assert wrong([*others, *HANDLERS], *AWS) == {}

    def test_clients_are_made_where_packaging_finds_them(self) -> None:
        others = [path for path in MODULES if where(path) != "shared/cqrs/adapters/clients.py"]
        assert wrong(others, "boto3") == {}

    def test_only_edges_and_tests_know_adapters(self) -> None:
        knowing = ("cqrs/adapters", "cqrs/entrypoints", "cqrs/testing")
        others = [path for path in LIBRARY if not in_package(path, *knowing)]
        assert wrong(others, "cqrs.adapters", "cqrs.entrypoints", types=True) == {}

    def test_only_observability_knows_powertools(self) -> None:
        others = [path for path in MODULES if path.name != "observability.py"]
        assert wrong([*others, *HANDLERS], "aws_lambda_powertools") == {}

    def test_only_tests_of_the_library_know_pytest(self) -> None:
        others = [path for path in MODULES if not in_package(path, "cqrs/testing")]
        assert wrong([*others, *HANDLERS], "pytest", "hypothesis", "cqrs.testing") == {}

    def test_only_a_handler_reads_the_environment_and_in_one_line(self) -> None:
        assert [where(path) for path in MODULES if "environ" in names(path)] == []
        assert {where(path): names(path).count("environ") for path in HANDLERS} == {
            where(path): 1 for path in HANDLERS
        }


IMPORT_EVERYTHING = """
import importlib, json, os, runpy, sys

class Environment(dict):
    def _read(self, *_):
        raise AssertionError("the environment is read")
    __getitem__ = get = __iter__ = keys = items = values = copy = _read

    def __contains__(self, name):
        assert name == "AWS_LAMBDA_FUNCTION_NAME", "more is asked than whether this is Lambda"
        return False

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
