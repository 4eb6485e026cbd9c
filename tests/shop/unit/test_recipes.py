"""CONTRIBUTING.md quotes the files that it says to change as they are."""

import pytest

from tests.clones import ROOT
from tests.shop.recipes import edited, recipes


@pytest.mark.parametrize("recipe", recipes())
def test_the_places_that_a_recipe_changes_are_there_and_found_once(recipe: str) -> None:
    texts: dict[str, str] = {}
    for step in recipes()[recipe]:
        path = ROOT / step.file
        if step.hunk and path.is_file():  # others are made by the recipe itself
            text = texts.get(step.file) or path.read_text()
            texts[step.file] = edited(text, step.hunk, step.file)


def test_lines_that_were_aligned_anew_are_the_same_place() -> None:
    hunk = " a = 1\n-b = 2\n+c = 3\n"
    assert edited("x = 0\na   = 1\nb   = 2\n", hunk, "file") == "x = 0\na   = 1\nc = 3\n"


@pytest.mark.parametrize("text", ["a = 1\n", "a = 1\nb = 2\na = 1\nb = 2\n"])
def test_a_place_that_is_not_there_once_is_told(text: str) -> None:
    with pytest.raises(AssertionError, match="quotes these lines of file"):
        edited(text, " a = 1\n-b = 2\n", "file")
