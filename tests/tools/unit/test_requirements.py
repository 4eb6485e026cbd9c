"""What is installed is pinned by version and hash, and found wherever the machine looks for it."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
ASKED = sorted(REQUIREMENTS.glob("*.in"))
PINNED = sorted(REQUIREMENTS.glob("*.txt"))


def asked_for(path: Path) -> set[str]:
    """The packages that a file asks for itself, some with a version; without their extras."""
    without_extras = re.sub(r"\[.*?\]", "", path.read_text())
    return set(re.findall(r"(?m)^[a-z][\w.-]*(?:==\S+)?", without_extras))


def pins(name: str) -> set[str]:
    return set(re.findall(r"(?m)^[^ #]+==[^ ]+", (REQUIREMENTS / name).read_text()))


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_requirements_are_pins_with_hashes_and_name_no_place_to_find_them(path: Path) -> None:
    lines = [line.strip() for line in path.read_text().splitlines()]
    told = [line for line in lines if line and not line.startswith("#")]

    pin = r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==[^ ]+( ;.*)? \\"
    found = r"--hash=sha256:[0-9a-f]{64}( \\)?"
    assert [line for line in told if not re.fullmatch(f"{pin}|{found}", line)] == []


@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.name)
def test_what_is_asked_for_is_pinned(path: Path) -> None:
    pinned = pins(path.with_suffix(".txt").name)
    found = pinned | {pin.split("==")[0] for pin in pinned}
    missing = sorted(asked_for(path) - found)
    assert missing == [], f"{path.name} asks for {missing}: make lock"


def test_what_is_tested_is_what_is_shipped() -> None:
    others = sorted(pins("layer.txt") - pins("dev.txt"))
    assert others == [], f"dev.txt has other versions of {others}: name one in layer.in, make lock"
