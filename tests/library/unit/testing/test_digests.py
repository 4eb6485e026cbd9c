"""Digests: another one for whatever makes other states or rows of the same events, and no other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from cqrs.testing.digests import digests_of

DOMAIN = '''
import re
from enum import StrEnum
from functools import cache, partial

from cqrs.history.events import EventTypes
from cqrs.plain import Value, replace
from cqrs.views.rows import Fold, Place, RowView
from cqrs.views.searches import SearchView
from cqrs.views.tallies import MAX_CHANGES, Cell, TallyView, summed
from cqrs.write.decider import Decider
from shelves import words

SHELVES = EventTypes("shelves")


@SHELVES.event()
class BookPut(Value):
    title: str

    @property
    def name(self):
        return self.title


class Book(Value):
    title: str


class Shelf(Value):
    """What stands on it."""

    books: tuple[Book, ...] = ()


def evolve(shelf, event):
    # the newest first
    return replace(shelf, books=(put(event.name), *shelf.books))


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

NO_TITLES = {"untitled", "none"}
TITLE = re.compile("[a-z ]+", re.IGNORECASE)
Titles = tuple[str, ...]


class Standing(StrEnum):
    FULL = "full"
    EMPTY = "empty"


class Kept(Value):
    """What a row remembers."""

    titles: Titles = ()


def follow(kept: Kept, recorded) -> Kept:
    # the newest first
    return replace(kept, titles=(recorded.event.name, *kept.titles)[:words.MOST])


SHELF_FOLD = Fold(
    category="shelf", events=SHELVES, state=Kept, initial=Kept(), evolve=follow
)


def render(states):
    """What is shown."""
    titles = [words.shown(title) for title in states[SHELF_FOLD].titles if TITLE.match(title)]
    return {"titles": [title for title in titles if title not in NO_TITLES]}


def counted(states):
    return summed({Cell("all", "all"): {"books": weight(states[SHELF_FOLD])}})


@cache
def weight(kept):
    return min(len(kept.titles), MAX_CHANGES)


def by_first(shelf):
    return Place("all", shelf["titles"][0])


def placed(part, shelf):
    return Place(part, shelf["titles"][-1])


def by(name):
    return lambda shelf: Place(shelf[name], words.sortable(shelf[name]))


LISTS = {
    "first": by_first,
    "last": partial(placed, "all"),
    "standing": by("standing"),
    "longest": lambda shelf: Place("all", max(shelf["titles"], key=len)),
}
ROWS = RowView(
    name="rows",
    folds=[SHELF_FOLD],
    render=render,
    lists=LISTS,
    choices={"standing": Standing},
)
SEARCH = SearchView(
    name="search",
    folds=[SHELF_FOLD],
    render=render,
    fields={"titles": {"type": "text"}, "standing": {"type": "keyword"}},
)
TALLY = TallyView(name="tally", folds=[SHELF_FOLD], counted=counted)
'''

WORDS = """
MOST = 50


def shown(title):
    return title.title()


def sortable(title):
    return title.lower()


def unused(title):
    return title
"""

Made = Callable[..., ModuleType]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The domain above, in which something is written differently."""

    def made(before: str = "", after: str = "") -> ModuleType:
        assert before in DOMAIN + WORDS
        folder = tmp_path / f"{len([*tmp_path.iterdir()])}" / "shelves"
        folder.mkdir(parents=True)
        for name, text in {"__init__": DOMAIN, "words": WORDS}.items():
            (folder / f"{name}.py").write_text(text.replace(before, after) if before else text)
        for name in ("shelves.words", "shelves"):
            monkeypatch.setitem(sys.modules, name, None)  # and afterwards it is gone again
            del sys.modules[name]
        with monkeypatch.context() as patched:
            patched.syspath_prepend(folder.parent)
            return import_module("shelves")

    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("books: tuple[Book, ...] = ()", "books: tuple[Book, ...] = ()\n    full: bool = False"),
        ("(put(event.name), *shelf.books)", "(*shelf.books, put(event.name))"),
        ("Book(title=title)", "Book(title=title.upper())"),
        (
            "class Book(Value):\n    title: str",
            "class Book(Value):\n    title: str\n    pages: int = 0",
        ),
        ("initial=Shelf()", 'initial=Shelf(books=(Book(title="first"),))'),
        ("evolve=evolve,", "evolve=partial(evolve_at, 0),"),
        ("class Book(Value):", 'class Book(Value, rename="camel"):'),
        ("return self.title", "return self.title.upper()"),
    ],
)
def test_other_states_of_the_same_events_have_another_digest(
    made: Made, before: str, after: str
) -> None:
    assert digests_of(made().SHELF).keys() == {"states"}
    assert digests_of(made(before, after).SHELF) != digests_of(made().SHELF)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# the newest first", "# as they stand"),
        ('    """What stands on it."""\n\n', ""),
        ("class Book(Value):", "class Book(Value, kw_only=False):"),
        ("return replace(shelf, books=(", "return replace(\n        shelf, books=("),
        ("class BookPut(Value):", 'class BookPut(Value):\n    by: str = ""'),
        ("class BookPut(Value):", "class BookPut(Value):\n    def pages(self):\n        return 1"),
        ('title="On engines"', 'title="On numbers"'),
        ("SHELVES = EventTypes", "OTHER = 3\nSHELVES = EventTypes"),
    ],
)
def test_what_changes_no_state_has_the_same_digest(made: Made, before: str, after: str) -> None:
    assert digests_of(made(before, after).SHELF) == digests_of(made().SHELF)


A_DATACLASS = """
from dataclasses import dataclass


@dataclass
class Limits:
    most: int


LIMITS = Limits(most=9)
"""
BY_ITS_TYPE = """
from functools import singledispatch


@singledispatch
def it(title):
    return title


@it.register
def _(title: str):
    return title.upper()
"""
SHOWN = "def shown(title):\n    return title.title()"


@pytest.mark.parametrize(
    ("defined", "body", "before", "after"),
    [
        (
            "def it(t):\n    return t",
            "from shelves.words import it as other\n    return other(title)",
            "return t\n",
            "return t.upper()\n",
        ),
        ("import shelves.words\n\nLONGEST = 9", "return title[: shelves.words.LONGEST]", "9", "8"),
        ("from math import floor as n", "return title[: n(len(title) / 2)]", "floor", "ceil"),
        ("PAGES = range(1, 9)", "return [*PAGES]", "9", "8"),
        ("from operator import itemgetter\n\nA = itemgetter(0)", "return A(title)", "(0", "(1"),
        (
            A_DATACLASS,
            "return title[: LIMITS.most]",
            "=9",
            "=8",
        ),
        (
            BY_ITS_TYPE,
            "return it(title)",
            "upper",
            "lower",
        ),
    ],
)
def test_however_it_is_found_what_a_function_uses_shows(
    made: Made, defined: str, body: str, before: str, after: str
) -> None:
    text = f"{defined}\n\n\ndef shown(title):\n    {body}"
    assert text.count(before) == 1

    old = digests_of(made(SHOWN, text).ROWS)
    new = digests_of(made(SHOWN, text.replace(before, after)).ROWS)

    assert [part for part in old if old[part] != new[part]] == ["render"]


class TestViews:
    @pytest.mark.parametrize(
        ("view", "before", "after", "what"),
        [
            ("ROWS", "(recorded.event.name, *kept.titles)", "(recorded.event.name,)", "folds"),
            ("ROWS", "titles: Titles = ()", "titles: Titles = ()\n    n: int = 0", "folds"),
            ("ROWS", "Titles = tuple[str, ...]", "Titles = tuple[str, str]", "folds"),
            ("ROWS", "initial=Kept()", 'initial=Kept(titles=("On engines",))', "folds"),
            ("ROWS", 'category="shelf", events', 'category="case", events', "folds"),
            ("ROWS", "MOST = 50", "MOST = 49", "folds"),
            ("ROWS", 'return {"titles": [', 'return {"names": [', "render"),
            ("ROWS", "title.title()", "title.upper()", "render"),
            ("ROWS", '{"untitled", "none"}', '{"untitled"}', "render"),
            ("ROWS", '"[a-z ]+"', '"[a-z]+"', "render"),
            ("ROWS", '"[a-z ]+", re.IGNORECASE', '"[a-z ]+"', "render"),
            ("ROWS", '"first": by_first', '"one": by_first', "lists"),
            ("ROWS", 'Place("all", shelf["titles"][0])', 'Place("a", shelf["titles"][0])', "lists"),
            ("ROWS", 'partial(placed, "all")', 'partial(placed, "each")', "lists"),
            ("ROWS", 'by("standing")', 'by("titles")', "lists"),
            ("ROWS", "title.lower()", "title", "lists"),
            ("ROWS", "key=len", "key=str", "lists"),
            ("ROWS", 'FULL = "full"', 'FULL = "laden"', "lists"),
            ("ROWS", 'choices={"standing": Standing}', "choices={}", "lists"),
            ("SEARCH", '"standing": {"type": "keyword"}', '"n": {"type": "long"}', "fields"),
            ("SEARCH", "title.title()", "title.upper()", "render"),
            ("TALLY", '{"books": weight', '{"titles": weight', "counted"),
            ("TALLY", "len(kept.titles)", "len({*kept.titles})", "counted"),
            ("TALLY", "(recorded.event.name, *kept.titles)", "kept.titles", "folds"),
        ],
    )
    def test_of_what_makes_other_rows_that_part_has_another_digest(
        self, made: Made, view: str, before: str, after: str, what: str
    ) -> None:
        old = digests_of(getattr(made(), view))
        new = digests_of(getattr(made(before, after), view))
        assert [part for part in old if old[part] != new[part]] == [what]

    @pytest.mark.parametrize("view", ["ROWS", "SEARCH", "TALLY"])
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("# the newest first", "# as they came"),
            ('    """What is shown."""\n', ""),
            ('    """What a row remembers."""\n\n', ""),
            ("kept: Kept, recorded) -> Kept:", "kept, recorded):"),
            ("return replace(kept, titles", "return replace(\n        kept, titles"),
            ("class BookPut(Value):", 'class BookPut(Value):\n    by: str = ""'),
            ("def unused(title):\n    return title", "def unused(title):\n    return None"),
            ("(put(event.name), *shelf.books)", "(*shelf.books, put(event.name))"),
            ("TALLY = ", 'OTHER = RowView(name="o", folds=[], render=lambda _: {})\nTALLY = '),
            ('{"untitled", "none"}', '{"none", "untitled"}'),
            (
                '{"titles": {"type": "text"}, "standing": {"type": "keyword"}}',
                '{"standing": {"type": "keyword"}, "titles": {"type": "text"}}',
            ),
        ],
    )
    def test_what_makes_the_same_rows_has_the_same_digests(
        self, made: Made, view: str, before: str, after: str
    ) -> None:
        old = digests_of(getattr(made(), view))
        assert digests_of(getattr(made(before, after), view)) == old

    @pytest.mark.parametrize(("name", "other"), [("summed", dict), ("MAX_CHANGES", 1)])
    def test_what_they_use_of_the_library_is_no_matter(
        self, made: Made, monkeypatch: pytest.MonkeyPatch, name: str, other: object
    ) -> None:
        shelves = made()
        before = digests_of(shelves.TALLY)
        monkeypatch.setattr(shelves, name, other)
        assert digests_of(shelves.TALLY) == before


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [("title.title()", "title.upper()", True), ("# the newest first", "# as they stand", False)],
)
def test_an_upcaster_has_another_digest_when_it_says_something_else(
    made: Made, before: str, after: str, differs: bool
) -> None:
    old, new = digests_of(made().words.shown), digests_of(made(before, after).words.shown)
    assert (old != new) is differs
