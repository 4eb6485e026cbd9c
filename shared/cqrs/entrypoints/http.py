"""HTTP requests, as events of an API Gateway HTTP API (payload 2.0), and their answers.

API Gateway does the routing: a function has a handler per route key, such as `GET /orders/{id}`.
Every error becomes a problem document (RFC 9457); `STATUS` alone assigns HTTP statuses to errors.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from cqrs import plain
from cqrs.entrypoints.about import About, Header, Parameter, about_of
from cqrs.entrypoints.callers import ANYONE, NOBODY, Caller, Role, caller_of
from cqrs.errors import (
    Ahead,
    Conflict,
    CqrsError,
    Forbidden,
    InvalidInput,
    KeyReused,
    NotConfigured,
    NotFilled,
    NotFound,
    Parked,
    PreconditionFailed,
    Refused,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from cqrs.history.events import Instant
from cqrs.history.instants import now
from cqrs.observability import count, logger
from cqrs.plain import Value, field, replace

__all__ = [
    "CORRELATION",
    "CORRELATION_ID",
    "HttpFunction",
    "MethodNotAllowed",
    "OfOwners",
    "Request",
    "Response",
    "Routes",
    "no_choice",
    "no_such_route",
]

K = TypeVar("K", bound=StrEnum)

MAX_BODY_BYTES = 128 * 1024
# Answers are what they say, and their caller's alone. That browsers come by HTTPS only is for the
# owner of a domain to say: API Gateway's own name answers nothing else.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_SUBJECTS = (("jwt", ("claims", "sub")), ("iam", ("userArn",)), ("lambda", ("principalId",)))
_ETAG = re.compile(r'"([1-9][0-9]{0,9})"')


class MethodNotAllowed(CqrsError):
    code = "method_not_allowed"
    quotes = True

    def __init__(self, method: str, path: str, allowed: list[str]) -> None:
        super().__init__(f"{path} does not support {method}.")
        self.allowed = allowed


STATUS: Mapping[type[CqrsError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    KeyReused: 422,
    Refused: 422,
    Throttled: 429,
    Parked: 503,
    Ahead: 503,
    Unavailable: 503,
    CqrsError: 500,
    NotConfigured: 501,
}


CORRELATION_ID = Parameter(
    "X-Correlation-Id",
    "Yours, to be found in every log line that the request leads to: up to 64 letters, digits and "
    "`. _ -`. Anything else is ignored.",
    place="header",
)
CORRELATION = Header("X-Correlation-Id", "The one that was sent, or a new one.")
RETRY_AFTER = Header("Retry-After", "The seconds to wait.", {"type": "integer"})


class Request(Value):
    """An HTTP request. Header names are in lower case. `caller`: the one who asks, as far
    as the route wants to know.
    """

    route: str
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    authorizer: Mapping[str, Any]
    request_id: str
    correlation_id: str
    time: Instant
    caller: Caller = NOBODY

    @property
    def actor(self) -> str:
        """The caller, as the authoriser names it. Without an authoriser everyone is `anonymous`,
        and so shares idempotency keys.
        """
        for kind, path in _SUBJECTS:
            found: Any = self.authorizer.get(kind) or {}
            for name in path:
                found = found.get(name) if isinstance(found, dict) else None
            if isinstance(found, str) and found:
                return f"{kind}:{found}"
        if any(self.authorizer.values()):
            # as `anonymous`, callers would get each other's answers for the same idempotency key
            raise RuntimeError("the API's authoriser names no subject")
        return "anonymous"

    def json(self) -> Any:
        """The body as JSON. Raises InvalidInput; TooLarge above MAX_BODY_BYTES."""
        if len(self.body) > MAX_BODY_BYTES:
            raise TooLarge("The body", len(self.body), MAX_BODY_BYTES)
        if not self.body:
            raise InvalidInput("A JSON body is required.")
        try:
            return plain.from_json(self.body.decode(), untrusted=True)
        except UnicodeDecodeError as error:
            raise InvalidInput("The body is not UTF-8.") from error
        except ValueError as error:
            raise InvalidInput(f"The body can't be read as JSON: {error}.") from error

    def id(self, name: str) -> str:
        """The id `{name}` in the path; `me` is a customer's own. Raises NotFound if it is not a
        valid id.
        """
        if name not in self.params:
            raise LookupError(f"the path of the route {self.route} names no {{{name}}}")
        value = self.params[name]
        if value == "me" and not self.caller.sees_all:
            return self.caller.account
        if not _ID.fullmatch(value):
            raise NotFound(f"There is nothing at {self.path}.")
        return value

    def ids(self, name: str, *, most: int) -> list[str]:
        """The comma-separated ids in the query, at most `most`; what is asked for twice is in the
        answer once. Raises InvalidInput.
        """
        ids = self.query.get(name, "").split(",")
        if not 1 <= len(ids) <= most or not all(map(_ID.fullmatch, ids)):
            expected = "an id" if most == 1 else f"1 to {most} ids, comma-separated"
            raise InvalidInput(f"'{name}' in the query must be {expected}.")
        return list(dict.fromkeys(ids))

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        """A whole number in the query. Raises InvalidInput."""
        text = self.query.get(name, str(default))
        if not re.fullmatch("[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise InvalidInput(f"'{name}' in the query must be a number from {low} to {high}.")
        return int(text)

    def day(self, name: str) -> date | None:
        """A day in the query, such as `2026-11-30`; None without. Raises InvalidInput."""
        text = self.query.get(name)
        if text is None:
            return None
        try:
            if not _DAY.fullmatch(text):
                raise ValueError("not YYYY-MM-DD, or a year outside 1000 to 2999")
            return date.fromisoformat(text)
        except ValueError as error:
            raise InvalidInput(f"'{name}' in the query must be a day like 2026-11-30.") from error

    def choice(self, name: str, kind: type[K]) -> K | None:
        """A member of the enum `kind` in the query; None without. Raises InvalidInput."""
        found = self.choices(name, kind)
        if len(found) > 1:
            raise no_choice(name, kind)
        return found[0] if found else None

    def choices(self, name: str, kind: type[K]) -> list[K]:
        """Members of the enum `kind` in the query, comma-separated. Raises InvalidInput."""
        text = self.query.get(name)
        try:
            return [kind(each) for each in text.split(",")] if text else []
        except ValueError:
            raise no_choice(name, kind) from None

    @property
    def idempotency_key(self) -> str:
        """The client's key; without one, the id of this request. Raises InvalidInput."""
        key = self.headers.get("idempotency-key")
        if key is None:
            return self.request_id
        if not _KEY.fullmatch(key):
            raise InvalidInput("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        return key

    @property
    def expected_version(self) -> int | None:
        """The version in `If-Match`; None without one, or for `*`. Raises InvalidInput."""
        etag = self.headers.get("if-match")
        if etag is None or etag == "*":
            return None
        match = _ETAG.fullmatch(etag)
        if not match:
            raise InvalidInput('If-Match must be an ETag as it was answered, such as "3", or *.')
        return int(match[1])


def no_choice(name: str, kind: type[StrEnum]) -> InvalidInput:
    return InvalidInput(f"'{name}' in the query must be one of {', '.join(kind)}.")


class Response(Value):
    """An HTTP response: `body` is sent as JSON, `text` as it is; `notes` go into the log line."""

    status: int = 200
    body: Any = None
    text: str | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)


Handler = Callable[[Request], Response]
Routes = Mapping[str, Handler]


class OfOwners(Value, kw_only=False):
    """A route that shows or changes only what is the caller's own, or anything for staff. Only
    such routes can be open to customers.
    """

    answer: Handler
    owned: ClassVar[bool] = True

    @property
    def about(self) -> About | None:
        return about_of(self.answer)

    def __call__(self, request: Request) -> Response:
        return self.answer(request)


class HttpFunction:
    """A Lambda handler for the given routes. Logs one line per request.

    Every exception becomes a problem document. Unless `open_to` says to whom its routes are open,
    they are open to the public.
    """

    def __init__(self, routes: Routes) -> None:
        self.routes = routes
        self._roles: Mapping[str, Role] | None = None
        self._groups_claim = ""

    def open_to(self, roles: Mapping[str, Role], groups_claim: str) -> None:
        """Says to whom the routes are open. `groups_claim`: the claim of a token that names its
        subject's groups.

        Raises LookupError for a route without a role; for one that is open to customers and does
        not say what is theirs; and for one that does and is open to the public, unless all are.
        """
        if closed := self.routes.keys() - roles:
            raise LookupError(f"nobody says to whom these are open: {sorted(closed)}")
        for route, handler in self.routes.items():
            role, owned = roles[route], getattr(handler, "owned", False)
            if role is Role.CUSTOMER and not owned:
                raise LookupError(f"{route} is open to customers, and shows what is others', too")
            if owned and role is Role.PUBLIC and any(one is not role for one in roles.values()):
                raise LookupError(f"{route} is open to the public, and shows what is somebody's")
        self._roles, self._groups_claim = roles, groups_claim

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        started = time.perf_counter()
        request = _request(event)
        response, body = self._answer(request)
        logger().info(
            f"{request.route} {response.status}",
            route=request.route,
            actor=_actor(request),
            status=response.status,
            ms=round((time.perf_counter() - started) * 1000, 1),
            correlation_id=request.correlation_id,
            causation_id=request.request_id,
            **response.notes,
        )
        if code := response.notes.get("code"):
            count({"Problems": 1}, code=code)
        return {
            "statusCode": response.status,
            "headers": {
                **HEADERS,
                "Content-Type": response.content_type,
                "X-Correlation-Id": request.correlation_id,
                **response.headers,
            },
            "body": body,
        }

    def _admitted(self, request: Request) -> Request:
        """The request with its caller. Raises Unauthenticated, and Forbidden."""
        needed = Role.PUBLIC if self._roles is None else self._roles[request.route]
        if needed is Role.PUBLIC:
            return replace(request, caller=ANYONE)
        claims = (request.authorizer.get("jwt") or {}).get("claims") or {}
        if not claims.get("sub"):
            raise Unauthenticated("Say who you are: send an access token as `Authorization`.")
        caller = caller_of(request.actor, claims, self._groups_claim)
        if not caller.role.may(needed):
            raise Forbidden(f"This is for the role '{needed}'.")
        return replace(request, caller=caller)

    def _answer(self, request: Request) -> tuple[Response, str]:
        try:
            response = self.routes[request.route](self._admitted(request))
            return response, _sent(response)
        except CqrsError as error:
            problem = _problem(error, request)
        except Exception:
            logger().exception("failed", correlation_id=request.correlation_id)
            problem = _problem(CqrsError("Something went wrong on our side."), request)
        return problem, _line(problem.body)


def _actor(request: Request) -> str | None:
    """For the log: None if the authoriser names nobody."""
    try:
        return request.actor
    except RuntimeError:
        return None


def _sent(response: Response) -> str:
    if response.text is not None:
        return response.text
    return "" if response.body is None else _line(response.body)


def _line(body: Any) -> str:
    """JSON that ends its line: the prompt of a shell does not stick to it. Half a surrogate pair,
    which an answer may quote from its request, can't be sent, and becomes a question mark.
    """
    return (plain.to_json(body) + "\n").encode(errors="replace").decode()


def no_such_route(known: str) -> Handler:
    """The route `$default`: answers 405 if one of the `known` routes (comma-separated) has the path
    but not the method, else 404. If `OPTIONS *` is known, web pages may call: their browsers ask
    first, and go on if the answer is no error. What they may do is added by API Gateway.
    """
    routes = [route.partition(" ") for route in known.split(",") if " " in route]
    patterns = [
        (method, re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))))
        for method, _, path in routes
    ]

    answers_preflights = "OPTIONS *" in known.split(",")

    def answer(request: Request) -> Response:
        if request.method == "OPTIONS" and answers_preflights:
            return Response(status=204)
        allowed = sorted({m for m, pattern in patterns if pattern.fullmatch(request.path)})
        if allowed:
            raise MethodNotAllowed(request.method, request.path, allowed)
        raise NotFound(f"There is nothing at {request.path}.")

    return answer


def _request(event: dict[str, Any]) -> Request:
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    correlation = headers.get("x-correlation-id", "")
    return Request(
        route=event["routeKey"],
        method=context["http"]["method"],
        path=event["rawPath"],
        params=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        headers=headers,
        body=_body(event),
        authorizer=context.get("authorizer") or {},
        request_id=context["requestId"],
        correlation_id=correlation if _ID.fullmatch(correlation) else context["requestId"],
        time=now(),
    )


def _body(event: dict[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b"\xff"  # not UTF-8, so `Request.json` refuses it


def _detail(error: CqrsError, status: int) -> str:
    """The sentence for the caller. Which table is down, or what it holds, goes to the log only."""
    if isinstance(error, Unavailable) and not isinstance(error, NotFilled):
        return "This can't be done at the moment; try again."
    return "Something went wrong on our side." if status == 500 else str(error)


def _problem(error: CqrsError, request: Request) -> Response:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    body: dict[str, Any] = {
        "type": f"urn:problem-type:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": _detail(error, status),
        "code": error.code,
        "correlation_id": request.correlation_id,
    }
    if isinstance(error, InvalidInput) and error.faults:
        body["errors"] = [plain.dump(fault) for fault in error.faults]
    if body["detail"] != str(error):
        logger().error(str(error), code=error.code, correlation_id=request.correlation_id)
    headers = {"Allow": ", ".join(error.allowed)} if isinstance(error, MethodNotAllowed) else {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if error.retryable:
        headers["Retry-After"] = "1"
    return Response(
        status=status,
        body=body,
        content_type="application/problem+json",
        headers=headers,
        notes={"code": error.code},
    )
