"""Pins: who changes what a number stands for is told to raise it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cqrs.plain import replace
from cqrs.testing.pins import pin_of, unpinned
from cqrs.write.decider import Decider
from tests.library.books import BOOK_SEARCH, WORDS

DOMAIN = '''
from functools import partial

from cqrs.history.events import EventTypes
from cqrs.plain import Value, replace
from cqrs.write.decider import Decider

SHELVES = EventTypes("shelves")


@SHELVES.event()
class BookPut(Value):
    title: str


class Book(Value):
    title: str


class Shelf(Value):
    """What stands on it."""

    books: tuple[Book, ...] = ()


def evolve(shelf, event):
    # the newest first
    return replace(shelf, books=(put(event.title), *shelf.books))


def put(title):
    return Book(title=title)


def evolve_at(place, shelf, event):
    return shelf


def decide(command, shelf):
    return [BookPut(title="On engines")]


SHELF = Decider(
    category="shelf",
    events=SHELVES,
    initial=Shelf(),
    evolve=evolve,
    decide=decide,
    state=Shelf,
    state_schema=1,
)
'''

Made = Callable[..., Decider[Any, Any, Any]]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The decider of the domain above, in which something is written differently."""

    def made(before: str = "", after: str = "") -> Decider[Any, Any, Any]:
        assert before in DOMAIN
        file = tmp_path / f"shelves_{len([*tmp_path.iterdir()])}.py"
        file.write_text(DOMAIN.replace(before, after) if before else DOMAIN)
        spec = importlib.util.spec_from_file_location("shelves", file)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "shelves", module)
        spec.loader.exec_module(module)
        decider: Decider[Any, Any, Any] = module.SHELF
        return decider

    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("books: tuple[Book, ...] = ()", "books: tuple[Book, ...] = ()\n    full: bool = False"),
        ("(put(event.title), *shelf.books)", "(*shelf.books, put(event.title))"),
        ("Book(title=title)", "Book(title=title.upper())"),
        (
            "class Book(Value):\n    title: str",
            "class Book(Value):\n    title: str\n    pages: int = 0",
        ),
        ("initial=Shelf()", 'initial=Shelf(books=(Book(title="first"),))'),
        ("evolve=evolve,", "evolve=partial(evolve_at, 0),"),
    ],
)
def test_other_states_of_the_same_events_are_another_pin(
    made: Made, before: str, after: str
) -> None:
    pin = pin_of(made())
    todo = unpinned(made(before, after), [pin])
    assert todo
    assert "raise its `state_schema`" in todo
    assert "older snapshots are left alone" in todo


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# the newest first", "# as they stand"),
        ('    """What stands on it."""\n\n', ""),
        ("class Book(Value):", "class Book(Value, kw_only=False):"),
        ("return replace(shelf, books=(", "return replace(\n        shelf, books=("),
        ("class BookPut(Value):", 'class BookPut(Value):\n    by: str = ""'),
        ('title="On engines"', 'title="On numbers"'),
        ("SHELVES = EventTypes", "OTHER = 3\nSHELVES = EventTypes"),
    ],
)
def test_what_changes_no_state_is_the_same_pin(made: Made, before: str, after: str) -> None:
    assert unpinned(made(before, after), [pin_of(made())]) is None


def test_a_raised_number_takes_a_new_line(made: Made) -> None:
    pin = pin_of(made())
    raised = made("state_schema=1", "state_schema=2")
    assert unpinned(raised, [pin]) == (
        f"shelf has another number: write `{pin_of(raised)}` in place of `{pin}`"
    )
    assert unpinned(raised, ["other 1 abc", pin_of(raised)]) is None


def test_what_was_never_pinned_is_told_with_its_line(made: Made) -> None:
    shelf = made()
    assert unpinned(shelf, ["shelves 1 abc"]) == f"shelf has no pin: write `{pin_of(shelf)}`"


def test_what_is_pinned_twice_is_told(made: Made) -> None:
    pin = pin_of(made())
    assert unpinned(made(), [pin, pin]) == f"shelf has 2 pins: write `{pin}` alone"


class TestSearchViews:
    def test_other_fields_take_another_generation(self) -> None:
        pin = pin_of(BOOK_SEARCH)
        more = replace(BOOK_SEARCH, fields={**BOOK_SEARCH.fields, "blurb": WORDS})
        todo = unpinned(more, [pin])
        assert todo
        assert todo.startswith("the fields of book_search have changed: raise its `generation`")
        raised = replace(more, generation=2)
        assert unpinned(raised, [pin]) == (
            f"book_search has another number: write `{pin_of(raised)}` in place of `{pin}`"
        )

    def test_the_order_of_fields_is_no_matter(self) -> None:
        fields = dict(reversed(BOOK_SEARCH.fields.items()))
        assert unpinned(replace(BOOK_SEARCH, fields=fields), [pin_of(BOOK_SEARCH)]) is None
