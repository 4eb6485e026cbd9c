"""A view is rebuilt beside its rows, compared, switched to, gone back from, and dropped."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.follow.generations import LEFT_ALONE_SECONDS
from cqrs.follow.walks import LEASE_SECONDS
from cqrs.plain import replace
from cqrs.views.generations import CACHE_SECONDS, HEARD_SECONDS
from cqrs.views.rows import Generation, RowView, States
from tests.library.books import BOOKS, Reviewed, render
from tests.library.unit.entrypoints.tending import (
    SHORT,
    VIEW,
    World,
    filled,
    first_step,
    unregistered,
)
from tests.library.unit.entrypoints.wired import ROW, Books

ONE, TWO = Generation(1), Generation(2)
REBUILD = {"rebuild": VIEW}
REBUILT = "rebuild/books#2"
WAIT = int(HEARD_SECONDS) + 1  # until every follower has heard of a new generation
SAME = replace(BOOKS, generation=2)


def shouting(states: States) -> Any:
    document: Any = render(states)
    return document and {**document, "title": document["title"].upper()}


def changed(*books: str, view: RowView = SAME) -> World:
    """Newer code has changed the view of these books, which are in pages of two."""
    world = World(Books(MemoryEventStore(page=2)))
    world.books.views = world.given = filled(world.books)
    world.books.added(*books)
    world.audited()
    world.deploys(view)
    world.books.views = world.views
    return world


def rebuilt(world: World) -> dict[str, Any]:
    """What is told of a rebuild that has come to its end."""
    world.walk(REBUILD)
    world.forward(WAIT)
    world.go()
    return world.told(REBUILT)


def switch(world: World, label: str = "2") -> dict[str, Any]:
    told = world.walk({"switch": VIEW, "generation": label})
    world.forward(CACHE_SECONDS)
    return told


def error(world: World, **event: Any) -> str:
    told = world.walk(event)
    assert told.keys() == {"error"}
    return str(told["error"])


@pytest.fixture
def world() -> World:
    return changed(*"abcde")


class TestRebuilds:
    def test_a_changed_view_is_filled_beside_its_rows_and_is_not_seen_yet(
        self, world: World
    ) -> None:
        told = world.walk(REBUILD)
        assert (told["generation"], told["active"]) == ("2", "1")
        assert told["walk"]["purpose"] == REBUILT
        world.forward(WAIT)
        world.go()
        assert all(world.views.rows(SAME).get(book).document for book in "abcde")
        known = world.views.known(SAME)
        copy = known.copy_of(TWO)
        assert copy
        assert (bool(copy.filled), known.active) == (True, ONE)
        assert world.walk()["changed"] == []

    def test_it_waits_until_every_follower_has_heard_of_the_generation(self, world: World) -> None:
        world.machine.waits.clear()
        world.walk(REBUILD)
        assert world.machine.waits == [WAIT]

    def test_no_other_walk_fills_what_is_rebuilt(self, world: World) -> None:
        world.walk(REBUILD)
        world.forward(WAIT)
        assert world.walk()["walks"] == {}
        assert len(world.machine.waiting) == 1

    def test_who_asks_for_one_that_is_on_its_way_joins_it(self, world: World) -> None:
        first = world.walk(REBUILD)
        world.walk({"step": first_step(world)}, SHORT)
        second = world.walk(REBUILD)
        assert (second["generation"], second["walk"]["streams"]) == (first["generation"], 2)
        assert len(world.machine.waiting) == 1

    def test_one_that_nobody_goes_on_with_is_taken_up_where_it_is(self, world: World) -> None:
        world.walk(REBUILD)
        world.walk({"step": first_step(world)}, SHORT)
        world.machine.waiting.clear()  # the execution is lost
        world.forward(LEASE_SECONDS)
        assert world.walk()["walks"] == {REBUILT: "on its way"}
        world.go()
        assert world.told(REBUILT)["streams"] == 5
        assert "Generation 2" not in str(switch(world))

    def test_without_a_change_it_makes_a_further_copy(self) -> None:
        world = World()
        world.books.added("7")
        assert world.walk(REBUILD)["generation"] == "1.1"

    def test_what_it_would_take_is_told_before(self, world: World) -> None:
        assert world.walk({"price": VIEW})["commits"] == 5
        assert world.machine.waiting == []

    def test_a_view_that_is_not_filled_yet_has_nothing_to_be_rebuilt_beside(self) -> None:
        books = Books()
        world = World(books, unregistered(books))
        assert error(world, **REBUILD).startswith("books is not filled yet")


class TestComparing:
    def test_rows_of_the_same_definition_are_equal(self, world: World) -> None:
        told = rebuilt(world)["compared"]
        assert told == {"equal": 5, "differing": 0, "skipped": 0, "differences": []}

    def test_rows_that_show_something_else_are_counted_and_the_first_told(self) -> None:
        books = [f"{n:02}" for n in range(15)]
        world = changed(*books, view=replace(SAME, render=shouting))
        told = rebuilt(world)["compared"]
        assert (told["equal"], told["differing"], len(told["differences"])) == (0, 15, 10)
        assert told["differences"][0] == '00: title "On engines" -> "ON ENGINES"'

    def test_what_a_row_has_of_other_streams_is_followed_before_it_is_compared(self) -> None:
        """Whichever of its streams the walk comes to first."""
        world = changed("7")
        world.books.happens("review-7", Reviewed(stars=5))
        world.views.follower(BOOKS).catch_up({"review-7": ()})
        told = rebuilt(world)["compared"]
        assert (told["equal"], told["differing"], told["skipped"]) == (1, 0, 0)

    def test_what_is_filled_already_is_compared_anew_without_a_wait(self, world: World) -> None:
        rebuilt(world)
        world.machine.waits.clear()
        world.walk(REBUILD)
        world.go()
        assert world.machine.waits == [0]
        assert world.told(REBUILT)["compared"]["equal"] == 5


class TestOlderCodeMeanwhile:
    """The code is rolled back after, or during, a rebuild, and is live again."""

    NEWER = replace(SAME, render=shouting)

    def test_rows_that_it_has_saved_are_made_anew(self) -> None:
        world = changed(*"abcde", view=self.NEWER)
        rebuilt(world)
        world.deploys(BOOKS)
        world.books.happens("review-b", Reviewed(stars=5))
        for follower in world.followers:
            follower.catch_up({"review-b": ()})
        world.deploys(self.NEWER)
        assert rebuilt(world)["compared"]["differing"] == 5
        rows = world.views.rows(self.NEWER)
        assert rows.get("b").document["title"] == "ON ENGINES"

    def test_it_does_not_go_on_with_the_rebuild(self) -> None:
        world = changed(*"abcde", view=self.NEWER)
        world.walk(REBUILD)
        world.walk({"step": first_step(world)}, SHORT)
        world.deploys(BOOKS)
        world.walk()
        world.go()
        assert world.told(REBUILT)["gave_up"] == {"": "stopped"}
        world.deploys(self.NEWER)
        told = rebuilt(world)
        assert (told["compared"]["differing"], told["gave_up"]) == (5, {})


class TestSwitching:
    def test_queries_see_it_and_the_one_before_again(self) -> None:
        world = changed("7", view=replace(SAME, render=shouting))
        rebuilt(world)

        def title() -> str:
            return str(world.books.query(ROW, id="7").body["title"])

        assert title() == "On engines"
        told = switch(world)
        assert (told["active"], told["before"], title()) == ("2", "1", "ON ENGINES")
        told = world.walk({"rollback": VIEW})
        world.forward(CACHE_SECONDS)
        assert (told["active"], told["before"], title()) == ("1", "2", "On engines")

    def test_what_is_not_filled_is_not_switched_to(self, world: World) -> None:
        world.walk(REBUILD)
        assert "not filled" in error(world, switch=VIEW, generation="2")
        assert world.views.known(SAME).active == ONE

    def test_the_generations_of_all_views_are_told(self, world: World) -> None:
        rebuilt(world)
        told = world.walk({"views": True})["views"][VIEW]
        assert (told["active"], told["before"], told["code"], told["changed"]) == (
            "1",
            None,
            "2",
            False,
        )
        assert [(one["generation"], bool(one["filled"])) for one in told["live"]] == [
            ("1", True),
            ("2", True),
        ]


class TestDropping:
    def test_the_rows_of_what_was_dropped_are_deleted_when_nobody_uses_them_any_more(
        self, world: World
    ) -> None:
        rebuilt(world)
        switch(world)
        assert world.walk({"drop": VIEW}) == {"dropped": "1"}
        world.forward(LEFT_ALONE_SECONDS - 1)
        assert world.walk()["walks"] == {}
        world.forward(1)
        assert world.walk()["walks"] == {"drop/books#1": "on its way"}
        world.go()
        assert world.shown(*"abcde") == [False] * 5
        assert world.views.known(SAME).leftovers == ()
        assert world.walk()["walks"] == {}

    def test_what_is_rebuilt_is_not_any_more_when_it_is_dropped(self, world: World) -> None:
        world.walk(REBUILD)
        step = first_step(world)
        world.walk({"step": step}, SHORT)
        world.walk({"drop": VIEW})
        assert (world.machine.waiting, world.machine.stopped) == ([], [step["ticket"]["holder"]])
        assert world.walk({"step": step})["more"] is False
        assert world.told(REBUILT)["gave_up"] == {"": "stopped"}

    def test_a_generation_is_said_if_there_are_several(self, world: World) -> None:
        rebuilt(world)
        world.views.generations.make(SAME)
        assert error(world, drop=VIEW) == "Say which generation of books to drop: 2, 2.1."
        assert world.walk({"drop": VIEW, "generation": "2.1"}) == {"dropped": "2.1"}
        assert world.walk({"drop": VIEW}) == {"dropped": "2"}
        assert error(world, drop=VIEW).endswith("to drop: there is none.")

    def test_what_is_dropped_while_a_walk_fills_it_is_given_up(self, world: World) -> None:
        world.views.generations.make(SAME)
        world.forward(HEARD_SECONDS)
        world.walk()
        world.walk({"drop": VIEW})
        world.forward(CACHE_SECONDS)
        world.go()
        assert world.told("fill")["gave_up"] == {"books#2": "this generation was dropped"}
        assert world.walk()["walks"] == {}


class TestRefusals:
    @pytest.mark.parametrize(
        ("event", "why"),
        [
            ({"rebuild": "book"}, "There is no view or process 'book'; there are books."),
            ({"price": "book"}, "There is no view or process 'book'; there are books."),
            ({"switch": VIEW, "generation": "two"}, "'two' is no generation, as 2 is, or 2.1."),
            (
                {"switch": VIEW, "generation": "3"},
                "Generation 3 is not live; those that are: 1.",
            ),
            ({"rollback": VIEW}, "There is no generation to go back to."),
            (
                {"drop": VIEW, "generation": "1"},
                "Generation 1 is the one that queries see.",
            ),
            ({"drop": VIEW}, "Say which generation of books to drop: there is none."),
        ],
        ids=str,
    )
    def test_what_makes_no_sense_is_refused_and_changes_nothing(
        self, world: World, event: dict[str, Any], why: str
    ) -> None:
        before = world.views.known(SAME)
        assert world.walk(event) == {"error": why}
        assert world.views.known(SAME) == before
        assert world.machine.waiting == []
