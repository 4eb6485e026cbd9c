"""What a number stands for has not changed without it: states beside `state_schema`, fields of a
search view beside its `generation`. The pins are in `tests/*/pins.txt`.
"""

from typing import Any

import pytest

from cqrs.testing.pins import pin_of, unpinned
from cqrs.views.searches import SearchView
from cqrs.write.decider import Decider
from tests.terraform.unit.test_agreements import ROOT, agree, deciders, views

PINNED: list[Decider[Any, Any, Any] | SearchView] = [
    *deciders().values(),
    *(view for view in views().values() if isinstance(view, SearchView)),
]
FILES = sorted((ROOT / "tests").glob("*/pins.txt"))
PINS = [line for file in FILES for line in file.read_text().splitlines() if line.strip()]


@pytest.mark.parametrize("what", PINNED, ids=lambda what: pin_of(what).split()[0])
def test_nothing_has_changed_beside_its_number(what: Decider[Any, Any, Any] | SearchView) -> None:
    todo = unpinned(what, PINS)
    agree(todo is None, f"{todo}, to {_names() or 'a file tests/<application>/pins.txt'}")


def test_every_pin_is_of_something() -> None:
    left = {pin.split()[0] for pin in PINS} - {pin_of(what).split()[0] for what in PINNED}
    agree(
        not left, f"nothing is called {sorted(left)} any more: take those lines out of {_names()}"
    )


def _names() -> str:
    return ", ".join(file.relative_to(ROOT).as_posix() for file in FILES)
