"""The wiring: a function is made of the names of what it uses, once, and when it is needed."""

import gc
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

import pytest

from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.adapters.memory import MemoryGenerations
from cqrs.entrypoints.http import HttpFunction, Response
from cqrs.entrypoints.operator import OperatorFunction
from cqrs.entrypoints.recoverer import RecovererFunction
from cqrs.entrypoints.streams import FollowerFunction
from cqrs.entrypoints.walker import WalkerFunction
from cqrs.entrypoints.wiring import LambdaHandler, Wiring, on_lambda, wired
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.process_managers import ProcessManager
from cqrs.history.guards import Claim
from cqrs.plain import replace
from cqrs.settings import Settings
from cqrs.views.generations import Cached, Copy, Known
from cqrs.views.rows import Generation, View
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
from tests.library.unit.entrypoints.wired import NOON

STORE = {"LIBRARY_EVENTS_TABLE": "library-events"}
GENERATIONS = {"GENERATIONS_TABLE": "generations"}
SEARCH = {
    "SEARCH_URL": "http://search",
    "SEARCH_SERVICE": "none",
    "SEARCH_ROLE": "none",
    "SEARCH_PREFIX": "test",
}
NOWHERE = {"SEARCH_URL": "none"}
WALKS = {
    "WALKS_TABLE": "walks",
    "WRITTEN_TABLE": "written",
    "WALKS_MACHINE": "arn:walks",
    "WALKS_AT_ONCE": "4",
    "WALKS_UNITS": "2000",
}


class Register(MemoryGenerations):
    down = False

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        if self.down:
            raise Unavailable("the register is down")
        return super().load(names)


def scopes(function: WalkerFunction | RecovererFunction | OperatorFunction) -> list[str]:
    """What a function looks after just now."""
    return [follower.view.scope for follower in function._followers()]


def wiring(*environments: Mapping[str, str]) -> Wiring:
    return Wiring(Settings({name: text for one in environments for name, text in one.items()}))


def kept(wire: Wiring, *views: View) -> list[str]:
    """The views that a follower made for them keeps."""
    return [follower.view.name for follower in followed(wire.follower(views))]


def followed(function: FollowerFunction) -> list[Follower]:
    """The followers that a function has while no view is registered."""
    roster: Any = function._roster
    roster._cached = Cached(MemoryGenerations(), {view.name for view in roster._views})
    return list(roster)


OPEN = {"ROLES": '{"GET /health": "public"}', "GROUPS_CLAIM": "groups"}


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
        handler = on_lambda(
            self.build(made), {"AWS_LAMBDA_FUNCTION_NAME": "health", "NAME": "ada", **OPEN}
        )
        assert len(made) == 1
        assert handler(http("GET /health"), None)["body"] == '"ada"\n'
        assert len(made) == 1

    @pytest.mark.parametrize("fails", [False, True])
    def test_no_garbage_is_collected_just_while_it_is_made(self, fails: bool) -> None:
        collecting: list[bool] = []

        def app(wire: Wiring) -> LambdaHandler:
            collecting.append(gc.isenabled())
            if fails:
                raise LookupError
            return HttpFunction({})

        with pytest.raises(LookupError) if fails else nullcontext():
            on_lambda(app, {"AWS_LAMBDA_FUNCTION_NAME": "health", **OPEN})
        assert (collecting, gc.isenabled()) == ([False], True)

    def test_elsewhere_it_is_made_at_its_first_call_and_once(self) -> None:
        made: list[Wiring] = []
        handler = on_lambda(self.build(made), {"NAME": "ada", **OPEN})
        assert made == []
        answers = [handler(http("GET /health"), None)["body"] for _ in range(2)]
        assert (answers, len(made)) == (['"ada"\n', '"ada"\n'], 1)

    def test_one_that_would_not_look_at_the_roles_of_its_routes_does_not_start(self) -> None:
        def app(wire: Wiring) -> LambdaHandler:
            inner = HttpFunction({"GET /health": lambda _: Response()})
            return lambda event, context: inner(event, context)

        with pytest.raises(LookupError, match="its routes have roles"):
            wired(app, OPEN)

    def test_its_clients_are_made_with_it(self) -> None:
        asked: list[str] = []

        def app(wire: Wiring) -> LambdaHandler:
            wire.clients.add(lambda: asked.append("client"))
            return HttpFunction({})

        wired(app, OPEN)
        assert asked == ["client"]


class TestSettings:
    def test_all_that_is_missing_is_named_at_once(self) -> None:
        def app(wire: Wiring) -> LambdaHandler:
            wire.follower([BOOKS, LOANS])
            return HttpFunction({"GET /n": lambda _: Response(body=wire.settings.number("limit"))})

        with pytest.raises(LookupError) as missing:
            wired(app, {"LOANS_TABLE": "loans", "ROLES": '{"GET /n": "public"}'})
        assert str(missing.value) == (
            "missing in the environment: "
            "BOOKS_TABLE, LIBRARY_EVENTS_TABLE, GENERATIONS_TABLE, GROUPS_CLAIM"
        )

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
        wire = wiring(STORE, GENERATIONS, {"BOOKS_TABLE": "books"})
        wire.reader(BOOKS)
        wire.settings.check()
        assert wire.uses == {"queries": {"books"}}

    def test_joins_query_the_views_that_they_join(self) -> None:
        tables = {"AUTHORS_TABLE": "authors", "READERS_TABLE": "readers"}
        wire = wiring(STORE, GENERATIONS, tables)
        wire.joiner(BOOK_WITH_AUTHOR, BOOK_WITH_READERS)
        wire.settings.check()
        assert wire.uses == {"queries": {"authors", "readers"}}

    def test_a_tally_is_read(self) -> None:
        wire = wiring(STORE, GENERATIONS, {"LOANS_TABLE": "loans"})
        wire.tally_reader(LOANS)
        wire.settings.check()
        assert wire.uses == {"queries": {"loans"}}

    def test_searches_are_answered_where_there_is_a_search(self) -> None:
        there, nowhere = wiring(STORE, GENERATIONS, SEARCH), wiring({"SEARCH_URL": "none"})
        assert there.searchers([BOOK_SEARCH])
        there.settings.check()
        assert nowhere.searchers([BOOK_SEARCH]) is None
        assert there.uses == nowhere.uses == {"queries": {"book_search"}}


class TestGenerations:
    def test_a_function_asks_once_which_generations_all_its_views_have(self) -> None:
        tables = {"BOOKS_TABLE": "books", "AUTHORS_TABLE": "authors", "LOANS_TABLE": "loans"}
        wire = wiring(STORE, GENERATIONS, SEARCH, tables)
        wire.reader(BOOKS)
        wire.joiner(BOOK_WITH_AUTHOR)
        wire.tally_reader(LOANS)
        wire.searchers([BOOK_SEARCH])
        names, cached = wire._known
        assert names == {"books", "authors", "loans", "book_search"}
        assert cached._names is names

    def test_an_index_of_another_generation_than_the_codes_may_lack_fields(self) -> None:
        index = wiring(SEARCH)._index_of(BOOK_SEARCH)
        own = [index(BOOK_SEARCH.at(Generation.parse(text)))._own for text in ("1", "1.1", "2")]
        assert own == [True, True, False]

    def test_a_function_of_processes_alone_needs_no_register(self) -> None:
        wire = wiring(STORE)
        wire.follower(processes=[])
        wire.settings.check()


class TestFollowing:
    def test_what_keeps_a_view_follows_from_its_kind(self) -> None:
        wire = wiring(STORE, GENERATIONS, {"BOOKS_TABLE": "books", "LOANS_TABLE": "loans"})
        books, loans = followed(wire.follower([BOOKS, LOANS]))
        wire.settings.check()
        assert type(books._rows) is DynamoDbRows
        assert type(loans._rows) is DynamoDbTallies
        assert wire.uses == {"keeps": {"books", "loans"}}

    def test_without_a_search_all_but_its_views_are_kept(self) -> None:
        books = {"BOOKS_TABLE": "books", **GENERATIONS}
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


class TestLookingAfter:
    TABLES: ClassVar = {"AUTHORS_TABLE": "authors", "BOOKS_TABLE": "books", **GENERATIONS}
    VIEWS: ClassVar = [BOOKS, AUTHORS, BOOK_SEARCH]
    KEEPS: ClassVar = {"keeps": {"books", "authors", "book_search"}}

    def test_the_walker_walks_the_stores_that_anybody_follows_at_a_pace(self) -> None:
        wire = wiring(STORE, SEARCH, WALKS, self.TABLES, {"DESKS_EVENTS_TABLE": "desks"})
        function = wire.walker(self.VIEWS, [])
        wire.settings.check()
        walked: Any = function._walker._stores
        assert {s: store._table for s, store in walked.items()} == {"library": "library-events"}
        wire._register = Register()  # type: ignore[assignment]
        followers: Any = wire.walker(self.VIEWS, [])._followers()
        spends = {store._spend for one in followers for store in one._sources._stores.values()}
        assert wire._pace
        assert spends == {wire._pace.spend}
        assert wire._pace._seconds_per_unit == 4 / 2000
        assert wire.uses == self.KEEPS

    def test_it_makes_generations_of_all_views_that_are_there(self) -> None:
        for search, views in ((SEARCH, ["books", "authors", "book_search"]), (NOWHERE, ["books"])):
            wire = wiring(STORE, search, WALKS, self.TABLES)
            function = wire.walker(self.VIEWS if search is SEARCH else [BOOKS, BOOK_SEARCH], [])
            wire.settings.check()
            assert list(function._generations.views) == views

    def test_it_knows_at_once_of_a_generation_that_was_just_made(self) -> None:
        wire = wiring(STORE, SEARCH, WALKS, self.TABLES)
        wire._register = register = Register()  # type: ignore[assignment]
        function = wire.walker([BOOKS], [])
        assert scopes(function) == ["books#1"]
        known = Known().added(Copy(generation=Generation(1, 1), made=NOON))
        register.save("books", known, 0)
        assert scopes(function) == ["books#1.1"]
        register.down = True
        with pytest.raises(Unavailable):
            scopes(function)

    def test_it_reads_several_streams_at_once(self) -> None:
        wire = wiring(STORE, SEARCH, WALKS, {"FAILURES_BUCKET": "failures"}, self.TABLES)
        wire._register = Register()  # type: ignore[assignment]
        (walker,), (recoverer,) = (
            function._followers()
            for function in (wire.walker([BOOKS], []), wire.recoverer([BOOKS], []))
        )
        assert walker._readers > recoverer._readers == 1

    def test_the_operator_can_read_all_stores(self) -> None:
        wire = wiring(STORE, SEARCH, self.TABLES, {"DESKS_EVENTS_TABLE": "desks"})
        function = wire.operator(self.VIEWS, [])
        wire.settings.check()
        assert list(function._stores) == ["library"]
        stores: Any = function._all_stores
        assert [store._table for store in stores] == ["library-events", "desks"]
        assert wire.uses == self.KEEPS

    def test_the_operator_and_the_recoverer_follow_for_all_views(self) -> None:
        wire = wiring(STORE, SEARCH, self.TABLES, {"FAILURES_BUCKET": "failures"})
        functions = wire.operator(self.VIEWS, []), wire.recoverer(self.VIEWS, [])
        wire.settings.check()
        assert wire.uses == self.KEEPS
        wire._register = Register()  # type: ignore[assignment]
        functions = wire.operator(self.VIEWS, []), wire.recoverer(self.VIEWS, [])
        for function in functions:
            assert scopes(function) == ["books#1", "authors#1", "book_search#1"]

    def test_they_miss_no_generation_while_the_register_is_down(self) -> None:
        """So a batch that was given up stays, and one that comes fails."""
        wire = wiring(STORE, SEARCH, self.TABLES, {"FAILURES_BUCKET": "failures"})
        wire._register = Register()  # type: ignore[assignment]
        rosters: list[Any] = [wire.follower(self.VIEWS)._roster, wire.roster(self.VIEWS)]
        assert {roster._cached._stale_seconds for roster in rosters} == {0}

    def test_the_deliverer_has_the_processes_alone(self) -> None:
        def set_up(settings: Settings) -> ProcessManager:
            return ProcessManager(name="reminders", folds=BOOKS.folds, react=lambda *_: [])

        wire = wiring(STORE, {"REMINDERS_TABLE": "reminders"})
        (process,) = wire.deliverer([set_up])._processes
        wire.settings.check()
        assert process.view.name == "reminders"
        assert wire.uses == {"keeps": {"reminders"}}
