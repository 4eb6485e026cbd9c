"""The shape of the shop: what is pure, who may know whom, and what a function carries."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import (
    DOMAIN,
    HANDLERS,
    IMPURE,
    ROOT,
    SHARED,
    below,
    imports,
    is_module,
    where,
    wrong,
)

# contexts that own no facts, and the module that names what all of them follow
FOLLOWING = {"checkout", "storefront", "followed.py"}


def test_a_domain_is_pure() -> None:
    edges = ("cqrs.adapters", "cqrs.entrypoints", "cqrs.observability")
    assert wrong(DOMAIN, "functions", *edges, *IMPURE, types=True) == {}


def test_a_context_is_entered_by_its_door() -> None:
    for path in DOMAIN:
        own = path.relative_to(SHARED / "domain").parts[0]
        others = below(imports(path), "domain") - below(imports(path), f"domain.{own}")
        inner = {name for name in others if name.count(".") > 1 and is_module(name)}
        assert not inner, f"{where(path)} goes past the door of another context: {inner}"


def test_a_context_that_owns_facts_follows_no_other() -> None:
    for path in DOMAIN:
        own = path.relative_to(SHARED / "domain").parts[0]
        if own not in FOLLOWING:
            known = below(imports(path), f"domain.{own}", "domain.kernel") | {"domain"}
            assert below(imports(path), "domain") <= known, where(path)


def test_a_function_enters_domains_by_their_doors() -> None:
    for path in HANDLERS:
        inner = {name for name in below(imports(path), "domain") if is_module(name)}
        assert {name.count(".") for name in inner} <= {0, 1}, where(path)


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_says_what_it_is_and_is_made_by_the_wiring(path: Path) -> None:
    text = path.read_text()
    assert "def app(wire: Wiring)" in text
    assert text.endswith("\n\nhandler = on_lambda(app, os.environ)\n")


MADE = """
import importlib.util, json, os, sys

class Everything(dict):
    def get(self, name, default=None):
        return "1"

spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from cqrs.entrypoints.wiring import Wiring
from cqrs.settings import Settings
module.app(Wiring(Settings(Everything())))
print(json.dumps(sorted(sys.modules)))
"""


def carried(function: str) -> set[str]:
    """The modules that are in memory when a function has been made."""
    done = subprocess.run(
        [sys.executable, "-c", MADE, str(ROOT / "functions" / function / "handler.py")],
        capture_output=True,
        text=True,
        check=True,
        cwd=SHARED,
        env={},
        timeout=60,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("function", "not_needed"),
    [
        ("orders_commands", {"cqrs.read.consistency", "cqrs.follow.followers"}),
        ("storefront_queries", {"cqrs.write.commands", "cqrs.adapters.opensearch_rows"}),
        ("storefront_projector", {"cqrs.entrypoints.http", "cqrs.adapters.opensearch_rows"}),
        ("event_publisher", {"cqrs.entrypoints.http", "cqrs.follow.process_followers"}),
    ],
)
def test_a_function_carries_only_what_it_needs(function: str, not_needed: set[str]) -> None:
    assert carried(function) & not_needed == set()
