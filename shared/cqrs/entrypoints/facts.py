"""Facts over HTTP: the state of a service's aggregates, from its own store, so always current.
Where the decider says whose an aggregate is, a customer is told of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cqrs.at_once import at_once
from cqrs.entrypoints import about
from cqrs.entrypoints.about import About, telling
from cqrs.entrypoints.callers import Caller
from cqrs.entrypoints.http import Handler, OfOwners, Request, Response
from cqrs.entrypoints.queries import CONSISTENCY, ETAG, OF_STORES, TOKEN, answer_of, token_of
from cqrs.errors import InvalidInput, NotFound
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token
from cqrs.read.wanted import no_version
from cqrs.views.rows import Document
from cqrs.write.aggregates import Aggregates, Loaded

__all__ = ["MAX_IDS", "facts_of", "facts_of_many"]

S = TypeVar("S")
Shown = Callable[[str, S], Document | None]

MAX_IDS = 50


def facts_of(aggregates: Aggregates[Any, S, Any], shown: Shown[S], what: str) -> Handler:
    """The route of one aggregate; its id is `{id}` in the path.

    AWS calls: 1.
    """

    @telling(
        About(
            f"One {what}",
            "From the service's own store, so always current.",
            parameters=(TOKEN,),
            headers=(ETAG, *CONSISTENCY),
            problems=(*OF_STORES, NotFound),
        )
    )
    def answer(request: Request) -> Response:
        key, token = request.id("id"), token_of(request)
        loaded = _load(aggregates, key, token, request.caller)
        facts = _facts(shown, key, loaded)
        if facts is None:
            raise NotFound(f"There is no {what} {key}.")
        freshness = _current(token, {aggregates.stream(key): loaded.version})
        return answer_of(facts, freshness, loaded.version)

    return _told_owners(aggregates, answer)


def facts_of_many(
    aggregates: Aggregates[Any, S, Any], shown: Shown[S], parameter: str, items: str
) -> Handler:
    """The route of several aggregates, whose ids are in the query's `parameter`, at most MAX_IDS.
    The answer has them under `items`, by id; null for one that does not exist.

    AWS calls: 1 for each id, several at a time.
    """
    asked = about.ids(parameter, "The ids, with commas.", most=MAX_IDS)
    by_id = {"type": "object", "additionalProperties": {"type": ["object", "null"]}}

    @telling(
        About(
            f"Several {items}, by their ids",
            "From the service's own store, so always current; null for what is not there.",
            parameters=(asked, TOKEN),
            answer={"type": "object", "properties": {items: by_id}, "required": [items]},
            headers=CONSISTENCY,
            problems=(*OF_STORES, InvalidInput),
        )
    )
    def answer(request: Request) -> Response:
        keys, token = request.ids(parameter, most=MAX_IDS), token_of(request)
        loads = at_once(lambda key: _load(aggregates, key, token, request.caller), keys)
        loaded = dict(zip(keys, loads, strict=True))
        seen = {aggregates.stream(key): one.version for key, one in loaded.items()}
        facts = {key: _facts(shown, key, one) for key, one in loaded.items()}
        return answer_of({items: facts}, _current(token, seen))

    return _told_owners(aggregates, answer)


def _told_owners(aggregates: Aggregates[Any, Any, Any], answer: Handler) -> Handler:
    return OfOwners(answer) if aggregates.owner else answer


def _load(aggregates: Aggregates[Any, S, Any], key: str, token: Token, to: Caller) -> Loaded[S]:
    """What is another's is as if nothing were there, also to a token that names it."""
    stream = aggregates.stream(key)
    loaded = aggregates.load(stream)
    if aggregates.owner and not to.owns(aggregates.owner(key, loaded.state)):
        loaded = aggregates.nothing
    if token.positions.get(stream, 0) > loaded.version:
        raise no_version(stream, token.positions[stream], loaded.version)
    return loaded


def _facts(shown: Shown[S], key: str, loaded: Loaded[S]) -> Document | None:
    facts = shown(key, loaded.state)
    return None if facts is None else {**facts, "version": loaded.version}


def _current(token: Token, seen: dict[str, int]) -> Freshness:
    return Freshness(Consistency("current"), token.having_seen([seen]))
