"""Pins: who changes what a number stands for is told to raise it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from cqrs.plain import replace
from cqrs.testing.pins import name_of, pin_of, pinned_in, renewed, unpinned

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
    return replace(kept, titles=(recorded.event.title, *kept.titles)[:words.MOST])


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
    pin = pin_of(made().SHELF)
    todo = unpinned(made(before, after).SHELF, [pin])
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
    pin = pin_of(made().SHELF)
    assert unpinned(made(before, after).SHELF, [pin]) is None


def test_a_raised_number_takes_a_new_line(made: Made) -> None:
    pin = pin_of(made().SHELF)
    raised = made("state_schema=1", "state_schema=2").SHELF
    assert unpinned(raised, [pin]) == (
        f"shelf has another number: write `{pin_of(raised)}` in place of `{pin}`"
    )
    assert unpinned(raised, ["other 1 abc", pin_of(raised)]) is None


def test_what_was_never_pinned_is_told_with_its_line(made: Made) -> None:
    shelf = made().SHELF
    assert unpinned(shelf, ["shelves 1 abc"]) == f"shelf has no pin: write `{pin_of(shelf)}`"


def test_what_is_pinned_twice_is_told(made: Made) -> None:
    shelf = made().SHELF
    pin = pin_of(shelf)
    assert unpinned(shelf, [pin, pin]) == f"shelf has 2 pins: write `{pin}` alone"


class TestViews:
    @pytest.mark.parametrize(
        ("view", "before", "after", "what"),
        [
            ("ROWS", "(recorded.event.title, *kept.titles)", "(recorded.event.title,)", "folds"),
            ("ROWS", "titles: Titles = ()", "titles: Titles = ()\n    n: int = 0", "folds"),
            ("ROWS", "Titles = tuple[str, ...]", "Titles = tuple[str, str]", "folds"),
            ("ROWS", "initial=Kept()", 'initial=Kept(titles=("On engines",))', "folds"),
            ("ROWS", 'category="shelf", events', 'category="case", events', "folds"),
            ("ROWS", "MOST = 50", "MOST = 49", "folds"),
            ("ROWS", 'return {"titles": [', 'return {"names": [', "`render`"),
            ("ROWS", "title.title()", "title.upper()", "`render`"),
            ("ROWS", '{"untitled", "none"}', '{"untitled"}', "`render`"),
            ("ROWS", '"[a-z ]+"', '"[a-z]+"', "`render`"),
            ("ROWS", '"[a-z ]+", re.IGNORECASE', '"[a-z ]+"', "`render`"),
            ("ROWS", '"first": by_first', '"one": by_first', "lists"),
            ("ROWS", 'Place("all", shelf["titles"][0])', 'Place("a", shelf["titles"][0])', "lists"),
            ("ROWS", 'partial(placed, "all")', 'partial(placed, "each")', "lists"),
            ("ROWS", 'by("standing")', 'by("titles")', "lists"),
            ("ROWS", "title.lower()", "title", "lists"),
            ("ROWS", "key=len", "key=str", "lists"),
            ("ROWS", 'FULL = "full"', 'FULL = "laden"', "lists"),
            ("ROWS", 'choices={"standing": Standing}', "choices={}", "lists"),
            ("SEARCH", '"standing": {"type": "keyword"}', '"n": {"type": "long"}', "fields"),
            ("SEARCH", "title.title()", "title.upper()", "`render`"),
            ("TALLY", '{"books": weight', '{"titles": weight', "`counted`"),
            ("TALLY", "len(kept.titles)", "len({*kept.titles})", "`counted`"),
            ("TALLY", "(recorded.event.title, *kept.titles)", "kept.titles", "folds"),
        ],
    )
    def test_what_makes_other_rows_takes_another_generation(
        self, made: Made, view: str, before: str, after: str, what: str
    ) -> None:
        old = getattr(made(), view)
        pin = pin_of(old)
        new = getattr(made(before, after), view)
        assert unpinned(new, [pin]) == (
            f"the {what} of {old.name} changed: raise its `generation`, and try again. Rows are "
            "then made anew beside those that are there, and queries go on with the old ones until "
            f"`make rebuild VIEW={old.name}` switches. If the same events still lead to the same "
            f"rows, or no row was made yet, only write `{pin_of(new)}`"
        )
        raised = replace(new, generation=2)
        assert unpinned(raised, [pin]) == (
            f"{old.name} has another number: write `{pin_of(raised)}` in place of `{pin}`"
        )

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
            ("(put(event.title), *shelf.books)", "(*shelf.books, put(event.title))"),
            ("TALLY = ", 'OTHER = RowView(name="o", folds=[], render=lambda _: {})\nTALLY = '),
            ('{"untitled", "none"}', '{"none", "untitled"}'),
            (
                '{"titles": {"type": "text"}, "standing": {"type": "keyword"}}',
                '{"standing": {"type": "keyword"}, "titles": {"type": "text"}}',
            ),
        ],
    )
    def test_what_makes_the_same_rows_is_the_same_pin(
        self, made: Made, view: str, before: str, after: str
    ) -> None:
        pin = pin_of(getattr(made(), view))
        assert unpinned(getattr(made(before, after), view), [pin]) is None

    def test_all_parts_that_changed_are_told(self, made: Made) -> None:
        pin = pin_of(made().ROWS)
        changed = made("title.lower()", "title.upper()").ROWS
        todo = unpinned(replace(changed, render=changed.lists["standing"]), [pin])
        assert todo
        assert todo.startswith("the `render` and the lists of rows changed:")

    def test_a_view_that_is_of_another_kind_is_told_of_all_that_makes_it(self, made: Made) -> None:
        shelves = made()
        tally = replace(shelves.TALLY, name="rows")
        todo = unpinned(tally, [pin_of(shelves.ROWS)])
        assert todo
        assert todo.startswith("the folds and the `counted` of rows changed:")

    @pytest.mark.parametrize(("name", "other"), [("summed", dict), ("MAX_CHANGES", 1)])
    def test_what_they_use_of_the_library_is_no_matter(
        self, made: Made, monkeypatch: pytest.MonkeyPatch, name: str, other: object
    ) -> None:
        shelves = made()
        pin = pin_of(shelves.TALLY)
        monkeypatch.setattr(shelves, name, other)
        assert pin_of(shelves.TALLY) == pin

    def test_a_view_may_be_called_as_the_streams_of_a_decider(self, made: Made) -> None:
        shelves = made()
        both = [shelves.SHELF, replace(shelves.ROWS, name="shelf")]
        pins = [pin_of(what) for what in both]
        assert [unpinned(what, pins) for what in both] == [None, None]
        assert renewed(both, []) == sorted(pins)


class TestAllOfADomain:
    def test_every_decider_and_view_is_found_once(self, made: Made) -> None:
        names = [name_of(what) for what in pinned_in(made())]
        assert names == ["rows", "search", "shelf", "tally"]

    def test_what_is_new_is_written(self, made: Made) -> None:
        everything = pinned_in(made())
        assert renewed(everything, []) == [pin_of(what) for what in everything]

    def test_what_has_another_number_is_written_in_place_of_the_old_one(self, made: Made) -> None:
        rows = made().ROWS
        assert renewed([replace(rows, generation=2)], [pin_of(rows)]) == [
            pin_of(replace(rows, generation=2))
        ]

    def test_what_is_gone_is_taken_out(self, made: Made) -> None:
        shelves = made()
        assert renewed([shelves.ROWS], ["gone 1 abc", pin_of(shelves.ROWS)]) == [
            pin_of(shelves.ROWS)
        ]

    def test_what_changed_beside_its_number_is_left_to_a_person(self, made: Made) -> None:
        pins = [pin_of(made().ROWS)]
        changed = made("title.title()", "title.upper()").ROWS
        assert renewed([changed], pins) == pins
        assert unpinned(changed, pins)
