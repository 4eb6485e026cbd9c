"""The local stack knows of no application but what it is told."""

from pathlib import Path

import pytest

from scripts.local import application
from scripts.local.application import first_steps
from scripts.local.errors import LocalError


def test_first_steps_that_are_not_there_are_told_with_the_place_that_names_them() -> None:
    with pytest.raises(LocalError, match=r"No module named 'scripts\.nowhere'.*FIRST_STEPS"):
        first_steps("scripts.nowhere.first_steps")


def test_the_local_stack_imports_no_application() -> None:
    sources = [path.read_text() for path in Path(application.__file__).parent.rglob("*.py")]
    assert [text for text in sources if "scripts.shop" in text] == []
