"""What a number stands for has not changed without it: states beside `state_schema`, what makes the
rows of a view beside its `generation`. The pins are in `tests/*/pins.txt`. (`make check` runs this
file, too.)
"""

from pathlib import Path

import pytest

import domain
from cqrs.testing.pins import Pinned, name_of, pinned_in, unpinned

ROOT = Path(__file__).parents[3]
PINNED = pinned_in(domain)
FILES = sorted((ROOT / "tests").glob("*/pins.txt"))
PINS = [line for file in FILES for line in file.read_text().splitlines() if line.strip()]


@pytest.mark.parametrize("what", PINNED, ids=name_of)
def test_nothing_has_changed_beside_its_number(what: Pinned) -> None:
    todo = unpinned(what, PINS)
    if todo:
        where = _names() or "a file tests/<application>/pins.txt"
        pytest.fail(f"{todo}, to {where} (what is new, `make fmt` writes)", pytrace=False)


def test_every_pin_is_of_something() -> None:
    left = {pin.split()[0] for pin in PINS} - {name_of(what) for what in PINNED}
    if left:
        advice = f"take those lines out of {_names()}, or let `make fmt` do it"
        pytest.fail(f"nothing is called {sorted(left)} any more: {advice}", pytrace=False)


def _names() -> str:
    return ", ".join(file.relative_to(ROOT).as_posix() for file in FILES)
