"""Functions while a view has several generations: all are followed, and one answers."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryGenerations, MemoryRows, rows_for
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.errors import Unavailable
from cqrs.plain import replace
from cqrs.views.generations import STALE_SECONDS
from cqrs.views.rows import Generation
from tests.library.books import AUTHORS, BOOKS
from tests.library.generations import Views
from tests.library.payloads import kinesis_of
from tests.library.unit.entrypoints.asking import Answer, refused
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.tending import SERVICE, World
from tests.library.unit.entrypoints.wired import BY_AUTHOR, ROW, Books, ForbiddenRows

NEWER = replace(BOOKS, generation=2)


def rebuilt(books: Books, *others: Any, make: Any = rows_for) -> Views:
    """Two live generations of the view of books; the first is seen."""
    services = {SERVICE: books.store}
    views = Views(BOOKS, *others, stores=books.stores, services=services, make=make)
    views.generations.filled(BOOKS, views.generations.make(BOOKS))
    views.generations.make(NEWER)
    views.pass_by()
    books.views = views
    return views


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def views(books: Books) -> Views:
    return rebuilt(books)


def switch(views: Views) -> None:
    views.generations.filled(NEWER, Generation(2))
    views.generations.switch(NEWER, Generation(2))
    views.pass_by()


def follow(views: Views, *commits: Any) -> dict[str, Any]:
    return FollowerFunction([], views.roster)(kinesis_of(*commits), None)


def listed(books: Books, **query: str) -> Answer:
    return books.query(BY_AUTHOR, id="byron", query=query)


class TestBatches:
    def test_every_live_generation_is_followed(self, books: Books, views: Views) -> None:
        follow(views, *books.added("7"))
        assert views.rows(BOOKS).get("7").document == views.rows(NEWER).get("7").document != None  # noqa: E711

    def test_log_lines_name_the_generation_and_metrics_the_view(
        self, books: Books, views: Views, logs: Lines, metrics: Lines
    ) -> None:
        follow(views, *books.added("7"))
        assert [(line["view"], line["generation"]) for line in logs()] == [
            ("books", "1"),
            ("books", "2"),
        ]
        assert [line["view"] for line in metrics()] == ["books", "books"]

    def test_a_generation_that_fails_stops_no_other(self, books: Books, logs: Lines) -> None:
        def make(view: Any) -> MemoryRows:
            return ForbiddenRows() if view.generation == 1 else rows_for(view)

        views = rebuilt(books, make=make)
        with pytest.raises(ExceptionGroup, match="could not follow: books#1"):
            follow(views, *books.added("7"))
        assert views.rows(NEWER).get("7").document
        (line,) = [line for line in logs() if line["message"] == "a view failed"]
        assert (line["view"], line["generation"]) == ("books", "1")

    def test_what_has_no_generations_is_followed_though_the_register_is_down(
        self, books: Books, logs: Lines
    ) -> None:
        class Down(MemoryGenerations):
            def load(self, names: object) -> Any:
                raise Unavailable("the register is down")

        views = Views(AUTHORS, stores=books.stores, register=Down())
        function = FollowerFunction([books.follower], views.roster)
        with pytest.raises(ExceptionGroup, match="could not follow: views") as failed:
            function(kinesis_of(*books.added("7")), None)
        assert failed.group_contains(Unavailable)
        assert books.rows.get("7").document
        (line,) = [line for line in logs() if line["level"] == "ERROR"]
        assert line["message"] == "the generations of views are not known"


class TestQueries:
    def test_a_switch_and_the_way_back_are_seen_by_the_next_queries(
        self, books: Books, views: Views
    ) -> None:
        added = books.added("7", author="byron")
        views.follower(NEWER).catch_up({"book-7": added})
        assert books.query(ROW, id="7").status == 404
        switch(views)
        assert books.query(ROW, id="7").status == 200
        views.generations.rollback(NEWER)
        views.pass_by()
        assert books.query(ROW, id="7").status == 404

    def test_a_cursor_is_good_as_long_as_its_generation_is_kept(
        self, books: Books, views: Views
    ) -> None:
        follow(views, *books.added("7", "8", "9", author="byron"))
        first = listed(books, limit="1")
        switch(views)
        second = listed(books, limit="1", cursor=first.body["cursor"])
        assert second.status == 200
        assert second.body["books"] != first.body["books"]
        third = listed(books, cursor=second.body["cursor"])
        assert (len(third.body["books"]), third.body["cursor"]) == (1, None)
        views.generations.drop(NEWER, Generation(1))
        views.pass_by()
        answer = listed(books, cursor=first.body["cursor"])
        assert "rebuilt" in refused(answer, 400, "invalid_cursor")["detail"]
        assert len(listed(books).body["books"]) == 3

    def test_while_the_register_is_down_queries_are_answered_for_a_minute(
        self, books: Books, views: Views, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        follow(views, *books.added("7"))
        assert books.query(ROW, id="7").status == 200

        def down(names: object) -> Any:
            raise Unavailable("the register is down")

        monkeypatch.setattr(views.register, "load", down)
        views.pass_by(STALE_SECONDS - 1)
        assert books.query(ROW, id="7").status == 200
        views.pass_by(1)
        refused(books.query(ROW, id="7"), 503, "unavailable")


class TestLookingAfter:
    @pytest.fixture
    def world(self, books: Books, views: Views) -> World:
        return World(books, views)

    def test_an_audit_brings_every_generation_up_to_date(self, world: World, views: Views) -> None:
        world.books.added("7", "8")
        assert world.audited()["found"] == {"books#1": 2, "books#2": 2}
        assert views.rows(NEWER).get("8").document
        assert world.audited()["found"] == {}

    def test_a_generation_in_trouble_is_named_and_counts_for_its_view(
        self, books: Books, metrics: Lines
    ) -> None:
        def make(view: Any) -> MemoryRows:
            return ForbiddenRows() if view.generation == 2 else rows_for(view)

        world = World(books, rebuilt(books, make=make))
        world.gives_up(*books.added("7"))
        told = world.audited()
        assert ([*told["gave_up"]], told["found"]) == (["books#2"], {"books#1": 1})
        assert world.recover()["left"] == 1
        assert world.ask({"redrive": "book-7"})["redrive"]["books#2"].keys() == {"error"}
        assert [line["part"] for line in metrics() if "part" in line] == ["books"] * 3

    def test_a_batch_that_was_given_up_goes_when_every_generation_has_it(
        self, world: World, views: Views
    ) -> None:
        world.gives_up(*world.books.added("7"))
        assert world.recover() == {"batches": 1, "streams": 1, "left": 0}
        assert views.rows(NEWER).get("7").document

    def test_a_redrive_of_a_view_folds_anew_in_all_of_its_generations(self, world: World) -> None:
        world.books.added("7")
        world.audited()
        told = world.walked({"start": "redrive", "view": "books"})
        assert told["found"] == {"books#1": 1, "books#2": 1}

    def test_what_is_parked_is_listed_and_redriven_in_each(self, world: World) -> None:
        world.books.added("7")
        world.books.breaks("book-7")
        world.audited()
        parked = world.ask({"parked": True})["parked"]
        assert {name: [*found] for name, found in parked.items()} == {
            "books": ["book-7"],
            "books#2": ["book-7"],
        }
        world.mend()
        done = world.ask({"redrive": "all", "view": "books"})["redrive"]
        assert {name: one["applied"] for name, one in done.items()} == {
            "books": {"book-7": 2},
            "books#2": {"book-7": 2},
        }

    def test_one_generation_alone_can_be_redriven(self, world: World) -> None:
        world.books.added("7")
        assert list(world.ask({"redrive": "book-7", "view": "books#2"})["redrive"]) == ["books#2"]

    def test_the_lag_of_each_is_counted(self, world: World) -> None:
        world.books.added("7")
        behind = world.ask({"behind": True})["behind"]
        assert {name: lag["behind"] for name, lag in behind.items()} == {"books#1": 1, "books#2": 1}

    def test_while_the_register_is_down_nothing_is_said_and_nothing_goes(
        self, world: World, views: Views, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(names: object) -> Any:
            raise Unavailable("the register is down")

        world.gives_up(*world.books.added("7"))
        monkeypatch.setattr(views.register, "load", down)
        views.pass_by()
        asked: list[dict[str, Any]] = [{"parked": True}, {"behind": True}, {"redrive": "all"}]
        for event in asked:
            with pytest.raises(Unavailable, match="the register is down"):
                world.ask(event)
        with pytest.raises(Unavailable, match="the register is down"):
            world.recover()
        assert world.failures.left
