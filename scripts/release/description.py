"""The description of an application: everything of it that old data, old code or callers know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from msgspec import inspect

from cqrs.entrypoints.about import Body
from cqrs.entrypoints.commands import CommandRoute
from cqrs.testing.digests import digests_of
from scripts.release.application import Application, Route
from scripts.release.shapes import Shape, shape_of, without

Description = Mapping[str, Mapping[str, Any]]
"""Sections, each with a line for each thing."""


def described(app: Application, before: Description) -> dict[str, dict[str, Any]]:
    """What is told of an event's older schemas, which no class has any more, is as `before`."""
    return {
        "aggregates": {service: _aggregate(one) for service, one in app.deciders.items()},
        "commands": {name: shape_of(route.command) for name, route in app.commands.items()},
        "events": dict(_events(app, before.get("events", {}))),
        "ids": dict(_ids(app)),
        "messages": {
            f"{process.name} > {name}": sent_shape(shape_of(kind), given)
            for process in app.processes.values()
            for name, kind, given in app.sent_by(process)
        },
        "processes": {name: _process(process) for name, process in app.processes.items()},
        "refusals": {**app.refusals},
        "routes": {name: _route(route) for name, route in app.routes.items()},
        "views": {
            name: {"generation": view.generation} | digests_of(view)
            for name, view in app.views.items()
        },
    }


def written(description: Description) -> str:
    """One line for each thing, always in the same order: what changed can be read in a diff."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    def block(things: Mapping[str, str], indent: str) -> str:
        lines = (f"{indent}  {line(name)}: {things[name]}" for name in sorted(things))
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}" if things else "{}"

    sections = {
        section: block({name: line(value) for name, value in things.items()}, "  ")
        for section, things in description.items()
    }
    return block(sections, "") + "\n"


def _aggregate(decider: Any) -> dict[str, Any]:
    numbers = {"streams": decider.category, "state_schema": decider.state_schema}
    return numbers | digests_of(decider)


def _events(app: Application, before: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for context, types in app.events.items():
        for name, newest in types.schemas().items():
            kind = types.named(name)
            for schema in sorted(kind.upcasters.keys() & {*range(newest)}):
                line = f"{context}.{name}@{schema}"
                digest = digests_of(kind.upcasters[schema], types.classes())
                yield line, before.get(line, {}) | digest
            personal = {"personal": dict(kind.personal)} if kind.personal else {}
            yield f"{context}.{name}@{newest}", shape_of(kind.cls) | personal


def _ids(app: Application) -> Iterator[tuple[str, list[Any]]]:
    """By service and field, the rules that its commands have for the id of an aggregate."""
    found: dict[str, list[Any]] = {}
    for name, route in app.commands.items():
        forms = found.setdefault(f"{name.partition('.')[0]}.{route.id_field}", [])
        forms += [form for form in [_form(route)] if form not in forms]
    for field, forms in found.items():
        yield field, sorted(forms, key=str)


def _form(route: CommandRoute) -> dict[str, Any]:
    """The rules of the field that says which aggregate a command is for, as in JSON Schema."""
    kind = inspect.type_info(get_type_hints(route.command, include_extras=True)[route.id_field])
    rules: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata):
        rules, kind = (kind.extra_json_schema or {}) | rules, kind.type
    return rules


def _process(process: Any) -> dict[str, Any]:
    states = {fold.category: shape_of(fold.state) for fold in process.folds}
    return {"states": states, "folds": digests_of(process)}


def _route(route: Route) -> dict[str, Any]:
    asked = {one.name: _asked(one) for one in route.about.parameters if one.place == "query"}
    body = route.about.body
    return (
        {"role": route.role}
        | ({"command": route.command, "given": _given(body)} if body else {})
        | ({"one_each": True} if body and body.one_each else {})
        | ({"asks": asked} if asked else {})
    )


def _given(body: Body) -> list[str]:
    """The fields that need not be in the body."""
    return [name for name in (body.given, body.optional) if name]


def _asked(parameter: Any) -> dict[str, Any]:
    """What of a parameter's schema a request may depend on."""
    choices = parameter.schema.get("items", parameter.schema).get("enum")
    return ({"one of": sorted(map(str, choices))} if choices else {}) | (
        {"required": True} if parameter.required else {}
    )


def sent_shape(shape: Shape, given: set[str]) -> Shape:
    """What is sent of a message of which so many fields may be given: all, unless it omits those
    that have their defaults.
    """
    omitted = shape["defaults"].keys() - given if shape.get("omits") else set()
    sent: Shape = _never_omitted(without(shape, omitted))
    return sent


def _never_omitted(shape: Shape) -> Shape:
    """Who gives what inside of a message is not known."""
    match shape:
        case dict():
            return {name: _never_omitted(one) for name, one in shape.items() if name != "omits"}
        case list():
            return [_never_omitted(one) for one in shape]
    return shape
