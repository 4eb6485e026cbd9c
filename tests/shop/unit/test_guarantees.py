"""What is guaranteed is tested, and what is guarded against: by the tests that are named there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", ["guarantees.md", "security.md"])
def test_every_test_that_is_named_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`(tests/[a-z0-9_/]+\.(?:py|tftest\.hcl))(?:::([a-z0-9_]+))?`", text)

    assert len(named) > 10
    for path, test in named:
        assert not test or f"def {test}" in (ROOT / path).read_text(), f"{path}::{test}"
        assert (ROOT / path).exists(), path
