"""Compositions over HTTP: one document from several services' answers. Its `parts` give the status
and the milliseconds of each. The caller's own token goes to the services, so that each of them
tells only what it would tell the caller.
"""

from __future__ import annotations

from collections.abc import Callable

from cqrs.entrypoints.about import About, telling
from cqrs.entrypoints.http import Handler, OfOwners, Request, Response
from cqrs.entrypoints.queries import (
    CONSISTENCY,
    CURSOR,
    ETAG,
    LIMIT,
    LIMITS,
    TOKEN,
    answer_of,
    token_of,
)
from cqrs.errors import InvalidCursor, InvalidInput, InvalidToken, NotFound, Unavailable
from cqrs.read.compositions import Composition, Plan, Status

__all__ = ["composed_page_of", "composed_row_of"]

ANSWER = {
    "type": "object",
    "properties": {
        "parts": {
            "type": "object",
            "description": "Of each part, whether it was answered, and in how many milliseconds.",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "status": {"type": "string", "enum": [*Status]},
                    "ms": {"type": "number"},
                },
            },
        }
    },
    "required": ["parts"],
}
PROBLEMS = (InvalidToken, NotFound, Unavailable)


def composed_row_of(composition: Composition, plan: Callable[[str], Plan]) -> Handler:
    """The route of one document; its id is `{id}` in the path."""

    @telling(
        About(
            "One document, composed",
            "Of the services' answers, which are asked for now.",
            parameters=(TOKEN,),
            answer=ANSWER,
            headers=(ETAG, *CONSISTENCY),
            problems=PROBLEMS,
        )
    )
    def answer(request: Request) -> Response:
        return _composed(composition, plan(request.id("id")), request)

    return OfOwners(answer)


def composed_page_of(
    composition: Composition, plan: Callable[[str, int, str | None], Plan]
) -> Handler:
    """The route of a list, whose partition is `{id}` in the path. `limit` and `cursor` are in the
    query; the cursor is passed on to the root question's service.
    """

    @telling(
        About(
            "A list, composed",
            "Of the services' answers, which are asked for now.",
            parameters=(LIMIT, CURSOR, TOKEN),
            answer=ANSWER,
            headers=CONSISTENCY,
            problems=(*PROBLEMS, InvalidInput, InvalidCursor),
        )
    )
    def answer(request: Request) -> Response:
        limit = request.number("limit", **LIMITS)
        asked = plan(request.id("id"), limit, request.query.get("cursor"))
        return _composed(composition, asked, request)

    return OfOwners(answer)


def _composed(composition: Composition, plan: Plan, request: Request) -> Response:
    asked = {"X-Correlation-Id": request.correlation_id}
    if who := request.headers.get("authorization"):
        asked["Authorization"] = who
    found = composition.answer(plan, token_of(request), asked)
    parts = {name: {"status": part.status, "ms": part.ms} for name, part in found.parts.items()}
    reasons = {
        name: part.reason
        for name, part in found.parts.items()
        if part.reason and part.status is not Status.NOT_FOUND  # that is the service's sentence
    }
    body = {**found.document, "parts": parts}
    version = found.document.get("version")
    return answer_of(body, found.freshness, version, parts=parts, missing=reasons)
