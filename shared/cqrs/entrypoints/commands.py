"""Commands over HTTP, and as messages. The body of a request holds the command's fields; the answer
has the stream's version and the names of the new events.

Request headers
Idempotency-Key     a repeat with the same key has no second effect and gets the same answer;
                    the same key with another payload is refused
If-Match: "3"       the command is refused unless the stream is at version 3

Response headers
ETag                the version
Consistency-Token   sent with a query, its answer includes these events
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from cqrs import inputs, plain
from cqrs.at_once import at_once
from cqrs.discretion import said
from cqrs.entrypoints.about import About, Body, Header, Parameter, about_of, telling, words
from cqrs.entrypoints.callers import Role
from cqrs.entrypoints.http import Handler, HttpFunction, Request, Response
from cqrs.errors import (
    Ahead,
    Conflict,
    CqrsError,
    InvalidInput,
    KeyReused,
    NotFound,
    PreconditionFailed,
    Throttled,
    TooLarge,
    Unavailable,
    Unreadable,
)
from cqrs.follow.messages import Answer, Message
from cqrs.history.commits import Envelope
from cqrs.history.idempotency import command_id_of, entity_id_of, fingerprint_of
from cqrs.history.instants import now
from cqrs.observability import logger
from cqrs.plain import Value
from cqrs.read.tokens import Token
from cqrs.write.commands import CommandHandler, Outcome

__all__ = ["CommandFunction", "CommandRoute", "changes", "opens", "opens_named"]


C = TypeVar("C", bound=Value)

SPARE_MS = 4_000  # of the function's time, kept for the messages that are being handled

_POINTER = re.compile(r"(/([A-Za-z_]\w*|\d{1,3}))*")

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "Sent again, the same key has no second effect and gets the same answer.",
    {"type": "string", "minLength": 1, "maxLength": 255},
    place="header",
)
IF_MATCH = Parameter(
    "If-Match",
    "Only if it is at this version, an ETag as it was answered.",
    {"type": "string", "pattern": '^(\\*|"[1-9][0-9]{0,9}")$'},
    place="header",
)
ETAG = Header("ETag", "The version.")
TOKEN = Header("Consistency-Token", "Sent with a query, its answer includes these events.")
LOCATION = Header("Location", "The path of what was created.")


class CommandRoute(Value, kw_only=False):
    """The route of one command: `answer` handles HTTP requests, `take` messages of services."""

    commands: CommandHandler[Any, Any, Any]
    command: type[Value]
    id_field: str
    answer: Handler

    @property
    def owned(self) -> bool:
        return self.commands.has_owners

    @property
    def about(self) -> About | None:
        return about_of(self.answer)

    def __post_init__(self) -> None:
        names = self.command.__struct_fields__
        if self.id_field not in names:
            raise ValueError(f"{self.command.__name__} has no '{self.id_field}'; it has {[*names]}")

    def __call__(self, request: Request) -> Response:
        return self.answer(request)

    def take(self, message: Message) -> Outcome[Any]:
        """Handles the command in a message. Raises InvalidInput, Ahead for one with other fields
        than this code knows, and as `CommandHandler.handle`.
        """
        try:
            command = inputs.parse(self.command, message.data)
        except InvalidInput:
            _require_readable(self.command, message)
            raise  # it breaks a rule
        entity = str(getattr(command, self.id_field))
        envelope = Envelope(
            command_id=message.id,
            command_type=message.command,
            fingerprint=fingerprint_of(message.command, entity, message.data),
            actor=message.actor,
            correlation_id=message.correlation_id,
            causation_id=message.causation_id,
            time=now(),
        )
        return self.commands.handle(entity, command, envelope)


def _require_readable(command: type[Value], message: Message) -> None:
    try:
        plain.load(command, message.data)
    except Unreadable as error:
        name = message.command
        raise Ahead(f"this code can't read the fields of {name}: {said(error)}") from error


class CommandFunction:
    """A Lambda handler of commands, from the API or, as `{"message": ...}`, from other services.

    Every command with a route can also be sent as a message; those in `messages` only that way. The
    result is `{"answer": ...}`, accepted or refused, or `{"again": <code>}` for an error that may
    pass: the message must be sent again. So must one that this code can't read: during a deployment
    its sender is of another version. Raises Unreadable for a damaged stream.

    `{"message": ..., "more": [...]}` are several messages. They are handled as if each had come
    alone, those to one stream one after the other; the result is `{"answers": [...]}`, one for
    each. What there is no time for is to be sent again.
    """

    def __init__(
        self, routes: Mapping[str, CommandRoute], messages: Sequence[CommandRoute] = ()
    ) -> None:
        self.routes = routes
        self._http = HttpFunction(routes)
        self._taken = {route.command.__name__: route for route in (*routes.values(), *messages)}

    @property
    def taken(self) -> Mapping[str, CommandRoute]:
        """What it takes as messages, by the names of commands."""
        return self._taken

    def open_to(self, roles: Mapping[str, Role], groups_claim: str) -> None:
        """Opens its routes, as `HttpFunction.open_to`."""
        self._http.open_to(roles, groups_claim)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        if "message" not in event:
            return self._http(event, context)
        if "more" in event:
            return {"answers": self._take_all([event["message"], *event["more"]], context)}
        return self._answer(event["message"])

    def _take_all(self, messages: Sequence[Any], context: Any) -> list[dict[str, Any]]:
        """The answer to each message."""

        def take(some: Sequence[int]) -> None:
            for n in some:
                # the first has its turn, so that whatever the function's time, a batch gets smaller
                if n and int(context.get_remaining_time_in_millis()) < SPARE_MS:
                    answers[n] = {"again": Throttled.code}
                else:
                    answers[n] = self._answer_or_again(messages[n])

        answers: list[dict[str, Any]] = [{}] * len(messages)
        by_stream: dict[str, list[int]] = {}
        for n, message in enumerate(messages):
            by_stream.setdefault(self._target(message), []).append(n)
        at_once(take, by_stream.values())
        return answers

    def _target(self, message: Any) -> str:
        """What tells apart the aggregates that messages are for; nothing, if it is not known."""
        try:
            return str(message["data"][self._taken[message["command"]].id_field])
        except (LookupError, TypeError):
            return ""

    def _answer_or_again(self, plain_message: Any) -> dict[str, Any]:
        try:
            return self._answer(plain_message)
        except Exception as error:  # whatever it is, the other messages have their answers
            logger().exception("a message failed")
            return {"again": said(error)}

    def _answer(self, plain_message: Any) -> dict[str, Any]:
        """Raises Unreadable, and whatever a rule raises."""
        try:
            message: Message = plain.load(Message, plain_message)
        except Unreadable as error:
            logger().error("a message can't be read", error=said(error))
            return {"again": Ahead.code}
        answer, notes = self._take(message)
        logger().info(
            f"message {message.command}",
            **_logged(answer),
            **notes,
            correlation_id=message.correlation_id,
            causation_id=message.causation_id,
        )
        return answer

    def _take(self, message: Message) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            if message.command not in self._taken:
                raise Ahead(f"this code has no command {message.command}")
            outcome = self._taken[message.command].take(message)
        except CqrsError as error:
            if error.retryable:
                return {"again": error.code}, {"why": str(error)}
            if isinstance(error, Unreadable):
                raise
            refusal = Answer(accepted=False, code=error.code, detail=str(error))
            return _plain(refusal), _faults(error)
        done = Answer(accepted=True, stream=outcome.stream, version=outcome.version)
        return _plain(done), _notes(outcome)


def _faults(error: CqrsError) -> dict[str, Any]:
    """What is wrong, and where, unless that is no name of a field."""
    faults = error.faults if isinstance(error, InvalidInput) else ()
    told = [{"pointer": fault.pointer, "detail": fault.detail} for fault in faults]
    for one in told:
        if not _POINTER.fullmatch(one["pointer"]):
            one["pointer"] = "?"
    return {"errors": told} if told else {}


def _logged(reply: dict[str, Any]) -> dict[str, Any]:
    """A reply without its sentence, which may quote the command."""
    return {"answer": {**reply["answer"], "detail": ""}} if "answer" in reply else reply


def _plain(answer: Answer) -> dict[str, Any]:
    return {"answer": plain.dump(answer)}


def opens(
    commands: CommandHandler[C, Any, Any],
    command: type[C],
    id_field: str,
    location: str,
    *,
    one_each: bool = False,
    owner_field: str | None = None,
) -> CommandRoute:
    """The route of a command that creates an aggregate. Its id is derived from actor and key; with
    `one_each` a customer's is that of their account, so that there is one. `owner_field` says whose
    it is: a customer may leave it out.
    """

    @telling(_opening(command, Body(command, id_field, owner_field, one_each), id_field))
    def answer(request: Request) -> Response:
        key, caller = request.idempotency_key, request.caller
        own = one_each and not caller.sees_all
        entity = caller.account if own else entity_id_of(request.actor, command.__name__, key)
        body = request.json()
        given = {id_field: entity}
        if owner_field and not caller.sees_all and _lacks(body, owner_field):
            given[owner_field] = caller.account
        parsed = inputs.parse(command, body, **given)
        envelope = _envelope(request, key, command, "", body)
        return _opened(commands, request, entity, parsed, envelope, id_field, location)

    return CommandRoute(commands, command, id_field, answer)


def _lacks(body: object, name: str) -> bool:
    return isinstance(body, dict) and name not in body


def opens_named(
    commands: CommandHandler[C, Any, Any], command: type[C], id_field: str, location: str
) -> CommandRoute:
    """The route of a command that creates an aggregate with the id given in its body."""

    @telling(_opening(command, Body(command), id_field))
    def answer(request: Request) -> Response:
        body = request.json()
        parsed = inputs.parse(command, body)
        entity = str(getattr(parsed, id_field))
        envelope = _envelope(request, request.idempotency_key, command, entity, body)
        return _opened(commands, request, entity, parsed, envelope, id_field, location)

    return CommandRoute(commands, command, id_field, answer)


def changes(commands: CommandHandler[C, Any, Any], command: type[C], id_field: str) -> CommandRoute:
    """The route of a command to the aggregate `{id}` of the path. A missing body counts as `{}`.
    What is another's is answered as if it were not there.
    """

    @telling(_about(command, Body(command, id_field), id_field))
    def answer(request: Request) -> Response:
        entity = request.id("id")
        body = request.json() if request.body else {}
        parsed = inputs.parse(command, body, **{id_field: entity})
        envelope = _envelope(request, request.idempotency_key, command, entity, body)
        expected, owns = request.expected_version, request.caller.owns
        outcome = commands.handle(entity, parsed, envelope, expected=expected, owns=owns)
        return _response(outcome, {id_field: entity})

    return CommandRoute(commands, command, id_field, answer)


def _about(command: type[Value], body: Body, id_field: str) -> About:
    return About(
        words(command.__name__).capitalize(),
        command.__doc__ or "",
        parameters=(IDEMPOTENCY_KEY, IF_MATCH),
        body=body,
        answer={
            "type": "object",
            "properties": {
                id_field: {"type": "string"},
                "version": {"type": "integer", "minimum": 0},
                "events": {"type": "array", "items": {"type": "string"}},
            },
            "required": [id_field, "version", "events"],
        },
        headers=(ETAG, TOKEN),
        problems=(
            *(InvalidInput, NotFound, KeyReused, PreconditionFailed, Conflict, TooLarge),
            *(Throttled, Unavailable, Ahead),
        ),
    )


def _opening(command: type[Value], body: Body, id_field: str) -> About:
    about = _about(command, body, id_field)
    return plain.replace(
        about,
        parameters=(IDEMPOTENCY_KEY,),
        status=201,
        headers=(LOCATION, *about.headers),
        problems=tuple(each for each in about.problems if each is not PreconditionFailed),
    )


def _opened(
    commands: CommandHandler[Any, Any, Any],
    request: Request,
    entity: str,
    command: object,
    envelope: Envelope,
    id_field: str,
    location: str,
) -> Response:
    if request.expected_version is not None:
        raise InvalidInput("If-Match has no meaning here: nothing is there yet.")
    outcome = commands.handle(entity, command, envelope, opens=True, owns=request.caller.owns)
    where = {"Location": location.replace("{id}", entity)}
    return _response(outcome, {id_field: entity}, status=201, headers=where)


def _envelope(request: Request, key: str, command: type, target: str, body: object) -> Envelope:
    return Envelope(
        command_id=command_id_of(request.actor, key),
        command_type=command.__name__,
        fingerprint=fingerprint_of(command.__name__, target, body),
        actor=request.actor,
        correlation_id=request.correlation_id,
        causation_id=request.request_id,
        time=request.time,
    )


def _response(
    outcome: Outcome[Any],
    identity: dict[str, str],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Built from stored data only, so a repeat gets the same answer."""
    notes = _notes(outcome)
    return Response(
        status=status,
        body={**identity, "version": outcome.version, "events": notes["events"]},
        headers=(headers or {}) | _at(outcome),
        notes=notes,
    )


def _notes(outcome: Outcome[Any]) -> dict[str, Any]:
    return {
        "commit": f"{outcome.stream}@{outcome.version}",
        "events": [type(event).__name__ for event in outcome.events],
        "repeated": outcome.repeated,
    }


def _at(outcome: Outcome[Any]) -> dict[str, str]:
    """The headers that give the version; none if the stream does not exist."""
    if not outcome.version:
        return {}
    return {
        "ETag": f'"{outcome.version}"',
        "Consistency-Token": str(Token({outcome.stream: outcome.version})),
    }
