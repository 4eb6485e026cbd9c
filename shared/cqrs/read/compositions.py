"""API composition: asks several services at query time, and joins their answers into one.

A plan lists the questions. Without an answer to its root question there is no result; any other
part may be missing, and the result says so. Questions that depend on the root are sent as soon as
the root has answered, while others are still pending. All questions share one deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Any, NoReturn, Protocol
from urllib.parse import quote, urlencode

from cqrs import plain
from cqrs.discretion import said
from cqrs.errors import (
    CqrsError,
    Forbidden,
    InvalidCursor,
    InvalidToken,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from cqrs.plain import Value, field, replace
from cqrs.read.freshness import Consistency, Freshness
from cqrs.read.tokens import Token
from cqrs.views.rows import Document

__all__ = [
    "AllTold",
    "Ask",
    "Composed",
    "Composition",
    "Plan",
    "Reply",
    "Services",
    "Status",
    "Told",
]

ASKED_AT_ONCE = 8
REFUSALS: Mapping[tuple[int, str], type[CqrsError]] = {
    (400, InvalidCursor.code): InvalidCursor,
    (400, InvalidToken.code): InvalidToken,
    (401, Unauthenticated.code): Unauthenticated,
    (403, Forbidden.code): Forbidden,
    (404, NotFound.code): NotFound,
}


class Reply(Value, kw_only=False):
    """A service's answer over HTTP. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Services(Protocol):
    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """Raises TimeoutError if there is no answer within about `seconds`; Unavailable."""


class Ask(Value):
    """A question to a service, a GET of the path `of`: `("orders",)` or `("orders", "7")`. `read`
    extracts a value from the answer's JSON; if it raises any exception, the part is unavailable.
    """

    part: str
    of: Sequence[str]
    query: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[Any], Any]


AllTold = Mapping[str, Any]
"""The value read from each answer, by part; None for a part that is missing."""


class Plan(Value):
    """The questions of a composition. `beside` is sent together with `root`; `after` returns what
    to ask once the root's value is known; `join` builds the document from all values.
    """

    root: Ask
    beside: Sequence[Ask] = ()
    after: Callable[[Any], Sequence[Ask]] = lambda _: ()
    join: Callable[[AllTold], Document]


class Status(StrEnum):
    OK = "ok"
    NOT_FOUND = "not_found"
    LATE = "late"
    UNAVAILABLE = "unavailable"


class Told(Value):
    """The outcome of a question, after `ms` milliseconds: `told` is the value. `reason` is for the
    log.
    """

    status: Status
    ms: int = 0
    reason: str = ""
    told: Any = None
    freshness: Freshness = field(default_factory=Freshness)


class Composed(Value):
    """The joined answer. `freshness` has the token of all parts that answered, and the root's
    consistency.
    """

    document: Document
    parts: Mapping[str, Told]
    freshness: Freshness


class _Asked(Value, kw_only=False):
    """A question that was sent."""

    name: str
    since: float
    part: Future[Told]


class Composition:
    """Answers plans within `deadline_seconds`."""

    def __init__(
        self,
        services: Services,
        deadline_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._seconds = deadline_seconds
        self._clock = clock

    def answer(self, plan: Plan, token: Token, headers: Mapping[str, str]) -> Composed:
        """Sends the plan's questions, each with `token` and `headers`, and joins the answers.

        Raises NotFound if the root does not exist, Unavailable if it does not answer in time, and
        InvalidToken or InvalidCursor if any service answers so.
        """
        deadline = self._clock() + self._seconds
        if token.positions:
            headers = {**headers, "Consistency-Token": str(token)}
        pool = ThreadPoolExecutor(ASKED_AT_ONCE)

        def send(ask: Ask) -> _Asked:
            since = self._clock()
            return _Asked(ask.part, since, pool.submit(self._part, ask, headers, since, deadline))

        try:
            # 1. Ask what does not depend on the root, and wait for the root.
            first = send(plan.root)
            others = [send(ask) for ask in plan.beside]
            root = self._ended(first, deadline)
            _check(plan.root, root)
            # 2. Ask what depends on the root, and wait for all.
            others += [send(ask) for ask in plan.after(root.told)]
            parts = {asked.name: self._ended(asked, deadline) for asked in [first, *others]}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        document = plan.join({name: part.told for name, part in parts.items()})
        seen = token.having_seen(part.freshness.token.positions for part in parts.values())
        freshness = Freshness(root.freshness.consistency, seen)
        return Composed(document=document, parts=parts, freshness=freshness)

    def _ended(self, asked: _Asked, deadline: float) -> Told:
        try:
            return asked.part.result(max(0, deadline - self._clock()))
        except TimeoutError:
            return Told(status=Status.LATE, ms=self._ms(asked.since), reason="no answer in time")

    def _part(self, ask: Ask, headers: Mapping[str, str], since: float, deadline: float) -> Told:
        try:
            part = _told(self._services, ask, headers, deadline - self._clock())
        except NotFound as error:
            part = Told(status=Status.NOT_FOUND, reason=str(error))
        except Unavailable as error:
            part = Told(status=Status.UNAVAILABLE, reason=str(error))
        except TimeoutError as error:
            part = Told(status=Status.LATE, reason=str(error))
        return replace(part, ms=self._ms(since))

    def _ms(self, since: float) -> int:
        return round((self._clock() - since) * 1000)


def _check(ask: Ask, root: Told) -> None:
    match root.status:
        case Status.NOT_FOUND:
            raise NotFound(root.reason)
        case Status.LATE | Status.UNAVAILABLE:
            raise Unavailable(f"'{ask.part}' is {root.status}: {root.reason}")


def _told(services: Services, ask: Ask, headers: Mapping[str, str], seconds: float) -> Told:
    """Raises NotFound, Unavailable, TimeoutError, InvalidToken and InvalidCursor."""
    if seconds <= 0:
        raise TimeoutError("there was no time left to ask")
    path = "".join(f"/{quote(step, safe='')}" for step in ask.of)
    if ask.query:
        path += f"?{urlencode(ask.query, safe=',')}"
    reply = services.get(path, headers, seconds)
    if reply.status != 200:
        _refuse(reply)
    try:
        told = ask.read(plain.from_json(reply.body))
        token = Token.parse(reply.headers.get("consistency-token"))
        how = Consistency.parse(reply.headers.get("consistency", ""))
        return Told(status=Status.OK, told=told, freshness=Freshness(how, token))
    except Exception as error:  # a broken answer costs its own part only
        raise Unavailable(f"its answer can't be read: {said(error)}") from error


def _refuse(reply: Reply) -> NoReturn:
    """Trusts a status only with a problem document: a bare 404 may come from a gateway."""
    try:
        problem = plain.from_json(reply.body)
        kind = REFUSALS[(reply.status, problem["code"])]
        detail = str(problem["detail"])
    except (ValueError, LookupError, TypeError) as error:
        raise Unavailable(f"it answers {reply.status}") from error
    raise kind(detail)
