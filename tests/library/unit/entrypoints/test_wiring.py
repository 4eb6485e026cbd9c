"""The wiring: a function is made of the names of what it uses, once, and when it is needed."""

from collections.abc import Mapping
from typing import Any

import pytest

from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.entrypoints.http import HttpFunction, Response
from cqrs.entrypoints.wiring import LambdaHandler, Wiring, on_lambda, wired
from cqrs.follow.process_managers import ProcessManager
from cqrs.history.guards import Claim
from cqrs.plain import replace
from cqrs.settings import Settings
from cqrs.views.rows import Followed
from tests.library.books import (
    AUTHORS,
    BOOK,
    BOOK_SEARCH,
    BOOK_WITH_AUTHOR,
    BOOK_WITH_READERS,
    BOOKS,
    LOANS,
)
from tests.library.payloads import http

STORE = {"LIBRARY_EVENTS_TABLE": "library-events"}
SEARCH = {
    "SEARCH_URL": "http://search",
    "SEARCH_SERVICE": "none",
    "SEARCH_ROLE": "none",
    "SEARCH_PREFIX": "test",
}
SWEEPER = {"FAILURES_BUCKET": "failures", "BOOKMARKS_TABLE": "bookmarks"}


def wiring(*environments: Mapping[str, str]) -> Wiring:
    return Wiring(Settings({name: text for one in environments for name, text in one.items()}))


def kept(wire: Wiring, *views: Followed) -> list[str]:
    """The views that a follower made for them keeps."""
    return [follower.view.name for follower in wire.follower(views)._followers]


class TestOnLambda:
    def build(self, made: list[Wiring]) -> Any:
        def app(wire: Wiring) -> LambdaHandler:
            made.append(wire)
            return HttpFunction(
                {"GET /health": lambda _: Response(body=wire.settings.text("name"))}
            )

        return app

    def test_a_function_is_made_while_it_starts(self) -> None:
        made: list[Wiring] = []
        handler = on_lambda(self.build(made), {"AWS_LAMBDA_FUNCTION_NAME": "health", "NAME": "ada"})
        assert len(made) == 1
        assert handler(http("GET /health"), None)["body"] == '"ada"\n'
        assert len(made) == 1

    def test_elsewhere_it_is_made_at_its_first_call_and_once(self) -> None:
        made: list[Wiring] = []
        handler = on_lambda(self.build(made), {"NAME": "ada"})
        assert made == []
        answers = [handler(http("GET /health"), None)["body"] for _ in range(2)]
        assert (answers, len(made)) == (['"ada"\n', '"ada"\n'], 1)

    def test_its_clients_are_made_with_it(self) -> None:
        asked: list[str] = []

        def app(wire: Wiring) -> LambdaHandler:
            wire.clients.add(lambda: asked.append("client"))
            return HttpFunction({})

        wired(app, {})
        assert asked == ["client"]


class TestSettings:
    def test_all_that_is_missing_is_named_at_once(self) -> None:
        def app(wire: Wiring) -> LambdaHandler:
            wire.follower([BOOKS, LOANS])
            return HttpFunction({"GET /n": lambda _: Response(body=wire.settings.number("limit"))})

        with pytest.raises(LookupError) as missing:
            wired(app, {"LOANS_TABLE": "loans"})
        assert str(missing.value) == "missing in the environment: BOOKS_TABLE, LIBRARY_EVENTS_TABLE"

    def test_an_empty_setting_is_as_good_as_none(self) -> None:
        settings = Settings({"TABLE": ""})
        assert (settings.text("table"), settings.number("seconds")) == ("", 0)
        with pytest.raises(LookupError, match="missing in the environment: TABLE, SECONDS"):
            settings.check()

    def test_a_setting_is_read_from_the_variable_of_its_name(self) -> None:
        settings = Settings({"TABLE": "books", "SECONDS": "20", "PATH": "/"})
        assert (settings.text("table"), settings.number("seconds")) == ("books", 20)
        settings.check()


class TestDeciding:
    def test_commands_append_to_the_store_of_their_events(self) -> None:
        wire = wiring(STORE)
        wire.commands(BOOK)
        wire.settings.check()
        assert wire.uses == {"appends": {"library"}}

    @pytest.mark.parametrize(
        "decider",
        [
            replace(BOOK, guarded=[str]),
            replace(BOOK, guards=lambda state, event: [Claim(kind="k", value="v", taken=None)]),
        ],
    )
    def test_what_guards_or_is_guarded_needs_guards(self, decider: Any) -> None:
        wire = wiring(STORE)
        wire.commands(decider)
        assert wire.uses == {"appends": {"library"}, "claims": {"library"}}
        with pytest.raises(LookupError, match="LIBRARY_GUARDS_TABLE"):
            wire.settings.check()

    def test_aggregates_are_read(self) -> None:
        wire = wiring(STORE)
        wire.aggregates(BOOK)
        assert wire.uses == {"reads": {"library"}}


class TestAnswering:
    def test_a_view_is_read_from_its_table_and_completed_from_the_stores_of_its_folds(self) -> None:
        wire = wiring(STORE, {"BOOKS_TABLE": "books"})
        wire.reader(BOOKS)
        wire.settings.check()
        assert wire.uses == {"queries": {"books"}}

    def test_joins_query_the_views_that_they_join(self) -> None:
        wire = wiring(STORE, {"AUTHORS_TABLE": "authors", "READERS_TABLE": "readers"})
        wire.joiner(BOOK_WITH_AUTHOR, BOOK_WITH_READERS)
        wire.settings.check()
        assert wire.uses == {"queries": {"authors", "readers"}}

    def test_a_tally_is_read(self) -> None:
        wire = wiring(STORE, {"LOANS_TABLE": "loans"})
        wire.tally_reader(LOANS)
        wire.settings.check()
        assert wire.uses == {"queries": {"loans"}}

    def test_searches_are_answered_where_there_is_a_search(self) -> None:
        there, nowhere = wiring(STORE, SEARCH), wiring(STORE, {"SEARCH_URL": "none"})
        assert there.searchers([BOOK_SEARCH])
        there.settings.check()
        assert nowhere.searchers([BOOK_SEARCH]) is None
        assert there.uses == nowhere.uses == {"queries": {"book_search"}}


class TestFollowing:
    def test_what_keeps_a_view_follows_from_its_kind(self) -> None:
        wire = wiring(STORE, {"BOOKS_TABLE": "books", "LOANS_TABLE": "loans"})
        books, loans = wire.follower([BOOKS, LOANS])._followers
        wire.settings.check()
        assert type(books._rows) is DynamoDbRows
        assert type(loans._rows) is DynamoDbTallies
        assert wire.uses == {"keeps": {"books", "loans"}}

    def test_without_a_search_all_but_its_views_are_kept(self) -> None:
        books = {"BOOKS_TABLE": "books"}
        assert kept(wiring(STORE, books, SEARCH), BOOKS, BOOK_SEARCH) == ["books", "book_search"]
        assert kept(wiring(STORE, books, {"SEARCH_URL": "none"}), BOOKS, BOOK_SEARCH) == ["books"]

    def test_a_process_sends_to_the_functions_of_the_services_that_it_commands(self) -> None:
        def set_up(settings: Settings) -> ProcessManager:
            return ProcessManager(
                name="reminders",
                folds=BOOKS.folds,
                react=lambda states, sent: [],
                commands=["loans", "mail"],
                deadlines=["mail"] if settings.number("days") else [],
            )

        named = {"LOANS_FUNCTION": "a", "MAIL_FUNCTION": "b", "REMINDERS_TABLE": "reminders"}
        wire = wiring(STORE, named, {"DAYS": "3", "DEADLINES_GROUP": "g", "DEADLINES_ROLE": "r"})
        (process,) = wire.follower(processes=[set_up])._followers
        wire.settings.check()
        assert process.view.name == "reminders"
        assert wire.uses == {"keeps": {"reminders"}}

        without = wiring(STORE, named, {"DAYS": "0"})
        without.follower(processes=[set_up])
        without.settings.check()

    def test_the_sweeper_walks_the_stores_that_anybody_follows_and_can_read_all(self) -> None:
        tables = {"AUTHORS_TABLE": "authors", "BOOKS_TABLE": "books", "DESKS_EVENTS_TABLE": "desks"}
        wire = wiring(STORE, SEARCH, SWEEPER, tables)
        sweeper = wire.sweeper([BOOKS, AUTHORS, BOOK_SEARCH], [])
        wire.settings.check()
        assert list(sweeper._stores) == ["library"]
        assert [store._table for store in sweeper._all_stores] == ["library-events", "desks"]
        assert list(sweeper._kept) == ["books", "authors", "book_search"]
        assert wire.uses == {"keeps": {"books", "authors", "book_search"}}
