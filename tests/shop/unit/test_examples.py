"""The examples in the API's document are of routes that there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cqrs import inputs
from scripts.build.documents.openapi import openapi, told
from scripts.build.terraform.nouns import routes
from scripts.shop.examples import EXAMPLES

KNOWN = json.loads(EXAMPLES.read_text())


def test_no_example_is_of_a_route_that_is_gone() -> None:
    assert not KNOWN.keys() - routes().keys(), "scripts/shop/story.py, then: make examples"


@pytest.mark.parametrize(
    "route", [each.route for each in told() if each.about.body and each.example]
)
def test_the_body_of_an_example_is_a_command(route: str) -> None:
    (each,) = (each for each in told() if each.route == route)
    body = each.about.body
    assert body
    given = {name: "7" for name in (body.given, body.optional) if name}
    example: dict[str, Any] = each.example.get("body", {})
    inputs.parse(body.command, example, **{n: v for n, v in given.items() if n not in example})


def test_examples_are_in_the_document() -> None:
    operation = openapi()["paths"]["/orders/{id}/address"]["put"]
    example = KNOWN["PUT /orders/{id}/address"]
    said = operation["requestBody"]["content"]["application/json"]["example"]
    answered = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert (said, answered) == (example["body"], example["answer"])
    assert operation["parameters"][0]["example"] == example["id"]
