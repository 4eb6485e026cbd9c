"""Who adds a view or a service and forgets a place is told which: each place is taken away, in a
copy, and the inner loop says what to do.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cqrs.plain import Value

ROOT = Path(__file__).parents[3]
COPIED = ["shared", "functions", "terraform", "tests", "pyproject.toml"]
CHECKS = ["tests/terraform/unit", "tests/shop/unit/domain/test_golden.py"]

Take = Callable[[str], str]


class Place(Value, kw_only=False):
    """Something that is said of a view or a service; `told` is what is said when it is gone."""

    file: str
    take: Take
    told: str


def lines(pattern: str) -> Take:
    """Takes away the lines in which `pattern` is found."""
    return lambda text: "".join(
        line for line in text.splitlines(keepends=True) if not re.search(pattern, line)
    )


def words(pattern: str) -> Take:
    return lambda text: re.sub(pattern, "", text)


def entry(name: str) -> Take:
    """Takes away an entry of a map in Terraform."""
    return lambda text: re.sub(rf"(?ms)^    {name}\s*= \{{.*?^    \}}\n", "", text)


def everything(text: str) -> str:
    return ""


FUNCTIONS = "terraform/shop_functions.tf"
VIEW = {
    "door": Place(
        "shared/domain/storefront/__init__.py",
        lines(r"^    SALES,$"),
        r"add \['sales'\] to VIEWS \(or SEARCH_VIEWS\) in shared/domain/storefront/__init__.py",
    ),
    "door's import": Place(
        "shared/domain/storefront/__init__.py", lines("storefront.sales"), "'SALES' is not defined"
    ),
    "sweeper": Place(
        "functions/sweeper/handler.py",
        words(r"\*storefront\.VIEWS, "),
        r"functions/sweeper/handler.py leaves out \[.*'sales'.*\]: add VIEWS",
    ),
    "terraform": Place(
        "terraform/shop_views.tf",
        lines(r"^    sales "),
        r"only in the doors of shared/domain: \['sales'\]; only in terraform/shop_views.tf: \[\]",
    ),
    "what it follows": Place(
        "terraform/shop_views.tf",
        lambda text: re.sub(r'(sales\s*= \{ )follows = \["orders"\], ', r"\1", text),
        "make the entry of sales in terraform/shop_views.tf what its module says",
    ),
    "projector": Place(
        FUNCTIONS,
        lambda text: re.sub(r'(keeps .*), "sales"', r"\1", text),
        r"storefront_projector/handler.py keeps \[.*'sales'.*\], but its entry in "
        r"terraform/shop_functions.tf says keeps = .*: make them the same",
    ),
    "queries": Place(
        FUNCTIONS,
        lambda text: re.sub(r'(queries .*), "sales"', r"\1", text),
        r"storefront_queries/handler.py queries \[.*'sales'.*\], but its entry in "
        r"terraform/shop_functions.tf says queries = .*: make them the same",
    ),
    "route": Place(
        "terraform/shop_routes.tf",
        lines("GET /sales/products"),
        r"only in functions/storefront_queries/handler.py: \['GET /sales/products'\]",
    ),
    "handler": Place(
        "functions/storefront_queries/handler.py",
        lambda text: re.sub(
            r'(?s)            "GET /sales/products".*?\),?\n(?= {12}"GET)', "", text
        ),
        r"only in terraform/shop_routes.tf: \['GET /sales/products'\]. A route is in both",
    ),
}
SERVICE = {
    "store": Place(
        "terraform/shop_services.tf",
        lines(r"^    customers "),
        r"only in the doors of shared/domain: \['customers'\]; only in terraform/shop_services.tf",
    ),
    "guards": Place(
        "terraform/shop_services.tf",
        lambda text: re.sub(r"(customers = \{) guards = true ", r"\1", text),
        "say `guards = true` of customers in terraform/shop_services.tf",
    ),
    "commands": Place(
        FUNCTIONS,
        entry("customers_commands"),
        r"only in functions/: \['customers_commands'\]; only in terraform/shop_functions.tf: \[\]",
    ),
    "what it appends": Place(
        FUNCTIONS,
        lambda text: re.sub(r'      appends\s*= \["customers"\]\n', "", text),
        r"customers_commands/handler.py appends \['customers'\], but its entry in "
        r"terraform/shop_functions.tf says appends = \[\]: make them the same",
    ),
    "what it claims": Place(
        FUNCTIONS,
        lambda text: re.sub(r'      claims\s*= \["customers"\]\n', "", text),
        r"customers_commands/handler.py claims \['customers'\], but its entry in",
    ),
    "queries": Place(
        FUNCTIONS,
        entry("customers_queries"),
        r"only in functions/: \['customers_queries'\]; only in terraform/shop_functions.tf: \[\]",
    ),
    "routes": Place(
        "terraform/shop_routes.tf",
        lines('"customers_queries"'),
        r"only in functions/customers_queries/handler.py: "
        r"\['GET /customers', 'GET /customers/{id}'\]",
    ),
    "a command's route": Place(
        "functions/customers_commands/handler.py",
        lines("ChangeEmail"),
        r"\['ChangeEmail'\]: add a route \(or a message\) in functions/\*_commands",
    ),
    "a golden file": Place(
        "tests/shop/fixtures/history/customers.CustomerRenamed.1.json",
        everything,
        "customers.CustomerRenamed.1",
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("copy")
    left_out = shutil.ignore_patterns("__pycache__", ".terraform*", "state", "e2e")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=left_out)
        else:
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture
def taken_away(copy: Path) -> Iterator[Callable[[Place], str]]:
    """What the inner loop says in a copy that lacks a place."""
    files: list[tuple[Path, str]] = []

    def without(place: Place) -> str:
        file = copy / place.file
        before = file.read_text()
        files.append((file, before))
        after = place.take(before)
        assert after != before, f"{place.file} has no such place any more: correct this test"
        if after:
            file.write_text(after)
        else:
            file.unlink()
        return inner_loop(copy)

    yield without
    for file, before in files:
        file.write_text(before)


def inner_loop(copy: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CHECKS]
    compiling_once = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        command,
        cwd=copy,
        env=compiling_once,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return "" if done.returncode == 0 else done.stdout


def test_with_every_place_there_is_nothing_to_say(copy: Path) -> None:
    assert inner_loop(copy) == ""


@pytest.mark.parametrize("place", VIEW.values(), ids=VIEW.keys())
def test_a_place_of_a_view_that_is_forgotten_is_named(
    taken_away: Callable[[Place], str], place: Place
) -> None:
    assert re.search(place.told, taken_away(place))


@pytest.mark.parametrize("place", SERVICE.values(), ids=SERVICE.keys())
def test_a_place_of_a_service_that_is_forgotten_is_named(
    taken_away: Callable[[Place], str], place: Place
) -> None:
    assert re.search(place.told, taken_away(place))
