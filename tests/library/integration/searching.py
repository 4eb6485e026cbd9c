"""Search views over one store, in an OpenSearch, before which stands a proxy that fails."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from cqrs.adapters import opensearch_rows
from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.follow.fill import fill
from cqrs.follow.followers import Follower
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader
from cqrs.plain import replace
from cqrs.read.freshness import Consistency
from cqrs.read.searchers import Searcher, Searchers
from cqrs.read.tokens import Token
from cqrs.views.searches import Conversation, SearchView
from cqrs.waiting import Patience
from tests.library.opensearch import Fault, Proxy, Server

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
def proxy(server: Server) -> Iterator[Proxy]:
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
    """Search views, kept up to date with one store. It keeps the bookmarks of its walks too."""

    def __init__(self, url: str, views: Sequence[SearchView]) -> None:
        self.url = url
        self.store = MemoryEventStore(page=3)
        self.prefix = next(prefixes)
        self.rows = [OpenSearchRows(view, OpenSearch(url), self.prefix) for view in views]
        folds = [fold for view in views for fold in view.folds]
        self.stores: Mapping[str, EventReader] = {fold.category: self.store for fold in folds}
        self.services = {fold.events.context: self.store for fold in folds}
        self.followers = [Follower(rows.view, rows, self.stores) for rows in self.rows]
        self.marks: dict[str, str | None] = {}

    def get(self, name: str) -> str | None:
        return self.marks.get(name)

    def put(self, name: str, cursor: str | None) -> None:
        self.marks[name] = cursor

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
        return {name for one in self.followers for name in one.catch_up(hints).failed}

    def tend(self) -> bool:
        """Fills what is not filled. Whether all of it is there."""
        pairs = zip(self.rows, self.followers, strict=True)
        ready = [fill(rows, follower, self.services, self) for rows, follower in pairs]
        return all(ready)

    def sweep(self) -> bool:
        """Whether every view has been swept."""
        return not any(page.failed for page in list(sweep(self.store, self.followers)))

    # What is asked

    def converse(self, conversation: Conversation[T], token: str = "") -> tuple[T, Consistency]:
        searchers = [Searcher(r.view, r, self.stores, patience=PATIENCE) for r in self.rows]
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
