"""A filter lets a record through if it equals one of the values in every field it names."""

import json
from typing import Any

import pytest

from scripts.local.streams.filters import beyond_equality, passes, read_patterns

INSERT = {"eventName": "INSERT", "dynamodb": {"Keys": {"stream": {"S": "order-7"}}}}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([], True),
        ([{"eventName": ["INSERT"]}], True),
        ([{"eventName": ["MODIFY", "INSERT"]}], True),
        ([{"eventName": ["REMOVE"]}], False),
        ([{"eventName": ["REMOVE"]}, {"eventName": ["INSERT"]}], True),
        ([{"dynamodb": {"Keys": {"stream": {"S": ["order-7"]}}}}], True),
        ([{"dynamodb": {"Keys": {"stream": {"S": ["order-8"]}}}}], False),
        ([{"eventName": ["INSERT"], "eventSource": ["aws:dynamodb"]}], False),
        ([{"eventName": {"S": ["INSERT"]}}], False),
    ],
)
def test_a_record_passes_when_one_of_the_patterns_fits(
    patterns: list[dict[str, Any]], expected: bool
) -> None:
    assert passes(json.dumps(INSERT), patterns) is expected


def test_patterns_are_read_from_the_criteria_of_a_mapping() -> None:
    criteria = {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}
    assert read_patterns(criteria) == ({"eventName": ["INSERT"]},)
    assert read_patterns(None) == read_patterns({"Filters": []}) == ()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ({"eventName": ["INSERT"]}, None),
        ({"a": {"b": [{"exists": True}]}}, '{"exists": true}'),
        ({"$or": [{"a": [1]}]}, '{"a": [1]}'),
        ({"a": [1, {"numeric": [">", 5]}]}, '{"numeric": [">", 5]}'),
    ],
)
def test_more_than_equality_is_found(pattern: dict[str, Any], found: str | None) -> None:
    assert beyond_equality(pattern) == found
