"""Views that are new or were lost are filled by a walk, which the walker begins once a minute."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryRows, rows_for
from cqrs.errors import Unavailable
from cqrs.plain import replace
from cqrs.views.generations import CACHE_SECONDS, HEARD_SECONDS
from cqrs.views.rows import Generation, View
from tests.library.books import AUTHORS, BOOK_SEARCH, BOOKS, LOANS
from tests.library.generations import Views
from tests.library.unit.entrypoints.asking import refused
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.tending import (
    SCOPE,
    SERVICE,
    SHORT,
    VIEW,
    Stumbling,
    World,
    first_step,
    unregistered,
)
from tests.library.unit.entrypoints.wired import ROW, Books, BrokenRows, ForbiddenRows

IDLE: dict[str, Any] = {"walks": {}, "unfilled": [], "changed": [], "errors": {}}
FILLS = {"fill": "on its way"}


def new(books: Books | None = None) -> World:
    """Nobody has made a generation of the view of books yet."""
    books = books or Books()
    books.views = unregistered(books)
    return World(books, books.views)


def several(*views: View, **rows: MemoryRows) -> World:
    """Several views are new, some of which have these rows."""
    books = Books()
    given = {f"{name}#1": kept for name, kept in rows.items()}
    services = {SERVICE: books.store}
    return World(books, Views(*views, stores=books.stores, services=services, rows=given))


def serves(world: World, view: View = BOOKS) -> bool:
    return world.views.known(view).serving is not None


@pytest.fixture
def world() -> World:
    return new()


class TestNew:
    def test_a_view_that_is_new_is_filled_at_once_and_open_from_then_on(self, world: World) -> None:
        world.books.added("7", "8")
        world.books.follow("book-8")
        for book in "78":
            refused(world.books.query(ROW, id=book), 503, "view_not_filled")
        assert world.walk() == IDLE | {"walks": FILLS, "unfilled": [SCOPE]}
        assert world.machine.waits == [0]
        world.go()
        world.forward(CACHE_SECONDS)
        assert [world.books.query(ROW, id=book).status for book in "78"] == [200, 200]
        assert world.told("fill")["found"] == {SCOPE: 1}

    def test_a_view_that_is_filled_is_not_walked_again(self) -> None:
        world = World()
        world.audited()
        world.books.added("7")
        assert world.walk() == IDLE
        assert world.machine.waiting == []

    def test_while_it_is_filled_it_is_refused_and_no_other_walk_begins(self) -> None:
        world = new(Books(MemoryEventStore(page=2)))
        world.books.added(*"abcde")
        world.walk()
        world.walk({"step": first_step(world)}, SHORT)
        assert world.shown(*"abc") == [True, True, False]
        assert world.walk() == IDLE | {"walks": FILLS, "unfilled": [SCOPE]}
        assert len(world.machine.waiting) == 1
        assert not serves(world)
        world.go()
        assert serves(world)
        assert all(world.shown(*"abcde"))

    def test_the_first_audit_waits_for_it(self, world: World) -> None:
        assert world.walk()["walks"] == FILLS
        world.go()
        assert world.walk()["walks"] == {"audit": "on its way"}

    def test_all_that_are_new_are_filled_by_one_walk(self) -> None:
        world = several(BOOKS, AUTHORS, LOANS, BOOK_SEARCH)
        world.books.added("7")
        assert len(world.walk()["unfilled"]) == 4
        (run,) = world.machine.waiting
        assert run.work.targets == ("authors#1", "book_search#1", "books#1", "loans#1")
        world.go()
        assert all(serves(world, view) for view in (BOOKS, AUTHORS, LOANS, BOOK_SEARCH))


class TestTrouble:
    def test_a_view_that_can_not_be_looked_at_keeps_no_other_from_it_and_is_named(
        self, metrics: Lines
    ) -> None:
        class Lost(MemoryRows):
            def state(self) -> Any:
                raise Unavailable("the index is down")

        world = several(AUTHORS, BOOKS, authors=Lost())
        told = world.walk()
        assert (told["unfilled"], told["walks"]) == ([SCOPE], FILLS)
        assert told["errors"] == {"authors": "Unavailable: the index is down"}
        assert {"PartErrors": 1, "part": "authors", "service": "test"} in metrics()

    def test_a_view_that_can_not_be_filled_keeps_no_other_from_it_and_is_tried_again(self) -> None:
        world = several(AUTHORS, BOOKS, books=ForbiddenRows())
        world.books.added("7")
        world.walk()
        world.go()
        assert (serves(world, AUTHORS), serves(world, BOOKS)) == (True, False)
        assert world.told("fill")["gave_up"] == {SCOPE: "PermissionError"}
        world.views.kept[SCOPE] = rows_for(BOOKS)
        world.views.roster._built.clear()
        assert world.walk()["unfilled"] == [SCOPE]  # its store was made anew

    def test_rows_that_can_not_be_loaded_keep_it_from_being_full_until_they_can(self) -> None:
        rows = BrokenRows()
        world = new(Books(rows=rows))
        world.books.added("7")
        world.walk()
        world.go()
        assert not serves(world)
        rows.down = False
        assert world.walk()["walks"] == FILLS
        world.go()
        assert serves(world)
        assert world.shown("7") == [True]

    def test_a_store_that_is_down_in_the_middle_is_gone_on_with(self) -> None:
        store = Stumbling(page=2)
        world = new(Books(store))
        world.books.added(*"abcde")
        world.walk()
        store.stumbles_at = 2
        world.go()
        assert (serves(world), world.shown("a", "e")) == (False, [True, False])
        world.walk()
        world.go()
        assert serves(world)
        assert all(world.shown(*"abcde"))

    def test_while_the_register_is_down_the_walker_says_so(
        self, world: World, monkeypatch: pytest.MonkeyPatch, metrics: Lines
    ) -> None:
        def down(names: object) -> Any:
            raise Unavailable("the register is down")

        monkeypatch.setattr(world.views.register, "load", down)
        assert world.walk()["errors"] == {VIEW: "Unavailable: the register is down"}
        assert {"PartErrors": 1, "part": VIEW, "service": "test"} in metrics()
        with pytest.raises(Unavailable, match="the register is down"):
            world.walk({"start": "redrive"})


class TestFurtherCopies:
    def test_a_copy_is_filled_when_every_follower_has_heard_of_it_and_is_not_switched_to(
        self,
    ) -> None:
        world = World()
        world.audited()
        world.books.added("7")
        copy = world.views.generations.make(BOOKS)
        world.forward(HEARD_SECONDS - 1)
        assert world.walk() == IDLE
        world.forward(1)
        assert world.walk() == IDLE | {"walks": FILLS}
        world.go()
        known = world.views.known(BOOKS)
        made = known.copy_of(copy)
        assert made
        assert (bool(made.filled), known.active) == (True, Generation(1))
        assert world.views.rows(BOOKS.at(copy)).get("7").document

    @pytest.mark.parametrize("view", [BOOKS, BOOK_SEARCH], ids=["rows", "search"])
    def test_a_view_that_was_changed_waits_for_its_rebuild(self, view: Any) -> None:
        world = several(view)
        world.walk()
        world.go()
        world.walk()
        world.go()
        world.deploys(replace(view, generation=2))
        assert world.walk() == IDLE | {"changed": [view.name]}
        told = world.walk({"views": True})["views"][view.name]
        assert (told["changed"], told["code"], told["active"]) == (True, "2", "1")

    def test_who_went_back_to_an_older_generation_stays_there(self) -> None:
        world = World()
        world.audited()
        copy = world.views.generations.make(BOOKS)
        world.views.generations.filled(BOOKS, copy)
        world.views.generations.switch(BOOKS, copy)
        world.views.generations.rollback(BOOKS)
        world.forward(3_600)
        assert world.walk()["unfilled"] == []
        assert world.views.known(BOOKS).active == Generation(1)
