"""Composition: one answer, joined from what several services say when they are asked.

A plan says whom to ask what. Without its root there is no answer; any other part may be missing,
and then the answer says so. What follows from the root is asked as soon as the root is known,
whatever else is still awaited. All questions have one deadline, and nobody is waited for beyond it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Any, NoReturn, Protocol
from urllib.parse import quote, urlencode

from cqrs import plain
from cqrs.errors import CqrsError, InvalidCursor, InvalidToken, NotFound, Unavailable
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
    (404, NotFound.code): NotFound,
}


class Reply(Value, kw_only=False):
    """What a service answered. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Services(Protocol):
    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """Raises TimeoutError if there is no answer within about `seconds`, and Unavailable."""


class Ask(Value):
    """A question to a service, about `of`: a collection, or one in it, as in `("orders", "7")`.
    `read` takes what is needed from the answer; if it raises, whatever it is, that was none.
    """

    part: str
    of: Sequence[str]
    query: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[Any], Any]


AllTold = Mapping[str, Any]
"""What was read from each answer, by part; None where there was none."""


class Plan(Value):
    """`beside` is asked together with `root`; `after` says what to ask once the root is told.
    `join` makes the document of all that was told.
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
    """How a question ended, and after how long. `reason` is for the log."""

    status: Status
    ms: int = 0
    reason: str = ""
    told: Any = None
    freshness: Freshness = field(default_factory=Freshness)


class Composed(Value):
    """`freshness` has the token of all parts that are there; what it took is what the root says."""

    document: Document
    parts: Mapping[str, Told]
    freshness: Freshness


class _Asked(Value, kw_only=False):
    """A question that is on its way."""

    name: str
    since: float
    part: Future[Told]


class Composition:
    """Answers plans, by the deadline at the latest."""

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
        """`token` and `headers` go with every question.

        Raises NotFound and Unavailable if the root is not there or not told in time, and
        InvalidToken and InvalidCursor if a service does.
        """
        deadline = self._clock() + self._seconds
        if token.positions:
            headers = {**headers, "Consistency-Token": str(token)}
        pool = ThreadPoolExecutor(ASKED_AT_ONCE)

        def send(ask: Ask) -> _Asked:
            since = self._clock()
            return _Asked(ask.part, since, pool.submit(self._part, ask, headers, since, deadline))

        try:
            # 1. Ask all that can be asked now, and wait for the root.
            first = send(plan.root)
            others = [send(ask) for ask in plan.beside]
            root = self._ended(first, deadline)
            _check(plan.root, root)
            # 2. Ask what follows from it, and wait for everyone.
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
        _refuse(path, reply)
    try:
        told = ask.read(plain.from_json(reply.body))
        token = Token.parse(reply.headers.get("consistency-token"))
        how = Consistency.parse(reply.headers.get("consistency", ""))
        return Told(status=Status.OK, told=told, freshness=Freshness(how, token))
    except Exception as error:  # whatever is wrong with an answer, only its own part is missing
        raise Unavailable(f"{path} answers what can't be read: {error!r}") from error


def _refuse(path: str, reply: Reply) -> NoReturn:
    """Only a problem document says what it means: a 404 may also be the answer of a gateway."""
    try:
        problem = plain.from_json(reply.body)
        kind = REFUSALS[(reply.status, problem["code"])]
        detail = str(problem["detail"])
    except (ValueError, LookupError, TypeError) as error:
        raise Unavailable(f"{path} answers {reply.status}: {reply.body[:200]!r}") from error
    raise kind(detail)
