"""The events as AsyncAPI 3: what each has in it, who writes it, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any

import msgspec

from cqrs.history.events import EventTypes
from cqrs.views.rows import Followed
from scripts.build.application import deciders, processes, services_of, views
from scripts.build.documents.about import Json, info, sorted_by_name
from scripts.build.terraform.nouns import nouns

SCHEMAS = "#/components/schemas/"

DESCRIPTION = """\
What happened, as it is stored for ever in the event stores of the services, and published. A
message here is one event of a commit. Events of an older schema are brought to the one that is told
here before anybody sees them.
"""

# What rules say of input. They do not hold for what is stored: it was input to older rules.
RULES = {"minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems"}


def asyncapi() -> Json:
    services = {
        service: (decider.category, decider.events) for service, decider in deciders().items()
    }
    messages, schemas = _messages(types for _, types in services.values())
    return {
        "asyncapi": "3.0.0",
        "info": info(DESCRIPTION),
        "defaultContentType": "application/json",
        "channels": {
            service: {
                "title": f"The events of {service}",
                "description": f"Of the streams `{category}-<id>`.",
                "address": None,  # the names of streams are Terraform's
                "messages": {
                    name: {"$ref": f"#/components/messages/{service}.{name}"}
                    for name in types.schemas()
                },
            }
            for service, (category, types) in services.items()
        },
        "operations": dict(_operations()),
        "components": {"messages": messages, "schemas": schemas},
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for name, entry in nouns("functions").items():
        for service in sorted(entry.get("appends", ())):
            yield name, _operation("send", service, entry["description"])
    followed: dict[str, Mapping[str, Followed]] = {"view": views(), "process": processes()}
    for kind, followers in followed.items():
        for name, follower in sorted(followers.items()):
            for service in sorted(services_of(follower)):
                what = f"The {kind} `{name}` follows."
                yield f"{name}.{service}", _operation("receive", service, what)


def _operation(action: str, service: str, description: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{service}"},
        "description": description,
    }


def _messages(registries: Iterator[EventTypes]) -> tuple[Json, Json]:
    """And the schemas that they refer to."""
    kinds = {
        f"{types.context}.{name}": types.named(name)
        for types in registries
        for name in types.schemas()
    }
    classes = [kind.cls for kind in kinds.values()]
    data, components = msgspec.json.schema_components(classes, ref_template=SCHEMAS + "{name}")
    messages = {
        name: {
            "name": name.partition(".")[2],
            "description": cleandoc(kind.cls.__doc__ or ""),
            "payload": {
                "type": "object",
                "properties": {
                    "type": {"const": name.partition(".")[2]},
                    "schema": {"const": kind.schema},
                    "data": fields,
                },
                "required": ["type", "schema", "data"],
            },
            "x-personal": dict(kind.personal),
            "x-upcasters": {
                str(schema): cleandoc(upcast.__doc__ or "")
                for schema, upcast in sorted(kind.upcasters.items())
            },
        }
        for (name, kind), fields in zip(kinds.items(), data, strict=True)
    }
    return messages, sorted_by_name({name: _stored(each) for name, each in components.items()})


def _stored(schema: Any) -> Any:
    """A schema without the rules of input."""
    if isinstance(schema, list):
        return [_stored(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in RULES}
    fields = {name: _stored(each) for name, each in kept.pop("properties", {}).items()}
    found = {key: _stored(value) for key, value in kept.items()}
    return {**found, "properties": fields} if "properties" in schema else found
