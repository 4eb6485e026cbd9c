"""Conversations with search indexes, and tokens inside the search. (Against an OpenSearch:
tests/library/integration.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import InvalidToken, Parked, Unavailable
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.searchers import Searcher, Searchers
from cqrs.read.tokens import Token
from cqrs.views.rows import Part, Row
from cqrs.views.searches import Conversation, Hit, Hits, Question, SearchView
from cqrs.waiting import Patience
from tests.library.waiting import Clock
from tests.library.worlds import ORDER, PAYMENT, follower, history, render, stored

VIEW = SearchView(name="notes", folds=[ORDER, PAYMENT], render=render, fields={})


class Index(MemoryRows):
    """An index in memory. It shows `come` of the rows that a token names, one more each time it is
    asked; None: all.
    """

    come: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Sequence[Question]] = []

    def search(self, questions: Sequence[Question]) -> list[Hits]:
        self.asked.append(questions)
        return [Hits([], 0, self._facets(question)) for question in questions]

    def _facets(self, question: Any) -> Mapping[str, Any]:
        if "wanted" not in question.get("aggs", {}):
            return {}
        named = question["aggs"]["wanted"]["aggs"]["come"]["filter"]["bool"]["should"]
        come = len(named) if self.come is None else min(self.come, len(named))
        if self.come is not None:
            self.come += 1
        return {"wanted": {"come": {"doc_count": come}}}


def searcher(index: Index, clock: Clock | None = None, *histories: Any) -> Searcher:
    clock = clock or Clock()
    store = stored(*histories)
    stores = {"order": store, "payment": store}
    return Searcher(VIEW, index, stores, patience=Patience(1, clock, clock.pause))


def test_without_a_token_a_question_is_asked_as_it_is() -> None:
    index = Index()
    question: Question = {"query": {"match_all": {}}}
    found = searcher(index).search([question], Token())
    assert index.asked == [[question]]
    assert found.freshness.consistency == Consistency("eventual")


def test_every_question_also_asks_for_the_rows_that_the_token_names() -> None:
    index = Index()
    token = Token.parse("order-7@3, payment-7@1, order-8@2, customer-1@5")
    question: Question = {"aggs": {"status": {}}}
    found = searcher(index).search([question, {}], token)
    (asked,) = index.asked
    wanted = [
        {
            "bool": {
                "filter": [
                    {"term": {"key": "7"}},
                    {"range": {"at.order": {"gte": 3}}},
                    {"range": {"at.payment": {"gte": 1}}},
                ]
            }
        },
        {"bool": {"filter": [{"term": {"key": "8"}}, {"range": {"at.order": {"gte": 2}}}]}},
    ]
    for one in asked:
        aggregations: Any = one["aggs"]
        named = aggregations["wanted"]["aggs"]["come"]["filter"]["bool"]
        assert named == {"should": wanted, "minimum_should_match": 1}
    assert "status" in asked[0]["aggs"]  # type: ignore[operator]
    assert found.freshness.consistency == Consistency("current")
    assert found.freshness.token.positions == token.positions


def test_it_waits_longer_each_time_until_all_rows_have_come() -> None:
    index, clock = Index(), Clock()
    index.come = 0
    token = Token.parse("order-7@1, order-8@1, order-9@1")
    histories = [history(stream, "a") for stream in token.positions]
    found = searcher(index, clock, *histories).search([{}], token)
    assert found.freshness.consistency == Consistency("waited", ms=round(sum(clock.pauses) * 1000))
    assert clock.pauses == sorted(set(clock.pauses))
    assert len(clock.pauses) == 3


def test_it_waits_for_the_last_of_its_questions() -> None:
    index, clock = Index(), Clock()
    token = Token.parse("order-7@1, order-8@1")
    index.come = 1  # the first has one, the second both
    histories = [history(stream, "a") for stream in token.positions]
    found = searcher(index, clock, *histories).search([{}, {}], token)
    assert found.freshness.consistency.kind == "waited"
    assert len(index.asked) == 2


def test_a_conversation_hands_on_what_it_has_seen() -> None:
    row = Row(key="7", parts={"order-7": Part(version=4)})

    class Finding(Index):
        def search(self, questions: Sequence[Question]) -> list[Hits]:
            return [Hits([Hit(row, ())], 1) for _ in questions]

    def talk() -> Conversation[None]:
        yield {"notes": [{}]}

    _, freshness = Searchers([searcher(Finding())]).converse(talk(), Token())
    assert str(freshness.token) == "order-7@4"


def test_what_does_not_come_in_time_is_not_shown() -> None:
    index, clock = Index(), Clock()
    index.come = -1_000
    with pytest.raises(Unavailable):
        searcher(index, clock, history("order-7", "a")).search([{}], Token.parse("order-7@1"))
    assert 1 <= clock.now < 1.3


def test_a_version_that_does_not_exist_is_not_waited_for() -> None:
    index, clock = Index(), Clock()
    index.come = -1_000
    with pytest.raises(InvalidToken, match="its newest is 1"):
        searcher(index, clock, history("order-7", "a")).search([{}], Token.parse("order-7@2"))
    assert (clock.pauses, len(index.asked)) == ([], 1)


def test_a_row_that_is_parked_before_what_is_asked_is_not_waited_for() -> None:
    index, clock = Index(), Clock()
    index.come = -1_000
    poisoned = history("order-7", "a", "poison")
    follower(index, stored(poisoned)).catch_up({"order-7": ()})
    with pytest.raises(Parked):
        searcher(index, clock, poisoned).search([{}], Token.parse("order-7@2"))
    assert clock.pauses == []


def test_a_row_that_is_parked_after_what_is_asked_is_waited_for() -> None:
    index = Index()
    index.come = 0
    poisoned = history("order-7", "a", "poison")
    follower(index, stored(poisoned)).catch_up({"order-7": ()})
    found = searcher(index, None, poisoned).search([{}], Token.parse("order-7@1"))
    assert found.freshness.consistency.kind == "waited"


def test_a_search_that_need_not_wait_asks_nobody_else() -> None:
    class Alone(Index):
        def load(self, keys: Sequence[str]) -> dict[str, Row]:
            raise AssertionError("it was asked")

    found = searcher(Alone()).search([{}], Token.parse("order-7@1"))
    assert found.freshness.consistency == Consistency("current")


def test_a_conversation_is_sent_the_answers_to_what_it_asked() -> None:
    index = Index()

    def talk() -> Conversation[list[object]]:
        first = yield {"notes": [{"size": 1}, {"size": 2}]}
        second = yield {"notes": []}
        third = yield {"notes": [{"size": 3}]}
        return [
            {name: len(answers) for name, answers in got.items()} for got in (first, second, third)
        ]

    said, freshness = Searchers([searcher(index)]).converse(talk(), Token())
    assert said == [{"notes": 2}, {}, {"notes": 1}]
    assert [len(questions) for questions in index.asked] == [2, 1]
    assert freshness == Freshness()


def test_a_conversation_is_as_slow_as_its_rounds_together() -> None:
    index = Index()
    index.come = 0

    def talk() -> Conversation[None]:
        yield {"notes": [{}]}
        yield {"notes": [{}]}

    searchers = Searchers([searcher(index, None, history("order-7", "a"))])
    _, freshness = searchers.converse(talk(), Token.parse("order-7@1"))
    assert freshness.consistency == Consistency("waited", ms=20)
    assert str(freshness.token) == "order-7@1"


def test_all_rounds_of_a_conversation_have_one_patience() -> None:
    index, clock = Index(), Clock()
    index.come = -6  # the first round has what it waits for in 0.9 seconds of 1

    def talk() -> Conversation[None]:
        yield {"notes": [{}]}
        assert clock.now == pytest.approx(0.9)
        index.come = -1_000
        yield {"notes": [{}]}

    with pytest.raises(Unavailable):
        Searchers([searcher(index, clock, history("order-7", "a"))]).converse(
            talk(), Token.parse("order-7@1")
        )
    assert 1 <= clock.now < 1.2
