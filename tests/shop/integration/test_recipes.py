"""What CONTRIBUTING.md says to do, done in a copy: it works, and whoever leaves out a step is told
which.
"""

from __future__ import annotations

import re

import pytest

from scripts.build.terraform.program import Program
from scripts.build.terraform.provider import initialise
from tests.clones import ROOT, Clone
from tests.shop.recipes import recipes

TIDY = ("ruff format -q .", "ruff check -q --fix-only .", "scripts.picture")
CHECKS = ("ruff format --check -q .", "ruff check -q .", "mypy", "scripts.release check")
ALWAYS = [
    "tests/terraform/unit",
    "tests/shop/unit/domain/test_golden.py",
    "tests/shop/unit/test_readmes.py",
]


RECIPES = recipes()

# What is told without each step

NOTHING = ""
TOLD = {
    "A command": [
        'Module has no attribute "CorrectCustomer"',
        'has incompatible type "CorrectCustomer"; expected "Never"',
        "Undefined name `_correct`",
        r"only in terraform/shop_routes.tf: \['PUT /customers/{id}'\]",
        r"only in functions/customers_commands/handler.py: \['PUT /customers/{id}'\]",
        "Undefined name `CorrectCustomer`",
        "Undefined name `correct`",
        NOTHING,  # the tests of a rule
        r"customers/README.md says nothing of \['CorrectCustomer'\]",
        r"no row of the README's API has \['PUT /customers/{id}'\]: add them",
    ],
    "A field of an event": [
        "inventory.PriceChanged is still schema 1, but `was` is new",
        'Unexpected keyword argument "was" for "PriceChanged"',
        "inventory.PriceChanged has no upcaster from schema 1",
        'Missing named argument "was" for "PriceChanged"',
        "no golden file for inventory.PriceChanged.2",
        "READ_AS, in this test, has what each file of an older schema is read as today",
        "Undefined name `PriceChanged`",
        "ERROR tests/shop/unit/domain/test_product.py - .*Missing required",
        "ERROR tests/shop/unit/domain/test_lookups.py - .*Missing required",
    ],
    "A view": [
        'module named "domain.storefront.price_history"',
        'Name "PRICE_HISTORY" is not defined',
        r"add \['price_history'\] to VIEWS \(or SEARCH_VIEWS\) in shared/domain/storefront",
        r"only in the doors of shared/domain: \['price_history'\]; only in terraform/shop_views.tf",
        "storefront_projector/handler.py keeps .*: make them the same",
        "storefront_queries/handler.py queries .*: make them the same",
        r"only in terraform/shop_routes.tf: \['GET /products/{id}/prices'\]",
        r"only in functions/storefront_queries/handler.py: \['GET /products/{id}/prices'\]",
        r"no row of the README's API has \['GET /products/{id}/prices'\]: add them",
        NOTHING,  # the test of what it shows
    ],
    "A function": [
        r"only in terraform/shop_functions.tf: \['inventory_availability'\]",
        r"only in functions/: \['inventory_availability'\]",
        r"inventory_availability/handler.py: \['GET /availability/{id}'\]; only in terraform",
        r"no row of the README's API has \['GET /availability/{id}'\]: add them",
    ],
    "A service": [
        r"only in terraform/shop_services.tf: \['suppliers'\]",
        "Undefined name `SupplierId`",
        NOTHING,  # the word among those that `import *` lets out
        r"only in the doors of shared/domain: \['suppliers'\]",
        r"only in functions/: \['suppliers_commands', 'suppliers_queries'\]",
        r"suppliers_queries/handler.py: \['GET /suppliers', 'GET /suppliers/{id}'\]; only in terr",
        r"no row of the README's API has \['GET /suppliers', .*\]: add them",
    ],
}


def told(clone: Clone, recipe: str, without: int | None = None) -> str:
    """What is said to who makes the steps of a recipe, and `make fmt picture check test-unit`. Of
    the tests those that the recipe names or has made, and those that hold the places together.
    """
    steps = RECIPES[recipe]
    for n, step in enumerate(steps):
        if n != without:
            step.make(clone)
    made = clone.bash("git ls-files -o --exclude-standard 'tests/*/test_*.py'").split()
    named = [step.file for step in steps if "/test_" in step.file and clone.has(step.file)]
    tests = " ".join(dict.fromkeys([*ALWAYS, *named, *made]))
    inner_loop = f"pytest -p no:cacheprovider --hypothesis-profile=quick {tests}"
    return clone.told(*TIDY, *CHECKS, inner_loop)


@pytest.mark.parametrize("recipe", RECIPES)
def test_who_does_what_a_recipe_says_is_told_nothing(clone: Clone, recipe: str) -> None:
    assert told(clone, recipe) == ""


def test_what_is_told_is_known_of_every_step() -> None:
    assert {r: len(steps) for r, steps in RECIPES.items()} == {r: len(t) for r, t in TOLD.items()}


@pytest.mark.parametrize(
    ("recipe", "without"), [(recipe, n) for recipe in TOLD for n in range(len(TOLD[recipe]))]
)
def test_who_leaves_out_a_step_of_a_recipe_is_told_which(
    clone: Clone, recipe: str, without: int
) -> None:
    expected = TOLD[recipe][without]

    said = told(clone, recipe, without)

    assert re.search(expected, said) if expected else not said, said


def test_what_recipes_say_in_terraform_can_be_planned(clone: Clone) -> None:
    for recipe in ("A view", "A function", "A service"):
        for step in RECIPES[recipe]:
            step.make(clone)
    packages, tests = clone.folder / "build/packages", clone.folder / "tests/terraform"
    packages.mkdir(parents=True)
    for name in ("layer", *(path.parent.name for path in clone.folder.glob("functions/*/*.py"))):
        (packages / f"{name}.zip").touch()
    mocked_root, _, _ = (tests / "functions.tftest.hcl").read_text().partition("  assert {")
    (tests / "recipes.tftest.hcl").write_text(mocked_root + "}\n")
    terraform = Program(
        directory=tests,
        data_dir=clone.folder / "build/terraform",
        env={
            "TF_VAR_packages_dir": str(packages),
            "TF_PLUGIN_DIR": str(ROOT / "build/terraform/check/providers"),
        },
    )
    initialise(terraform)

    said = terraform.read("test", "-no-color", "-filter=recipes.tftest.hcl")

    assert "1 passed, 0 failed" in said
