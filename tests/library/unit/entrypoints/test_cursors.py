"""Cursors: a text that means nothing to who holds it, and is good where it came from only."""

from typing import Any

import pytest

from cqrs.entrypoints.cursors import cursor, open_cursor
from cqrs.errors import InvalidCursor
from tests.library.unit.entrypoints.asking import cursor_of

HERE = ["books#1", "author", "byron"]


def opened(text: str | None, scope: list[str] = HERE) -> list[Any] | None:
    return open_cursor(text, scope, lambda *place: list(place))


def test_a_cursor_leads_back_to_its_place() -> None:
    place: list[Any] = ["2026-01-01/é?>", 7, None]
    assert opened(cursor(HERE, place)) == place


def test_no_cursor_leads_to_the_beginning() -> None:
    assert opened(None) is None


def test_a_cursor_says_nothing_of_the_store_and_needs_no_quoting() -> None:
    text = cursor(HERE, ["a?>é" * 10])
    assert text.replace("-", "").replace("_", "").isalnum()
    assert "byron" not in text


@pytest.mark.parametrize(
    "other", [["books#2", "author", "byron"], ["books#1", "status", "byron"], [*HERE, "7"]]
)
def test_a_cursor_of_another_list_is_refused(other: list[str]) -> None:
    with pytest.raises(InvalidCursor, match="belongs to another list, or the list was rebuilt"):
        opened(cursor(HERE, ["2026", "7"]), other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "not a cursor!",
        "====",
        "//79",
        *map(cursor_of, [{}, None, 3, [], ["x"], HERE, [{"a": 1}, [], None]]),
        cursor(HERE, ["2026", "7"]) + "\n",
    ],
)
def test_a_text_that_no_list_answered_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        opened(text)


@pytest.mark.parametrize("place", [["2026"], ["2026", "7", "8"], [2026, "7"], ["2026", None]])
def test_a_place_that_its_list_cannot_read_is_refused(place: list[Any]) -> None:
    def read(sort: str, key: str) -> str:
        return sort + key

    assert open_cursor(cursor(HERE, ["2026", "7"]), HERE, read) == "20267"
    with pytest.raises(InvalidCursor, match="not a cursor that a list returned"):
        open_cursor(cursor(HERE, place), HERE, read)
