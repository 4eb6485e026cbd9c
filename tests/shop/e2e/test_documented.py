"""The API's document is held against the API, with its examples and with requests made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.shop.demo.api import Api
from scripts.shop.examples import EXAMPLES, by_role, examples
from scripts.shop.hostile.running import hostile
from scripts.shop.story import Asked, tell
from tests.shop.e2e.conftest import Shop

A_FEW = 3  # `make hostile` sends thousands


@pytest.fixture(scope="module")
def api_of(running: Shop) -> Callable[[str], Api]:
    return by_role(running.url, running.stack.token)


@pytest.fixture(scope="module")
def told(api_of: Callable[[str], Api]) -> list[Asked]:
    return tell(api_of)


def shape(value: Any) -> Any:
    """Names and types, of lists without their lengths."""
    if isinstance(value, dict):
        return {"ID" if is_id(name) else name: shape(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(inside), sort_keys=True) for inside in value})
    return type(value).__name__


def is_id(name: str) -> bool:
    """Whether a field is named by an id: ours have twenty characters."""
    return len(name) >= 20 or not name.isidentifier()


def test_the_examples_in_the_document_are_answered_as_it_says(
    shop: Shop, told: list[Asked]
) -> None:
    documented = json.loads(EXAMPLES.read_text())
    for route, example in examples(told).items():
        assert shape(example) == shape(documented[route]), route


@pytest.mark.parametrize("role", ["customer", "staff", "operator"])
def test_whatever_is_asked_the_answer_is_as_the_document_says(
    shop: Shop, role: str, api_of: Callable[[str], Api], told: list[Asked], tmp_path: Path
) -> None:
    api = api_of(role)
    found = hostile(api, role, told, tmp_path, each=A_FEW, seed=11, phases="examples,fuzzing")
    assert found.passed, found.said
    assert found.cases > 100, found.said
    assert not [answer for answer in found.answers if answer[1] >= 500]
