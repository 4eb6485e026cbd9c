"""The API as OpenAPI 3.1: what routes tell of themselves, and to whom Terraform opens them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec

from cqrs.entrypoints.about import ID, About, Body, Header, Parameter, about_of
from cqrs.entrypoints.callers import Role
from cqrs.entrypoints.http import CORRELATION, CORRELATION_ID, RETRY_AFTER, STATUS
from cqrs.errors import CqrsError, Fault, Forbidden, NotFound, Refused, Unauthenticated
from scripts.build.application import FUNCTIONS, made
from scripts.build.documents.about import Json, info, sorted_by_name
from scripts.build.terraform.nouns import nouns, roles, routes, said_in
from scripts.build.terraform.program import REPOSITORY

SCHEMAS = "#/components/schemas/"
DEFAULT = "$default"  # what has no route

DESCRIPTION = """\
Send an access token as `Authorization: Bearer …`: to try requests on this page, paste one under
"Authorize". Who has a token is a customer, and sees and changes what is theirs; `me` in a path is
their own id. An `operator` may do what `staff` may, and more.

A command answers with a `Consistency-Token`. Sent with a query, the answer is never older. Sent
again under the same `Idempotency-Key`, a command has no second effect.

Errors are problem documents ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with a stable
`code`. API Gateway answers by itself, in a form of its own, where there is no token that it
believes (`401`), with too much traffic (`429`), and where a function failed.

What happens is told by [the events](docs/events).
"""

OPEN_TO = {
    Role.PUBLIC: "Open to everybody.",
    Role.CUSTOMER: "Open to whoever has a token; customers see and change only their own.",
    Role.STAFF: "Open to `staff`.",
    Role.OPERATOR: "Open to an `operator`.",
}

PROBLEM: Json = {
    "title": "Problem",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "For programs: it does not change."},
        "correlation_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "All faults of an input, up to a hundred.",
            "items": {"$ref": f"{SCHEMAS}Fault"},
        },
    },
    "required": ["type", "title", "status", "detail", "code", "correlation_id"],
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A route, and what is known of it."""

    route: str
    function: str
    role: Role
    about: About
    example: Mapping[str, Any]  # `id`, `query`, `body`, `answer`; empty without an example

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0].lower()

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]

    @property
    def name(self) -> str:
        """For programs: that of the context's command, or made of the route."""
        if self.about.body:
            command = self.about.body.command
            context = context_of(command).rpartition(".")[2]
            return f"{context}_{command.__name__[:1].lower()}{command.__name__[1:]}"
        return self.method + "".join(w.capitalize() for w in re.findall(r"[a-z]+", self.path))


def told() -> list[Told]:
    """All routes, in Terraform's order. Raises LookupError for one that is in no handler, or tells
    nothing of itself.
    """
    return list(_told())


def _told() -> Iterator[Told]:
    examples = _examples()
    for route, function in routes().items():
        answers = made(function)[0].routes if function in FUNCTIONS else {}
        if route not in answers and route != DEFAULT:
            raise LookupError(
                f"{said_in('routes')} leads {route} to functions/{function}/handler.py, where "
                "there is no such route. A route is in both, or in none"
            )
        about = about_of(answers.get(route))
        if about:
            role = Role(roles()[route])
            example = examples.get(route, {})
            yield Told(route=route, function=function, role=role, about=about, example=example)
        elif route != DEFAULT:
            raise LookupError(
                f"{route} in functions/{function}/handler.py tells nothing of itself: "
                "decorate what answers it with @telling(About(...))"
            )


def _examples() -> dict[str, Any]:
    """By route; each was run (`make examples`)."""
    files = sorted((REPOSITORY / "scripts").glob("*/examples.json"))
    return {route: told for file in files for route, told in json.loads(file.read_text()).items()}


def openapi() -> Json:
    known = told()
    bodies = [each.about.body for each in known if each.about.body]
    commands = list(dict.fromkeys(body.command for body in bodies))
    schemas = _Schemas([*commands, Fault])
    paths: dict[str, Json] = {}
    for each in known:
        paths.setdefault(each.path, {})[each.method] = _operation(each, schemas)
    return {
        "openapi": "3.1.1",
        "info": info(DESCRIPTION),
        "servers": [{"url": ".", "description": "Where this document is."}],
        "tags": list(_tags(known)),
        "paths": paths,
        "components": {
            "headers": _headers([CORRELATION, RETRY_AFTER]),
            "parameters": {CORRELATION_ID.name: _parameter(CORRELATION_ID)},
            "schemas": sorted_by_name({"Problem": PROBLEM, **schemas.shared}),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token.",
                }
            },
        },
    }


def _tags(known: Sequence[Told]) -> Iterator[Json]:
    entries = {**nouns("functions"), **nouns("functions_of_the_frame")}
    for function in dict.fromkeys(each.function for each in known):
        yield {"name": function, "description": entries[function]["description"]}


class _Schemas:
    """The commands, each of which is in the body of its route, and the types that they share."""

    def __init__(self, types: Sequence[type]) -> None:
        found, components = msgspec.json.schema_components(types, ref_template=SCHEMAS + "{name}")
        names = [ref["$ref"].removeprefix(SCHEMAS) for ref in found]
        self._commands = {kind: components[name] for kind, name in zip(types, names, strict=True)}
        self.shared = {n: s for n, s in components.items() if n not in names or n == "Fault"}

    def of(self, body: Body) -> Json:
        """A command without what the route gives."""
        whole = self._commands[body.command]
        fields = {n: s for n, s in whole["properties"].items() if n != body.given}
        if body.optional:
            left_out = "A customer may leave it out: it is their own then."
            fields[body.optional] = {**fields[body.optional], "description": left_out}
        given = {body.given, body.optional}
        required = [name for name in whole["required"] if name not in given]
        return {**whole, "properties": fields, "required": required}


def _operation(told: Told, schemas: _Schemas) -> Json:
    about, example = told.about, told.example
    asked = {"id": example.get("id"), **example.get("query", {})}
    operation: Json = {
        "operationId": told.name,
        "summary": about.summary,
        "description": " ".join(filter(None, [about.description, OPEN_TO[told.role]])),
        "tags": [told.function],
        "security": [] if told.role is Role.PUBLIC else [{"token": [told.role.value]}],
        "parameters": [
            *(_in_path(name, asked) for name in re.findall(r"{(\w+)}", told.path)),
            *(_parameter(parameter, asked) for parameter in about.parameters),
            {"$ref": f"#/components/parameters/{CORRELATION_ID.name}"},
        ],
    }
    if about.body:
        schema = schemas.of(about.body)
        operation["requestBody"] = {
            "content": {"application/json": {"schema": schema, **_example(example, "body")}},
            "required": bool(schema["required"]),
        }
    operation["responses"] = {
        str(about.status): {
            "description": "Done." if about.body else "Found.",
            "headers": {**_headers(about.headers), **_shared([CORRELATION])},
            "content": {
                about.content_type: {"schema": about.answer, **_example(example, "answer")}
            },
        },
        **_problems(told),
    }
    return operation


def _example(told: Mapping[str, Any], name: str) -> Json:
    return {"example": told[name]} if told.get(name) else {}


def _in_path(name: str, asked: Mapping[str, Any]) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": "An id; `me` is that of a customer who asks.",
        "schema": {"type": "string", "pattern": ID},
        **_example(asked, name),
    }


def _parameter(parameter: Parameter, asked: Mapping[str, Any] | None = None) -> Json:
    listed = parameter.schema.get("type") == "array"
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
        **({"style": "form", "explode": False} if listed else {}),
        **_example(asked or {}, parameter.name),
    }


def _headers(headers: Sequence[Header]) -> Json:
    return {
        header.name: {"description": header.description, "schema": header.schema}
        for header in headers
    }


def _shared(headers: Sequence[Header]) -> Json:
    return {header.name: {"$ref": f"#/components/headers/{header.name}"} for header in headers}


def _problems(told: Told) -> Json:
    """By status."""
    by_status: dict[int, dict[str, type[CqrsError]]] = {}
    for kind in problems_of(told):
        by_status.setdefault(status_of(kind), {})[kind.code] = kind
    return {str(status): _answered(by_status[status]) for status in sorted(by_status)}


def _answered(kinds: Mapping[str, type[CqrsError]]) -> Json:
    codes = sorted(kinds)
    later = [RETRY_AFTER] if any(kind.retryable for kind in kinds.values()) else []
    schema = {"$ref": f"{SCHEMAS}Problem", "properties": {"code": {"enum": codes}}}
    content: dict[str, Json] = {"application/problem+json": {"schema": schema}}
    if Unauthenticated.code in codes:  # a token that API Gateway does not believe gets no further
        content["application/json"] = {"schema": {"type": "object"}}
    return {
        "description": " or ".join(f"`{code}`" for code in codes),
        "headers": _shared([CORRELATION, *later]),
        "content": content,
    }


def problems_of(told: Told) -> list[type[CqrsError]]:
    """All that a route may answer, with the refusals of its service's rules."""
    found = [*told.about.problems, CqrsError]
    if told.role is not Role.PUBLIC:
        found.append(Unauthenticated)
    if told.role not in (Role.PUBLIC, Role.CUSTOMER):
        found.append(Forbidden)
    if told.about.body:
        found += refusals_of(told.about.body.command)
    return found


def refusals_of(command: type) -> list[type[CqrsError]]:
    """Those of the context that a command is of."""
    context = context_of(command)
    import_module(context)
    below = [kind for root in (Refused, NotFound) for kind in _all_below(root)]
    return [kind for kind in below if kind.__module__.startswith(f"{context}.")]


def context_of(command: type) -> str:
    """The package that it is in: `domain.orders`."""
    return command.__module__.rpartition(".")[0]


def _all_below(kind: type[CqrsError]) -> Iterator[type[CqrsError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all_below(each)


def status_of(kind: type[CqrsError]) -> int:
    return next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)
