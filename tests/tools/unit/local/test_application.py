"""The local stack knows of no application but what it is told."""

from pathlib import Path

import pytest

from scripts.local import application
from scripts.local.application import smoke
from scripts.local.errors import LocalError


def test_a_smoke_test_that_is_not_there_is_told_with_the_place_that_names_it() -> None:
    with pytest.raises(LocalError, match=r"No module named 'scripts\.nowhere'.*SMOKE"):
        smoke("scripts.nowhere.smoke")


def test_the_local_stack_imports_no_application() -> None:
    sources = [path.read_text() for path in Path(application.__file__).parent.rglob("*.py")]
    assert [text for text in sources if "scripts.shop" in text] == []
