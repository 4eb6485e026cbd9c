"""Searches that are never older than the token sent with them.

A search index shows a write a little later, and its replicas differ in that. So each search checks
itself: it also counts the rows that the token names and that have reached the token's versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from cqrs.at_once import at_once
from cqrs.history.commits import category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.plain import Json, Value
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token
from cqrs.read.wanted import Wanted, wanted_by, why_behind
from cqrs.views.generations import Editions, editions_of
from cqrs.views.searches import Conversation, Hits, Question, Round, SearchIndex, SearchView
from cqrs.views.sources import Sources
from cqrs.waiting import Patience

__all__ = ["Found", "Searcher", "Searchers"]

T = TypeVar("T")

WANTED = "wanted"  # the name of the aggregation that is added to every question
PATIENCE = Patience(2)


class Found(Value, kw_only=False):
    """The `hits` of each question, in the order of the questions."""

    hits: Sequence[Hits]
    freshness: Freshness


class Searcher:
    """Searches one view, in the generation that is active.

    Calls: 1. If it has to wait: 1 to load the rows that the token names, 1 for each of their
    streams that the index is behind at, and 1 for each further look. 1 more every few seconds, to
    see which generation is active.
    """

    def __init__(
        self,
        view: SearchView,
        index: SearchIndex | Editions[SearchIndex],
        stores: Mapping[str, EventReader],
        *,
        cipher: Cipher = CLEAR,
        patience: Patience = PATIENCE,
    ) -> None:
        """`index` alone has everything, and is the only generation. `patience`: how long to wait
        for the index to show what a token asks for.
        """
        self.view = view
        self.patience = patience
        self.editions = editions_of(view, index)
        self._sources = Sources(view, stores, cipher)

    def search(
        self,
        questions: Sequence[Question],
        token: Token,
        patience: Patience | None = None,
        index: SearchIndex | None = None,
    ) -> Found:
        """Hits that are never older than `token`, in `index` if it is given.

        Raises Parked, InvalidToken for a version that does not exist, and Unavailable when the
        index is down or does not show what the token names in time: in the rest of `patience`, or
        in the searcher's own.
        """
        index = index or self.editions.serving().rows
        wanted = wanted_by(token, self.view)
        asked = [_counting(question, wanted) for question in questions] if wanted else questions
        for waited in (patience or self.patience).looks():
            found = index.search(asked)
            if all(_has_come(hits, wanted) for hits in found):
                how = Consistency.after(wanted, waited=waited)
                seen = token.having_seen(hit.row.positions for hits in found for hit in hits.hits)
                return Found(found, Freshness(how, seen))
            if not waited:
                reason = why_behind(wanted, index.load(list(wanted)), self._sources)
                if not reason.retryable:  # there is nothing to wait for
                    raise reason
        raise reason


def _counting(question: Question, wanted: Wanted) -> Question:
    """`question` with an aggregation that counts the wanted rows that are new enough."""
    rows = [_come_so_far(key, versions) for key, versions in wanted.items()]
    named = {"filter": {"bool": {"should": rows, "minimum_should_match": 1}}}
    everywhere = {"global": {}, "aggs": {"come": named}}
    others: Any = question.get("aggs") or {}
    return {**question, "aggs": {**others, WANTED: everywhere}}


def _come_so_far(key: str, versions: Mapping[str, int]) -> Json:
    positions = {f"at.{category_of(stream)}": version for stream, version in versions.items()}
    so_far: list[Json] = [{"range": {at: {"gte": n}}} for at, n in positions.items()]
    return {"bool": {"filter": [{"term": {"key": key}}, *so_far]}}


def _has_come(hits: Hits, wanted: Wanted) -> bool:
    return not wanted or bool(hits.facets[WANTED]["come"]["doc_count"] == len(wanted))


class Searchers:
    """Searches several views together. Calls: 1 for each view in a round."""

    def __init__(self, searchers: Iterable[Searcher]) -> None:
        self._searchers = {searcher.view.name: searcher for searcher in searchers}

    def scope_of(self, view: SearchView, scope: str | None) -> str:
        """The generation to search in: the active one, or that in which a search has begun that
        goes on now. Raises NotFilled, InvalidCursor and Unavailable.
        """
        return self._searchers[view.name].editions.serving(scope).scope

    def converse(
        self, conversation: Conversation[T], token: Token, scope: str | None = None
    ) -> tuple[T, Freshness]:
        """Runs the rounds of a conversation; returns its result and the freshness of all hits.
        `scope` is the generation that is searched of the view that has it.

        Raises as `Searcher.search`, and InvalidCursor for a generation that is gone; all rounds
        share one patience, and one generation of each view.
        """
        indexes: dict[str, SearchIndex] = {}
        of_view = {scope.partition("#")[0]: scope} if scope else {}

        def open_indexes(names: Iterable[str]) -> None:
            for name in names:
                if name not in indexes:
                    indexes[name] = self._searchers[name].editions.serving(of_view.get(name)).rows

        freshness = Freshness(token=token)
        patience = {name: one.patience.from_now() for name, one in self._searchers.items()}
        try:
            asked = next(conversation)
            while True:
                open_indexes(name for name, questions in asked.items() if questions)
                found = self._ask(asked, token, patience, indexes)
                for one in found.values():
                    freshness = freshness.and_then(one.freshness)
                asked = conversation.send({name: one.hits for name, one in found.items()})
        except StopIteration as end:
            return end.value, freshness

    def _ask(
        self,
        asked: Round,
        token: Token,
        patience: Mapping[str, Patience],
        indexes: Mapping[str, SearchIndex],
    ) -> dict[str, Found]:
        def search(name: str) -> Found:
            searcher = self._searchers[name]
            return searcher.search(asked[name], token, patience[name], indexes[name])

        names = [name for name, questions in asked.items() if questions]
        return dict(zip(names, at_once(search, names), strict=True))
