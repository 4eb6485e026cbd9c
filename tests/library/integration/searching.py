"""Search views over one store, in an OpenSearch, before which stands a proxy that fails."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from cqrs.adapters import opensearch_rows
from cqrs.adapters.memory import MemoryEventStore, MemoryGenerations, MemoryRows
from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.follow.followers import Follower
from cqrs.follow.walker import ONCE
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader
from cqrs.plain import replace
from cqrs.read.freshness import Consistency
from cqrs.read.searchers import Searcher, Searchers
from cqrs.read.tokens import Token
from cqrs.views.searches import Conversation, SearchView
from cqrs.waiting import Patience
from tests.library.generations import Views
from tests.library.opensearch import Fault, Proxy, Server
from tests.library.walking import audit

__all__ = [
    "Beset",
    "Searching",
    "beset",
    "documents",
    "folded",
    "on_day",
    "prefixes",
    "proxy",
    "server",
]

T = TypeVar("T")

prefixes = (f"test-{n}" for n in itertools.count())
PATIENCE = Patience(0.3)
TIMEOUTS = ("READ_SECONDS", "WRITE_SECONDS", "ADMIN_SECONDS")

Beset = Callable[[Fault | None], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    assert "warning" not in server.stop(), "it ignores something that we ask of it"


@pytest.fixture
def proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")  # of who fills the indexes
    monkeypatch.setattr("cqrs.follow.walker.PATIENCE", ONCE)
    with Proxy(server.url).running() as proxy:
        yield proxy


@pytest.fixture
def beset(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Beset:
    """Says what is wrong for now. What is slow is not waited for long: the tests shall not be."""
    usual = {name: getattr(opensearch_rows, name) for name in TIMEOUTS}

    def beset(fault: Fault | None) -> None:
        proxy.fault = fault
        for name, seconds in usual.items():
            monkeypatch.setattr(opensearch_rows, name, 0.3 if fault == "slow" else seconds)

    return beset


class Searching:
    """Search views, kept up to date with one store."""

    def __init__(self, url: str, views: Sequence[SearchView]) -> None:
        self.url = url
        self.store = MemoryEventStore(page=3)
        self.prefix = next(prefixes)
        folds = [fold for view in views for fold in view.folds]
        self.stores: Mapping[str, EventReader] = {fold.category: self.store for fold in folds}
        self.services = {fold.events.context: self.store for fold in folds}
        self.register = MemoryGenerations()
        self.deploy(*views)

    def deploy(self, *views: SearchView) -> None:
        """The code has these views now."""
        numbers = {view.name: view.generation for view in views}

        def rows(view: SearchView) -> OpenSearchRows:
            own = view.generation == numbers[view.name]
            return OpenSearchRows(view, OpenSearch(self.url), self.prefix, own=own)

        self.views = Views(
            *views,
            stores=self.stores,
            services=self.services,
            make=rows,
            seconds=0,
            register=self.register,
        )
        self.rows: list[OpenSearchRows] = [self.views.rows(view) for view in views]

    # What happens

    def store_all(self, *histories: Sequence[Commit]) -> list[Commit]:
        """Stores commits that nobody is told of."""
        commits = [commit for history in histories for commit in history]
        for commit in commits:
            self.store.append(commit, "")
        return commits

    def happens(self, *histories: Sequence[Commit]) -> None:
        self.tell(self.store_all(*histories))

    def tell(self, commits: Sequence[Commit]) -> set[str]:
        """Rings for `commits`; returns the streams that must come again."""
        hints: dict[str, list[Commit]] = {}
        for commit in commits:
            hints.setdefault(commit.stream, []).append(commit)
        return {name for one in self.views.roster for name in one.catch_up(hints).failed}

    def tend(self) -> bool:
        """Fills what is not filled, as far as that goes. Whether all of it is there."""
        return self.views.tend()

    def audit(self) -> bool:
        """Whether every view has come on as far as the store."""
        return not audit(self.store, list(self.views.roster)).failed

    # What is asked

    def converse(self, conversation: Conversation[T], token: str = "") -> tuple[T, Consistency]:
        searchers = [
            Searcher(view, self.views.editions(view), self.stores, patience=PATIENCE)
            for view in (rows.view for rows in self.rows)
        ]
        said, freshness = Searchers(searchers).converse(conversation, Token.parse(token))
        return said, freshness.consistency


def on_day(commit: Commit, day: int) -> Commit:
    """As `recorded` made it, but on another day of January."""
    return replace(commit, body=commit.body.replace("2026-01-01T", f"2026-01-{day:02}T"))


def documents(rows: OpenSearchRows) -> dict[str, Any]:
    """All that a search sees."""
    (answer,) = rows.search([{"size": 1000}])
    return {hit.row.key: hit.row.document for hit in answer.hits}


def folded(view: SearchView, history: Sequence[Commit]) -> dict[str, Any]:
    """What each row shows of all that happened, told once and in order."""
    store, rows = MemoryEventStore(), MemoryRows()
    for commit in history:
        store.append(commit, "")
    names = {commit.stream for commit in history if view.fold_of(commit.stream)}
    follower = Follower(view, rows, {fold.category: store for fold in view.folds})
    follower.catch_up(dict.fromkeys(names, ()))
    loaded = rows.load([view.key_of(name) for name in names]).values()
    return {row.key: row.document for row in loaded if row.document}
