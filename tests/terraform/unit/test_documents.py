"""The documents say what there is: Terraform's routes, what handlers read, the commands' rules, and
the events. Whoever has a route that tells nothing of itself is told so.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from cqrs import inputs
from cqrs.entrypoints.callers import ANYONE
from cqrs.entrypoints.http import Request
from scripts.build.application import deciders, made, processes, services_of, views
from scripts.build.documents.asyncapi import RULES, asyncapi
from scripts.build.documents.openapi import DEFAULT, Told, openapi, told
from scripts.build.documents.page import page
from scripts.build.terraform.nouns import roles, routes
from tests.terraform.unit.test_agreements import agree

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "functions" / "docs"
ROUTES = sorted(routes().keys() - {DEFAULT})
ONE = settings(database=None, derandomize=True, phases=[Phase.generate])
METHODS = ("delete", "get", "patch", "post", "put")
VISIBLE = st.characters(codec="ascii", categories=("L", "N", "P", "S"))


# Made when a test wants them: what is forgotten is told by the tests of agreements, too.
api, events = cache(openapi), cache(asyncapi)


@cache
def known() -> dict[str, Told]:
    return {each.route: each for each in told()}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in api()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def within(document: Any) -> Iterator[dict[str, Any]]:
    """All objects in it."""
    for value in document.values() if isinstance(document, dict) else document:
        if isinstance(value, dict | list):
            yield from within(value)
    if isinstance(document, dict):
        yield document


def at(document: Any, ref: str) -> Any:
    for step in ref.removeprefix("#/").split("/"):
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


def unresolved(document: Any) -> list[str]:
    missing = []
    for each in within(document):
        ref = each.get("$ref")
        if isinstance(ref, str):
            try:
                at(document, ref)
            except LookupError:
                missing.append(ref)
    return missing


def example(schema: Any) -> Any:
    """A value that a schema lets in, with the least that is required."""
    match schema:
        case {"$ref": ref}:
            return example(at(api(), ref))
        case {"enum": [first, *_]} | {"default": first} | {"const": first}:
            return first
        case {"anyOf": [first, *_]}:
            return example(first)
        case {"type": "array", "items": items}:
            return [example(items)] * schema.get("minItems", 1)
        case {"type": "object"}:
            fields = schema.get("properties", {})
            return {name: example(fields[name]) for name in schema.get("required", ())}
        case {"type": "integer"}:
            return schema.get("minimum", 0)
        case {"type": "boolean"}:
            return True
        case {"format": "date"}:
            return date(2026, 1, 1).isoformat()
        case {"type": "string"}:
            return text(schema.get("pattern", "x+"), schema.get("minLength", 0))
    raise TypeError(f"no example of {schema}")


@cache
def text(pattern: str, least: int) -> str:
    texts = st.from_regex(pattern, fullmatch=True, alphabet=VISIBLE)
    return find(texts, lambda found: len(found) >= least, settings=ONE)


class TestTheApi:
    def test_every_route_is_in_the_document_and_nothing_else(self) -> None:
        assert {route for route, _ in operations()} == routes().keys() - {DEFAULT}

    def test_it_is_what_openapi_asks_for(self) -> None:
        """The essentials of https://spec.openapis.org/oas/v3.1.1.html."""
        assert api()["openapi"].startswith("3.1.")
        assert {"title", "version"} <= api()["info"].keys()
        assert unresolved(api()) == []
        names = [operation["operationId"] for _, operation in operations()]
        assert sorted(names) == sorted(set(names))
        tags = {tag["name"] for tag in api()["tags"]}
        for route, operation in operations():
            method, _, path = route.partition(" ")
            assert path.startswith("/"), route
            assert method.lower() in METHODS, route
            assert {*operation["tags"]} <= tags, route
            assert operation["responses"], route
            for status, response in operation["responses"].items():
                assert re.fullmatch("[1-5][0-9]{2}", status), route
                assert response["description"], route
            assert ("requestBody" in operation) <= (method != "GET"), route
            asked = [at(api(), p["$ref"]) if "$ref" in p else p for p in operation["parameters"]]
            places = [(p["in"], p["name"]) for p in asked]
            assert len(places) == len({*places}), route
            assert {n for where, n in places if where == "path"} == {*re.findall("{(.*?)}", path)}
            assert all(p["required"] for p in asked if p["in"] == "path"), route

    def test_what_is_in_it_is_used(self) -> None:
        used = {each["$ref"] for each in within(api()) if "$ref" in each}
        for kind in ("headers", "parameters", "schemas"):
            there = {f"#/components/{kind}/{name}" for name in api()["components"][kind]}
            assert there <= used, kind

    def test_it_says_to_whom_a_route_is_open(self) -> None:
        said = {r: [need["token"] for need in o["security"]] for r, o in operations()}
        asked = {route: roles()[route] for route in ROUTES}
        meant = {r: [] if role == "public" else [[role]] for r, role in asked.items()}
        assert said == meant

    @pytest.mark.parametrize("route", [r for r in ROUTES if not r.startswith("GET ")])
    def test_what_a_body_must_have_is_a_command(self, route: str) -> None:
        body, operation = known()[route].about.body, dict(operations())[route]
        assert body, f"{route} is no command: let it tell what is in its body"
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        given = frozenset(filter(None, (body.given, body.optional)))

        least = example(schema)

        assert inputs.faults_of(body.command, least, given) == []
        for name in least:
            without = {key: value for key, value in least.items() if key != name}
            assert inputs.faults_of(body.command, without, given), name

    @pytest.mark.parametrize("route", ROUTES)
    def test_a_route_reads_what_it_tells_and_nothing_else(
        self, route: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        each = known()[route]

        def at_once(*_: object, **__: object) -> None:
            raise RuntimeError("nobody is asked")

        monkeypatch.setattr("boto3.Session.client", at_once)
        monkeypatch.setattr("requests.Session.send", at_once)
        asked = each.about.parameters
        query = Read({p.name: text_of(p.schema) for p in asked if p.place == "query"})
        headers = Read({})
        with suppress(Exception):
            made(each.function)[0].routes[each.route](request_of(each, query, headers))

        told = {p.name for p in asked if p.place == "query"}
        agree(
            query.names == told,
            f"{each.route} reads {sorted(query.names)} in the query, and tells of {sorted(told)}: "
            "make them the same, where it is defined",
        )
        told = {p.name.lower() for p in asked if p.place == "header"}
        not_told = {"authorization"} | ({"if-match"} if each.about.status == 201 else set())
        assert headers.names - not_told == told


class Read(dict[str, str]):
    """Texts by name, and the names that were read."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__(texts)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def text_of(schema: Any) -> str:
    value = example(schema)
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def request_of(each: Told, query: Read, headers: Read) -> Request:
    query.pop("cursor", "")  # none that it has answered
    operation = dict(operations())[each.route]
    content = operation.get("requestBody", {}).get("content", {})
    body = {**example(content["application/json"]["schema"])} if content else {}
    if each.about.body and each.about.body.optional:
        body[each.about.body.optional] = "x"
    return Request(
        route=each.route,
        method=each.method.upper(),
        path=each.path,
        params={"id": "x"},
        query=query,
        headers=headers,
        body=json.dumps(body).encode(),
        authorizer={},
        request_id="r",
        correlation_id="r",
        time="2026-01-01T00:00:00.000000Z",
        caller=ANYONE,
    )


class TestTheEvents:
    def test_every_event_is_in_the_document_with_its_schema_and_what_is_personal(self) -> None:
        types = [decider.events for decider in deciders().values()]
        known = {
            f"{one.context}.{name}": one.named(name) for one in types for name in one.schemas()
        }
        said = events()["components"]["messages"]
        assert said.keys() == known.keys()
        for name, kind in known.items():
            assert said[name]["payload"]["properties"]["schema"]["const"] == kind.schema
            assert said[name]["x-personal"] == kind.personal
            assert [int(schema) for schema in said[name]["x-upcasters"]] == sorted(kind.upcasters)

    def test_it_is_what_asyncapi_asks_for(self) -> None:
        """The essentials of https://www.asyncapi.com/docs/reference/specification/v3.0.0."""
        assert events()["asyncapi"] == "3.0.0"
        assert unresolved(events()) == []
        named = re.compile(r"[\w.-]+")
        assert all(map(named.fullmatch, chain(*map(dict.keys, events()["components"].values()))))
        assert {o["action"] for o in events()["operations"].values()} <= {"send", "receive"}

    def test_what_was_stored_is_under_no_rule_of_input(self) -> None:
        assert [each for each in within(events()) if RULES & each.keys()] == []

    def test_it_says_who_follows(self) -> None:
        followers = {**views(), **processes()}
        meant = {f"{name}.{s}" for name, one in followers.items() for s in services_of(one)}
        said = {name for name, o in events()["operations"].items() if o["action"] == "receive"}
        assert said == meant


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.ids |= {said["id"]} if "id" in said else set()
        self.links |= {said[name] for name in ("href", "src") if name in said} - {"data:,"}
        self.scripts += tag == "script" and "src" not in said


class TestPages:
    def test_a_link_of_a_page_leads_to_a_route_or_a_place_in_it(self) -> None:
        pages = {"/docs": (DOCS / "docs.html").read_text(), "/docs/events": page(events())}
        for path, text in pages.items():
            found = Links(text)
            assert found.links
            for link in found.links:
                if link.startswith("#"):
                    assert link[1:] in found.ids
                else:
                    assert f"GET {normal(path, link)}" in routes(), link

    def test_a_page_has_no_script_in_it(self) -> None:
        """Browsers are told to run none."""
        assert Links((DOCS / "docs.html").read_text()).scripts == 0
        assert "<script" not in page(events())

    def test_the_page_of_the_api_shows_its_document(self) -> None:
        (document,) = re.findall(r'url: "(.*)"', (DOCS / "docs.js").read_text())
        assert f"GET {normal('/docs', document)}" in routes()


def normal(page: str, link: str) -> str:
    return os.path.normpath(f"{page.rpartition('/')[0]}/{link}")


def test_the_same_code_makes_the_same_documents(tmp_path: Path) -> None:
    write = (
        "from scripts.build.documents.asyncapi import asyncapi as a\n"
        "from scripts.build.documents.openapi import openapi as o\n"
        "from scripts.build.documents.page import page as p\n"
        "print(o(), a(), p(a()))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}"}
    made_twice = {
        subprocess.run(
            [sys.executable, "-c", write],
            env=environment | {"PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made_twice) == 1
