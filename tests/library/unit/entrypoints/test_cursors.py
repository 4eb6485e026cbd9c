"""Cursors: a text that means nothing to who holds it, and is good where it came from only."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.entrypoints.cursors import cursor, open_cursor
from cqrs.errors import InvalidCursor
from tests.examples import examples
from tests.library.hostile import jsons, texts
from tests.library.unit.entrypoints.asking import cursor_of

VIEW, SCOPE = "books", "books#1"
HERE = ["author", "byron"]


def written(place: list[Any], where: list[str] = HERE) -> str:
    return cursor(SCOPE, where, place)


def opened(text: str | None, where: list[str] = HERE, view: str = VIEW) -> list[Any] | None:
    return open_cursor(text, view, where, lambda *place: list(place))[1]


def test_a_cursor_leads_back_to_its_place() -> None:
    place: list[Any] = ["2026-01-01/é?>", 7, None]
    assert opened(written(place)) == place


@pytest.mark.parametrize("scope", ["books#1", "books#2.1"])
def test_a_cursor_tells_the_generation_that_it_was_found_in(scope: str) -> None:
    text = cursor(scope, HERE, ["2026", "7"])
    assert open_cursor(text, VIEW, HERE, lambda *place: place) == (scope, ("2026", "7"))


def test_no_cursor_leads_to_the_beginning() -> None:
    assert opened(None) is None


def test_a_cursor_says_nothing_of_the_store_and_needs_no_quoting() -> None:
    text = written(["a?>é" * 10])
    assert text.replace("-", "").replace("_", "").isalnum()
    assert "byron" not in text


@pytest.mark.parametrize("other", [["status", "byron"], [*HERE, "7"]])
def test_a_cursor_of_another_list_is_refused(other: list[str]) -> None:
    with pytest.raises(InvalidCursor, match="belongs to another list, or the list was rebuilt"):
        opened(written(["2026", "7"]), other)


def test_a_cursor_of_another_view_is_refused() -> None:
    with pytest.raises(InvalidCursor, match="belongs to another list"):
        opened(written(["2026", "7"]), view="book")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "not a cursor!",
        "====",
        "//79",
        *map(cursor_of, [{}, None, 3, [], ["x"], [SCOPE, *HERE], [{"a": 1}, [], None]]),
        *map(cursor_of, [[3, *HERE, "2026", "7"], {"books#1": 1}]),
        written(["2026", "7"]) + "\n",
    ],
)
def test_a_text_that_no_list_answered_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        opened(text)


@pytest.mark.parametrize("place", [["2026"], ["2026", "7", "8"], [2026, "7"], ["2026", None]])
def test_a_place_that_its_list_cannot_read_is_refused(place: list[Any]) -> None:
    def read(sort: str, key: str) -> str:
        return sort + key

    assert open_cursor(written(["2026", "7"]), VIEW, HERE, read) == (SCOPE, "20267")
    with pytest.raises(InvalidCursor, match="not a cursor that a list returned"):
        open_cursor(written(place), VIEW, HERE, read)


contents = jsons | st.lists(st.sampled_from([SCOPE, *HERE, "2026", "7"]) | jsons)


@examples(500)
@given(texts | contents.map(cursor_of), st.sampled_from([HERE, []]))
def test_any_text_is_a_cursor_that_belongs_here_or_is_refused(text: str, where: list[str]) -> None:
    try:
        scope, place = open_cursor(text, VIEW, where, lambda *place: place)
    except InvalidCursor:
        return
    assert scope is not None
    assert scope.startswith(VIEW)
    assert place
