"""Commands over HTTP: the body is the command's fields; the answer says what happened, and at which
version.

Idempotency-Key     same key, same effect and same answer; another payload under it is refused
If-Match: "3"       only if the stream is at version 3
ETag, Consistency-Token   in the answer: the version, and what to send with queries that must show
it
"""

from __future__ import annotations

from typing import Any

from cqrs import plain
from cqrs.commands import CommandHandler, Outcome
from cqrs.commits import Envelope
from cqrs.entrypoints.http import Handler, Request, Response
from cqrs.errors import InvalidInput
from cqrs.idempotency import command_id_of, entity_id_of, fingerprint_of
from cqrs.tokens import Token

__all__ = ["changes", "opens"]


def opens(
    commands: CommandHandler[Any, Any, Any], command: type, id_field: str, location: str
) -> Handler:
    """The route of a command that creates an aggregate; its id follows from actor and key."""

    def answer(request: Request) -> Response:
        if request.expected_version is not None:
            raise InvalidInput("If-Match has no meaning here: nothing is there yet.")
        key = request.idempotency_key
        entity = entity_id_of(request.actor, command.__name__, key)
        body = request.json()
        parsed = plain.parse(command, body, **{id_field: entity})
        outcome = commands.handle(
            entity, parsed, _envelope(request, key, command, "", body), opens=True
        )
        where = {"Location": location.replace("{id}", entity)}
        return _response(outcome, {id_field: entity}, status=201, headers=where)

    return answer


def changes(commands: CommandHandler[Any, Any, Any], command: type, id_field: str) -> Handler:
    """The route of a command to the aggregate `{id}` of the path. No body is an empty object."""

    def answer(request: Request) -> Response:
        entity = request.id("id")
        body = request.json() if request.body else {}
        parsed = plain.parse(command, body, **{id_field: entity})
        envelope = _envelope(request, request.idempotency_key, command, entity, body)
        outcome = commands.handle(entity, parsed, envelope, expected=request.expected_version)
        return _response(outcome, {id_field: entity})

    return answer


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
    """Made of what is stored only, so a repeat gets the same answer."""
    events = [type(event).__name__ for event in outcome.events]
    return Response(
        status=status,
        body={**identity, "version": outcome.version, "events": events},
        headers=(headers or {}) | _at(outcome),
        notes={
            "commit": f"{outcome.stream}@{outcome.version}",
            "events": events,
            "repeated": outcome.repeated,
        },
    )


def _at(outcome: Outcome[Any]) -> dict[str, str]:
    """Nothing, for a stream that does not exist after all."""
    if not outcome.version:
        return {}
    return {
        "ETag": f'"{outcome.version}"',
        "Consistency-Token": str(Token({outcome.stream: outcome.version})),
    }
