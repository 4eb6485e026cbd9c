"""A page of the events, to be read: the same as the AsyncAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from string import Template
from typing import Any

from scripts.build.documents.about import Json

PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title: events</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; } h3 { margin: 2rem 0 0; }
code { font: 0.9em ui-monospace, monospace; }
table { border-collapse: collapse; margin: 0.5rem 0; width: 100%; }
td, th { border-bottom: 1px solid #8886; padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; }
td, th { vertical-align: top; }
td:first-child { width: 14rem; }
.soft { opacity: 0.7; }
</style>
</head>
<body>
<h1>$title: events</h1>
<p>$description</p>
<p>As a document: <a href="events.json">AsyncAPI</a>. What leads to events: <a href="../docs">the
API</a>.</p>
$content
</body>
</html>
""")


def page(events: Json) -> str:
    info = events["info"]
    return PAGE.substitute(
        title=escape(info["title"]),
        description=escape(info["description"]),
        content="\n".join(_content(events)),
    )


def _content(events: Json) -> Iterator[str]:
    schemas = events["components"]["schemas"]
    yield f"<p>{', '.join(_link(each) for each in events['channels'])}</p>"
    for service, channel in events["channels"].items():
        yield f'<h2 id="{service}">{escape(channel["title"])}</h2>'
        yield f"<p>{_marked(channel['description'])}</p>"
        yield from _operations(events, service)
        for name in channel["messages"]:
            yield from _message(events["components"]["messages"][f"{service}.{name}"], schemas)
    messages = events["components"]["messages"].values()
    data = {_named(message["payload"]["properties"]["data"]) for message in messages}
    if shared := [name for name in schemas if name not in data]:
        yield "<h2>What they are made of</h2>"
        for name in shared:
            yield f'<h3 id="{escape(name)}">{escape(name)}</h3>'
            yield from _schema(schemas[name])


def _named(schema: Json) -> str:
    """The name of the schema that it refers to."""
    name: str = schema["$ref"].rpartition("/")[2]
    return name


def _operations(events: Json, service: str) -> Iterator[str]:
    here = {"$ref": f"#/channels/{service}"}
    verbs = {"send": "writes", "receive": "follows"}
    yield "<table>"
    for name, operation in events["operations"].items():
        if operation["channel"] == here:
            who = name.removesuffix(f".{service}")
            verb = verbs[operation["action"]]
            yield f"<tr><td>{verb}: <code>{escape(who)}</code></td>"
            yield f"<td>{_marked(operation['description'])}</td></tr>"
    yield "</table>"


def _message(message: Json, schemas: Json) -> Iterator[str]:
    payload = message["payload"]["properties"]
    number = payload["schema"]["const"]
    yield f'<h3 id="{message["name"]}">{message["name"]} <span class="soft">{number}</span></h3>'
    if message["description"]:
        yield f"<p>{_marked(message['description'])}</p>"
    data = schemas[_named(payload["data"])]
    yield from _fields(data, message["x-personal"])
    for schema, said in message["x-upcasters"].items():
        yield f"<p>Of schema {schema} it is read so: {_marked(said) or 'see its upcaster.'}</p>"


def _schema(schema: Json) -> Iterator[str]:
    if "description" in schema:
        yield f"<p>{_marked(schema['description'])}</p>"
    if "properties" in schema:
        yield from _fields(schema, {})
    else:
        yield f"<p>{_type(schema)}</p>"


def _fields(schema: Json, personal: Json) -> Iterator[str]:
    yield "<table>"
    for name, field in schema.get("properties", {}).items():
        told = _type(field)
        if name in personal:
            told += f" (personal: of <code>{escape(personal[name])}</code>)"
        yield f"<tr><td><code>{escape(name)}</code></td><td>{told}</td></tr>"
    yield "</table>"


def _type(schema: Any) -> str:
    """A schema in words."""
    match schema:
        case {"$ref": _}:
            return _link(_named(schema))
        case {"const": value}:
            return f"<code>{escape(str(value))}</code>"
        case {"enum": values}:
            return " or ".join(f"<code>{escape(str(value))}</code>" for value in values)
        case {"anyOf": several}:
            return " or ".join(map(_type, several))
        case {"type": "array", "items": items}:
            return f"a list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"by name, {_type(values)}"
        case {"type": str(kind)}:
            return kind
    return "anything"


def _link(name: str) -> str:
    return f'<a href="#{escape(name)}">{escape(name)}</a>'


def _marked(text: str) -> str:
    """With `names` as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if n % 2 else p for n, p in enumerate(parts))
