"""Compositions over HTTP: what several services say, as one document that tells what is missing."""

from __future__ import annotations

from collections.abc import Callable

from cqrs.entrypoints.http import Handler, Request, Response
from cqrs.entrypoints.queries import MAX_LIMIT, answer_of, token_of
from cqrs.read.compositions import Composition, Plan

__all__ = ["composed_page_of", "composed_row_of"]


def composed_row_of(composition: Composition, plan: Callable[[str], Plan]) -> Handler:
    """The route of one document, `{id}` in the path."""

    def answer(request: Request) -> Response:
        return _composed(composition, plan(request.id("id")), request)

    return answer


def composed_page_of(
    composition: Composition, plan: Callable[[str, int, str | None], Plan]
) -> Handler:
    """The route of a list, `{id}` in the path being its partition: `limit` and `cursor` in the
    query, the cursor being the root's.
    """

    def answer(request: Request) -> Response:
        limit = request.number("limit", default=20, low=1, high=MAX_LIMIT)
        asked = plan(request.id("id"), limit, request.query.get("cursor"))
        return _composed(composition, asked, request)

    return answer


def _composed(composition: Composition, plan: Plan, request: Request) -> Response:
    asked = {"X-Correlation-Id": request.correlation_id}
    if who := request.headers.get("authorization"):  # services answer to whoever asks here
        asked["Authorization"] = who
    found = composition.answer(plan, token_of(request), asked)
    parts = {name: {"status": part.status, "ms": part.ms} for name, part in found.parts.items()}
    reasons = {name: part.reason for name, part in found.parts.items() if part.reason}
    body = {**found.document, "parts": parts}
    version = found.document.get("version")
    return answer_of(body, found.freshness, version, parts=parts, missing=reasons)
