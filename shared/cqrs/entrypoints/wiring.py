"""The composition root: builds a function's objects from the names of its services and views.

A handler module defines `app(wire: Wiring)`; `on_lambda` turns it into a Lambda handler. A view's
folds say which event stores it reads, its kind says where its rows are. Environment variables have
fixed names: the store of the service `orders` is the table in ORDERS_EVENTS_TABLE, the rows of the
view `sales` are in SALES_TABLE, and GENERATIONS_TABLE has which generations of all views there are.

Adapters are imported where they are used, so that a cold start imports only what it needs.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cqrs import plain
from cqrs.discretion import said
from cqrs.observability import hush, logger
from cqrs.settings import Settings

if TYPE_CHECKING:
    from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
    from cqrs.adapters.dynamodb_generations import DynamoDbGenerations
    from cqrs.adapters.dynamodb_rows import DynamoDbRows
    from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
    from cqrs.adapters.opensearch import OpenSearch
    from cqrs.adapters.opensearch_rows import OpenSearchRows
    from cqrs.entrypoints.callers import Role
    from cqrs.entrypoints.deliverer import DelivererFunction
    from cqrs.entrypoints.operator import OperatorFunction
    from cqrs.entrypoints.recoverer import RecovererFunction
    from cqrs.entrypoints.streams import FollowerFunction, PublisherFunction
    from cqrs.entrypoints.walker import WalkerFunction
    from cqrs.follow.followers import Follower
    from cqrs.follow.generations import Generations
    from cqrs.follow.messages import Receiver, Timer
    from cqrs.follow.process_followers import ProcessFollower
    from cqrs.follow.process_managers import Setup
    from cqrs.follow.rosters import Roster
    from cqrs.read.compositions import Composition
    from cqrs.read.consistency import Reader
    from cqrs.read.joiner import Joiner
    from cqrs.read.searchers import Searchers
    from cqrs.read.tally_reader import TallyReader
    from cqrs.views.generations import Cached, Editions
    from cqrs.views.joins import Join
    from cqrs.views.rows import Fold, Followed, RowView, View
    from cqrs.views.searches import SearchView
    from cqrs.views.tallies import TallyView
    from cqrs.waiting import Pace
    from cqrs.write.aggregates import Aggregates
    from cqrs.write.commands import CommandHandler
    from cqrs.write.decider import Decider

__all__ = ["LambdaHandler", "Wiring", "on_lambda", "wired"]

C = TypeVar("C")
R = TypeVar("R")
S = TypeVar("S")
E = TypeVar("E")

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]
Build = Callable[["Wiring"], LambdaHandler]


def on_lambda(build: Build, environment: Mapping[str, str]) -> LambdaHandler:
    """A Lambda handler that calls what `build` returns.

    On Lambda, `build` is called at once: the CPU is not throttled while a function starts.
    Elsewhere it is called with the first event, so that importing a handler does nothing. Raises
    RuntimeError with what is `said` of an error: Lambda logs the text.
    """

    @cache
    def made() -> LambdaHandler:
        return wired(build, environment)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        try:
            return made()(event, context)
        except Exception as error:
            raise RuntimeError(said(error)).with_traceback(error.__traceback__) from None

    hush()
    if "AWS_LAMBDA_FUNCTION_NAME" in environment:
        with _nothing_collected():
            made()
            logger()
    return handler


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Looks for no garbage while much is made that stays, nor ever again among that."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def wired(build: Build, environment: Mapping[str, str]) -> LambdaHandler:
    """Calls `build` with an environment. Raises LookupError that names all missing variables, or
    says what is open to whom it must not be.
    """
    wire = Wiring(Settings(environment))
    made = build(wire)
    open_to = getattr(made, "open_to", None)
    rights = wire.rights() if open_to else None
    wire.settings.check()
    if open_to and rights:
        open_to(*rights)
    elif environment.get("ROLES"):
        raise LookupError("its routes have roles, and it does not look at them")
    for client in wire.clients:
        client()
    return made


class Wiring:
    """Builds the objects of one function. `uses` collects what they use, under the keys that
    Terraform's `local.functions` has for it (`appends`, `keeps`, ...); `clients` the AWS clients.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.uses: dict[str, set[str]] = defaultdict(set)
        self.clients: set[Callable[[], object]] = set()
        self._pace: Pace | None = None

    def rights(self) -> tuple[dict[str, Role], str]:
        """To which role each route is open, and the claim that names the caller's groups."""
        from cqrs.entrypoints.callers import Role

        roles, groups = self.settings.text("roles"), self.settings.text("groups_claim")
        return {route: Role(r) for route, r in plain.from_json(roles or "{}").items()}, groups

    # To decide

    def commands(self, decider: Decider[C, S, E]) -> CommandHandler[C, S, E]:
        """Handles the commands of one kind of aggregate."""
        from cqrs.write.commands import CommandHandler

        service = decider.events.context
        self.uses["appends"].add(service)
        if not decider.has_guards:
            return CommandHandler(self._store(service), decider)
        self.uses["claims"].add(service)
        guards = self.settings.text(f"{service}_guards_table")
        return CommandHandler(self._store(service, guards), decider)

    def aggregates(self, decider: Decider[C, S, E]) -> Aggregates[C, S, E]:
        """Loads aggregates of one kind."""
        from cqrs.write.aggregates import Aggregates

        self.uses["reads"].add(decider.events.context)
        return Aggregates(self._store(decider.events.context), decider)

    # To answer

    def reader(self, view: RowView) -> Reader:
        """Answers queries on a view."""
        from cqrs.read.consistency import Reader

        self.uses["queries"].add(view.name)
        return Reader(view, self._editions(view, self._rows), self._stores(view.folds))

    def joiner(self, *joins: Join) -> Joiner:
        """Puts lookups into the rows that a reader found."""
        from cqrs.read.joiner import Joiner

        views = [join.view for join in joins]
        self.uses["queries"].update(view.name for view in views)
        stores = self._stores(fold for view in views for fold in view.folds)
        editions = [(join, self._editions(join.view, self._rows)) for join in joins]
        return Joiner(editions, stores)

    def tally_reader(self, view: TallyView) -> TallyReader:
        """Answers queries on a tally."""
        from cqrs.read.tally_reader import TallyReader

        self.uses["queries"].add(view.name)
        return TallyReader(view, self._editions(view, self._tallies), self._stores(view.folds))

    def searchers(self, views: Sequence[SearchView]) -> Searchers | None:
        """Answers searches in several views; None in a deployment without OpenSearch."""
        from cqrs.read.searchers import Searcher, Searchers

        self.uses["queries"].update(view.name for view in views)
        if not self._has_search:
            return None
        return Searchers(
            Searcher(view, self._editions(view, self._index_of(view)), self._stores(view.folds))
            for view in views
        )

    def composition(self) -> Composition:
        """Composes answers of the services at SERVICES_URL, within DEADLINE_MS."""
        from cqrs.adapters.http_services import HttpServices
        from cqrs.read.compositions import Composition

        services = HttpServices(self.settings.text("services_url"))
        return Composition(services, self.settings.number("deadline_ms") / 1000)

    # To follow

    def publisher(self) -> PublisherFunction:
        """Puts commits on the Kinesis stream EVENT_STREAM, and notes kinds in WRITTEN_TABLE."""
        from cqrs.adapters.clients import kinesis
        from cqrs.adapters.dynamodb_kinds import DynamoDbKinds
        from cqrs.adapters.kinesis_publisher import KinesisPublisher
        from cqrs.entrypoints.streams import PublisherFunction

        self.clients.add(kinesis)  # the other one is called once
        kinds = DynamoDbKinds(self.settings.text("written_table"))
        return PublisherFunction(KinesisPublisher(self.settings.text("event_stream")), kinds)

    def follower(
        self, views: Sequence[View] = (), processes: Sequence[Setup] = ()
    ) -> FollowerFunction:
        """Keeps views and processes up to date from batches of the event stream."""
        from cqrs.entrypoints.streams import FollowerFunction

        # processes have no generations
        roster = self.roster(views) if views else ()
        return FollowerFunction(self._processes(processes), roster)

    # To look after what follows

    def walker(self, views: Sequence[View], processes: Sequence[Setup]) -> WalkerFunction:
        """Walks over the stores that views and processes follow."""
        from cqrs.adapters.clients import step_functions
        from cqrs.adapters.dynamodb_notes import DynamoDbNotes
        from cqrs.adapters.step_functions import StepFunctions
        from cqrs.entrypoints.walker import WalkerFunction
        from cqrs.follow.estimates import Limits
        from cqrs.follow.walker import WALK_READERS
        from cqrs.waiting import Pace

        self.clients.add(step_functions)
        at_once, units = (self.settings.number(f"walks_{what}") for what in ("at_once", "units"))
        self._pace = Pace(units / at_once)
        leaders = self._processes(processes)
        # a walk fills what was made just now, and reads many streams
        roster = self.roster(views, seconds=0, readers=WALK_READERS)
        stores = self._services([*self._there(views), *(one.view for one in leaders)])
        return WalkerFunction(
            stores,
            lambda: [*leaders, *roster],
            DynamoDbNotes(self.settings.text("walks_table")),
            StepFunctions(self.settings.text("walks_machine")),
            self.generations(views, roster),
            Limits(at_once=at_once, read_units_per_second=units),
        )

    def recoverer(self, views: Sequence[View], processes: Sequence[Setup]) -> RecovererFunction:
        """Takes up what was left lying."""
        from cqrs.adapters.clients import s3
        from cqrs.adapters.s3_failures import S3Failures
        from cqrs.entrypoints.recoverer import RecovererFunction

        self.clients.add(s3)
        leaders = self._processes(processes)
        roster = self.roster(views)
        failures = S3Failures(self.settings.text("failures_bucket"))
        return RecovererFunction(lambda: [*leaders, *roster], failures)

    def deliverer(self, processes: Sequence[Setup]) -> DelivererFunction:
        """Sends what processes could not deliver."""
        from cqrs.entrypoints.deliverer import DelivererFunction

        return DelivererFunction(self._processes(processes))

    def operator(self, views: Sequence[View], processes: Sequence[Setup]) -> OperatorFunction:
        """Tells of all that there are."""
        from cqrs.entrypoints.operator import OperatorFunction

        leaders = self._processes(processes)
        roster = self.roster(views)
        stores = self._services([*self._there(views), *(one.view for one in leaders)])
        others = self.settings.those_with("_events_table") - stores.keys()
        unfollowed = [self._store(service) for service in sorted(others)]
        return OperatorFunction(stores, lambda: [*leaders, *roster], unfollowed)

    def generations(self, views: Sequence[View], roster: Roster) -> Generations:
        """Makes, fills, switches and drops generations of views. `roster` has their followers."""
        from cqrs.follow.generations import Generations, misses

        there = self._there(views)
        kept = {view.name: self._kept(view) for view in there}
        stores = self._services(there)
        return Generations(
            there,
            lambda view: kept[view.name](view),
            self._register,
            misses=lambda view: misses(roster.follower(view), stores),
        )

    def roster(
        self, views: Sequence[View], *, seconds: float | None = None, readers: int = 1
    ) -> Roster:
        """The followers of all generations of views, as the register said so long ago."""
        from cqrs.follow.followers import Follower
        from cqrs.follow.rosters import Roster
        from cqrs.views.generations import CACHE_SECONDS, Cached

        self.uses["keeps"].update(view.name for view in views)
        there = self._there(views)
        kept = {view.name: self._kept(view) for view in there}
        stores = {view.name: self._stores(view.folds) for view in there}

        def follower(view: View) -> Follower:
            return Follower(view, kept[view.name](view), stores[view.name], readers=readers)

        # while the register is down, a batch fails rather than miss a generation
        names = {view.name for view in there}
        known_for = CACHE_SECONDS if seconds is None else seconds
        cached = Cached(self._register, names, seconds=known_for, stale_seconds=0)
        return Roster(there, follower, cached)

    def _there(self, views: Sequence[View]) -> list[View]:
        """Those that this deployment can keep: search views are left out where there is no
        OpenSearch, and the others work.
        """
        return [view for view in views if view.kind != "search" or self._has_search]

    def _processes(self, processes: Sequence[Setup]) -> list[ProcessFollower]:
        return [self._process(setup) for setup in processes]

    def _process(self, setup: Setup) -> ProcessFollower:
        """A process with its rows, and the functions that its commands are sent to."""
        from cqrs.adapters.clients import functions, scheduler
        from cqrs.adapters.lambda_commands import LambdaCommands, ScheduledCommands
        from cqrs.follow.process_followers import ProcessFollower

        process = setup(self.settings)
        self.uses["keeps"].add(process.name)
        self.clients.add(functions)
        arns = {service: self.settings.text(f"{service}_function") for service in process.commands}
        timers: dict[str, Timer] = {}
        if process.deadlines:
            self.clients.add(scheduler)
            group = self.settings.text("deadlines_group")
            role = self.settings.text("deadlines_role")
            timers = {s: ScheduledCommands(arns[s], group, role) for s in process.deadlines}
        services: dict[str, Receiver] = {s: LambdaCommands(arn) for s, arn in arns.items()}
        receivers = {**services, **process.receivers}
        stores = self._stores(process.folds)
        return ProcessFollower(process, self._rows(process), stores, receivers, timers)

    # Stores, tables and indexes

    def _store(self, service: str, guards_table: str | None = None) -> DynamoDbEventStore:
        from cqrs.adapters.clients import dynamodb
        from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore

        self.clients.add(dynamodb)
        table = self.settings.text(f"{service}_events_table")
        spend = self._pace.spend if self._pace else None
        return DynamoDbEventStore(table, guards_table, spend=spend)

    def _stores(self, folds: Iterable[Fold[Any, Any]]) -> dict[str, DynamoDbEventStore]:
        """Event stores by the category of their streams."""
        return {fold.category: self._store(fold.events.context) for fold in folds}

    def _services(self, followed: Iterable[Followed]) -> dict[str, DynamoDbEventStore]:
        """Event stores by service."""
        services = {fold.events.context for one in followed for fold in one.folds}
        return {service: self._store(service) for service in sorted(services)}

    # Generations

    @cached_property
    def _register(self) -> DynamoDbGenerations:
        from cqrs.adapters.clients import dynamodb
        from cqrs.adapters.dynamodb_generations import DynamoDbGenerations

        self.clients.add(dynamodb)
        return DynamoDbGenerations(self.settings.text("generations_table"))

    @cached_property
    def _known(self) -> tuple[set[str], Cached]:
        """The views that this function asks the register for, and what it has heard."""
        from cqrs.views.generations import Cached

        names: set[str] = set()
        return names, Cached(self._register, names)

    def _cached(self, *views: View) -> Cached:
        names, cached = self._known
        names.update(view.name for view in views)
        return cached

    def _editions(self, view: View, rows: Callable[[Any], R]) -> Editions[R]:
        from cqrs.views.generations import Editions

        rows(view)  # so that all settings are asked for, and all clients are made, at the start
        return Editions.of(view, rows, self._cached(view))

    def _kept(self, view: View) -> Callable[[View], DynamoDbRows | OpenSearchRows]:
        """Makes the store of the rows of a view at a generation."""
        make = self._index_of(view) if view.kind == "search" else self._rows
        make(view)
        return make

    def _rows(self, view: Followed) -> DynamoDbRows:
        if view.kind == "tally":
            return self._tallies(view)
        from cqrs.adapters.dynamodb_rows import DynamoDbRows

        return DynamoDbRows.of(view, self._table(view))

    def _tallies(self, view: Followed) -> DynamoDbTallies:
        from cqrs.adapters.dynamodb_tallies import DynamoDbTallies

        return DynamoDbTallies.of(view, self._table(view))

    def _table(self, view: Followed) -> str:
        from cqrs.adapters.clients import dynamodb

        self.clients.add(dynamodb)
        return self.settings.text(f"{view.name}_table")

    @property
    def _has_search(self) -> bool:
        return self.settings.text("search_url") != "none"

    def _index_of(self, view: View) -> Callable[[View], OpenSearchRows]:
        """Makes the index of a search view at a generation."""
        from cqrs.adapters.opensearch_rows import OpenSearchRows

        opensearch, prefix = self._opensearch, self.settings.text("search_prefix")
        number = view.edition.number

        def index(here: View) -> OpenSearchRows:
            own = here.edition.number == number
            return OpenSearchRows(cast("SearchView", here), opensearch, prefix, own=own)

        return index

    @cached_property
    def _opensearch(self) -> OpenSearch:
        from cqrs.adapters.opensearch import OpenSearch

        url, service = self.settings.text("search_url"), self.settings.text("search_service")
        return OpenSearch(url, service, self.settings.text("search_role"))
