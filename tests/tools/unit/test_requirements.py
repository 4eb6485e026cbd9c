"""What is installed is pinned by version and hash, and found wherever the machine looks for it."""

import re
from pathlib import Path

import pytest

PINNED = sorted((Path(__file__).parents[3] / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_requirements_are_pins_with_hashes_and_name_no_place_to_find_them(path: Path) -> None:
    lines = [line.strip() for line in path.read_text().splitlines()]
    told = [line for line in lines if line and not line.startswith("#")]

    pin = r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==[^ ]+( ;.*)? \\"
    found = r"--hash=sha256:[0-9a-f]{64}( \\)?"
    assert [line for line in told if not re.fullmatch(f"{pin}|{found}", line)] == []
