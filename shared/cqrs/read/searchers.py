"""Searches that are never older than the token sent.

A search index shows what was written to it a little later, and not at the same time everywhere. So
whether a search was new enough is asked in that same search: it also counts the rows that the token
names and that have come as far as it says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from cqrs.history.commits import category_of
from cqrs.history.event_store import EventReader
from cqrs.history.events import CLEAR, Cipher
from cqrs.plain import Json
from cqrs.read.consistency import POLL_SECONDS, Consistency, Wanted, refuse_lag, wanted_by
from cqrs.read.tokens import Token
from cqrs.views.searches import Conversation, Hits, Question, Round, SearchIndex, SearchView
from cqrs.views.sources import Sources

__all__ = ["Found", "Searcher", "Searchers"]

T = TypeVar("T")

WANTED = "wanted"  # the name of our own aggregation
_MAX_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Found:
    """An answer for each question, in their order."""

    answers: Sequence[Hits]
    consistency: Consistency
    token: Token


class Searcher:
    """Answers questions on one view. Calls: 1, and 1 more each time it has to wait."""

    def __init__(
        self,
        view: SearchView,
        index: SearchIndex,
        stores: Mapping[str, EventReader],
        *,
        cipher: Cipher = CLEAR,
        patience_seconds: float = 2,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`patience_seconds`: how long to wait for the index to show what a token asks for."""
        self.view = view
        self._index = index
        self._sources = Sources(view, stores, cipher)
        self._patience = patience_seconds
        self._clock = clock
        self._pause = pause

    def search(self, questions: Sequence[Question], token: Token) -> Found:
        """Answers that are never older than `token`.

        Raises Parked, InvalidToken for a version that does not exist, and Unavailable when the
        index is down, or not so far in time.
        """
        wanted = wanted_by(token, self.view)
        asked = [_counting(question, wanted) for question in questions] if wanted else questions
        start, poll = self._clock(), POLL_SECONDS
        answers = self._index.search(asked)
        while wanted and not all(_has_come(answer, wanted) for answer in answers):
            if self._clock() - start >= self._patience:
                refuse_lag(wanted, self._index.load(list(wanted)), self._sources)
            self._pause(poll)
            poll = min(2 * poll, _MAX_POLL_SECONDS)
            answers = self._index.search(asked)
        waited = round((self._clock() - start) * 1000) if poll > POLL_SECONDS else 0
        how = Consistency("waited", ms=waited) if waited else Consistency("current")
        hits = [hit.row.positions for answer in answers for hit in answer.hits]
        how = how if wanted else Consistency("eventual")
        return Found(answers, how, token.having_seen(hits))


def _counting(question: Question, wanted: Wanted) -> Question:
    """`question`, and how many of the rows named have come as far as they must."""
    rows = [_come_so_far(key, versions) for key, versions in wanted.items()]
    named = {"filter": {"bool": {"should": rows, "minimum_should_match": 1}}}
    everywhere = {"global": {}, "aggs": {"come": named}}
    others: Any = question.get("aggs") or {}
    return {**question, "aggs": {**others, WANTED: everywhere}}


def _come_so_far(key: str, versions: Mapping[str, int]) -> Json:
    positions = {f"at.{category_of(stream)}": version for stream, version in versions.items()}
    so_far: list[Json] = [{"range": {at: {"gte": n}}} for at, n in positions.items()]
    return {"bool": {"filter": [{"term": {"key": key}}, *so_far]}}


def _has_come(answer: Hits, wanted: Wanted) -> bool:
    return bool(answer.facets[WANTED]["come"]["doc_count"] == len(wanted))


class Searchers:
    """Several views that are asked together. Calls: 1 for each view in a round."""

    def __init__(self, searchers: Iterable[Searcher]) -> None:
        self._searchers = {searcher.view.name: searcher for searcher in searchers}

    def converse(self, conversation: Conversation[T], token: Token) -> tuple[T, Consistency, Token]:
        """What the conversation comes to, how it came to be as new as asked, and the token of what
        it has seen. Raises as `Searcher.search` does.
        """
        seen, how = token, Consistency("eventual")
        try:
            asked = next(conversation)
            while True:
                found = self._ask(asked, token)
                for one in found.values():
                    seen, how = (
                        seen.having_seen([one.token.positions]),
                        how.and_then(one.consistency),
                    )
                asked = conversation.send({name: one.answers for name, one in found.items()})
        except StopIteration as end:
            return end.value, how, seen

    def _ask(self, asked: Round, token: Token) -> dict[str, Found]:
        def search(name: str) -> Found:
            return self._searchers[name].search(asked[name], token)

        names = [name for name, questions in asked.items() if questions]
        if len(names) == 1:
            return {names[0]: search(names[0])}
        with ThreadPoolExecutor(max(len(names), 1)) as pool:
            return dict(zip(names, pool.map(search, names), strict=True))
