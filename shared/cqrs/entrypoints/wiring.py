"""The composition root: builds a function's objects from the names of its services and views.

A handler module defines `app(wire: Wiring)`; `on_lambda` turns it into a Lambda handler. A view's
folds say which event stores it reads, its kind says where its rows are. Environment variables have
fixed names: the store of the service `orders` is the table in ORDERS_EVENTS_TABLE, the rows of the
view `sales` are in SALES_TABLE.

Adapters are imported where they are used, so that a cold start imports only what it needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cqrs.settings import Settings

if TYPE_CHECKING:
    from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
    from cqrs.adapters.dynamodb_rows import DynamoDbRows
    from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
    from cqrs.adapters.opensearch import OpenSearch
    from cqrs.adapters.opensearch_rows import OpenSearchRows
    from cqrs.entrypoints.streams import FollowerFunction, PublisherFunction
    from cqrs.entrypoints.sweeper import SweeperFunction
    from cqrs.follow.followers import Follower
    from cqrs.follow.messages import Receiver, Timer
    from cqrs.follow.process_followers import ProcessFollower
    from cqrs.follow.process_managers import Setup
    from cqrs.read.compositions import Composition
    from cqrs.read.consistency import Reader
    from cqrs.read.joiner import Joiner
    from cqrs.read.searchers import Searchers
    from cqrs.read.tally_reader import TallyReader
    from cqrs.views.joins import Join
    from cqrs.views.rows import Fold, Followed, RowView
    from cqrs.views.searches import SearchView
    from cqrs.views.tallies import TallyView
    from cqrs.write.aggregates import Aggregates
    from cqrs.write.commands import CommandHandler
    from cqrs.write.decider import Decider

__all__ = ["LambdaHandler", "Wiring", "on_lambda", "wired"]

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]
Build = Callable[["Wiring"], LambdaHandler]


def on_lambda(build: Build, environment: Mapping[str, str]) -> LambdaHandler:
    """A Lambda handler that calls what `build` returns.

    On Lambda, `build` is called at once: the CPU is not throttled while a function starts.
    Elsewhere it is called with the first event, so that importing a handler does nothing.
    """

    @cache
    def made() -> LambdaHandler:
        return wired(build, environment)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return made()(event, context)

    if "AWS_LAMBDA_FUNCTION_NAME" in environment:
        made()
    return handler


def wired(build: Build, environment: Mapping[str, str]) -> LambdaHandler:
    """Calls `build` with an environment. Raises LookupError that names all missing variables."""
    wire = Wiring(Settings(environment))
    made = build(wire)
    wire.settings.check()
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
        return Reader(view, self._rows(view), self._stores(view.folds))

    def joiner(self, *joins: Join) -> Joiner:
        """Puts lookups into the rows that a reader found."""
        from cqrs.read.joiner import Joiner

        views = [join.view for join in joins]
        self.uses["queries"].update(view.name for view in views)
        stores = self._stores(fold for view in views for fold in view.folds)
        return Joiner([(join, self._rows(join.view)) for join in joins], stores)

    def tally_reader(self, view: TallyView) -> TallyReader:
        """Answers queries on a tally."""
        from cqrs.read.tally_reader import TallyReader

        self.uses["queries"].add(view.name)
        return TallyReader(view, self._tallies(view), self._stores(view.folds))

    def searchers(self, views: Sequence[SearchView]) -> Searchers | None:
        """Answers searches in several views; None in a deployment without OpenSearch."""
        from cqrs.read.searchers import Searcher, Searchers

        self.uses["queries"].update(view.name for view in views)
        indexes = [index for view in views if (index := self._index(view))]
        searchers = [Searcher(i.view, i, self._stores(i.view.folds)) for i in indexes]
        return Searchers(searchers) if searchers else None

    def composition(self) -> Composition:
        """Composes answers of the services at SERVICES_URL, within DEADLINE_MS."""
        from cqrs.adapters.http_services import HttpServices
        from cqrs.read.compositions import Composition

        services = HttpServices(self.settings.text("services_url"))
        return Composition(services, self.settings.number("deadline_ms") / 1000)

    # To follow

    def publisher(self) -> PublisherFunction:
        """Puts commits on the Kinesis stream EVENT_STREAM."""
        from cqrs.adapters.clients import kinesis
        from cqrs.adapters.kinesis_publisher import KinesisPublisher
        from cqrs.entrypoints.streams import PublisherFunction

        self.clients.add(kinesis)
        return PublisherFunction(KinesisPublisher(self.settings.text("event_stream")))

    def follower(
        self, views: Sequence[Followed] = (), processes: Sequence[Setup] = ()
    ) -> FollowerFunction:
        """Keeps views and processes up to date from batches of the event stream."""
        from cqrs.entrypoints.streams import FollowerFunction

        return FollowerFunction(list(self._followers(views, processes)))

    def sweeper(self, views: Sequence[Followed], processes: Sequence[Setup]) -> SweeperFunction:
        """Sweeps the stores that views and processes follow, and tells of all that there are."""
        from cqrs.adapters.clients import s3
        from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
        from cqrs.adapters.s3_failures import S3Failures
        from cqrs.entrypoints.sweeper import SweeperFunction

        self.clients.add(s3)
        followers = list(self._followers(views, processes))
        services = {fold.events.context for follower in followers for fold in follower.view.folds}
        others = self.settings.those_with("_events_table") - services
        kept = {view.name: rows for view in views if (rows := self._kept(view))}
        return SweeperFunction(
            {service: self._store(service) for service in sorted(services)},
            followers,
            S3Failures(self.settings.text("failures_bucket")),
            DynamoDbBookmarks(self.settings.text("bookmarks_table")),
            kept,
            [self._store(service) for service in sorted(others)],
        )

    def _followers(
        self, views: Sequence[Followed], processes: Sequence[Setup]
    ) -> Iterator[Follower]:
        from cqrs.follow.followers import Follower

        self.uses["keeps"].update(view.name for view in views)
        for view in views:
            if rows := self._kept(view):
                yield Follower(view, rows, self._stores(view.folds))
        yield from map(self._process, processes)

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
        return DynamoDbEventStore(self.settings.text(f"{service}_events_table"), guards_table)

    def _stores(self, folds: Iterable[Fold[Any, Any]]) -> dict[str, DynamoDbEventStore]:
        """Event stores by the category of their streams."""
        return {fold.category: self._store(fold.events.context) for fold in folds}

    def _kept(self, view: Followed) -> DynamoDbRows | OpenSearchRows | None:
        """The store of a view's rows. None for a search view where there is no OpenSearch: it is
        left out and the others work.
        """
        return self._index(view) if view.kind == "search" else self._rows(view)

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

    def _index(self, view: Followed) -> OpenSearchRows | None:
        """None for a view of another kind, or in a deployment without OpenSearch."""
        if view.kind != "search" or self.settings.text("search_url") == "none":
            return None
        from cqrs.adapters.opensearch_rows import OpenSearchRows

        prefix = self.settings.text("search_prefix")
        return OpenSearchRows(cast("SearchView", view), self._opensearch, prefix)

    @cached_property
    def _opensearch(self) -> OpenSearch:
        from cqrs.adapters.opensearch import OpenSearch

        url, service = self.settings.text("search_url"), self.settings.text("search_service")
        return OpenSearch(url, service, self.settings.text("search_role"))
