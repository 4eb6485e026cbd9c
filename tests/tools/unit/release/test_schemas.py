"""One-way doors: what the last release can't read once this code has written it."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.release.schemas import doors

RELEASED: dict[str, dict[str, Any]] = {
    "aggregates": {"orders": {"state_schema": 3}},
    "events": {"orders.Placed@1": {"fields": {}}},
    "processes": {"checkout": {"states": {"order": "text"}}},
    "views": {"sales": {"generation": 1}},
}


def told(**changed: dict[str, Any]) -> list[str]:
    now = {section: things | changed.get(section, {}) for section, things in RELEASED.items()}
    return [*doors(RELEASED, now)]


def test_what_is_as_it_was_is_no_door() -> None:
    assert told() == []


def test_a_new_event_is_a_door() -> None:
    (door,) = told(events={"orders.Returned@1": {"fields": {}}})
    assert door == (
        "orders.Returned of schema 1 is new: once one is stored, code of the last release lets "
        "that stream wait, and answers commands to it with `ahead`, until this code is back"
    )


def test_a_new_schema_is_a_door_and_the_old_one_none() -> None:
    (door,) = told(events={"orders.Placed@1": {"upcaster": "0"}, "orders.Placed@2": {"fields": {}}})
    assert door.startswith("orders.Placed of schema 2 is new")


@pytest.mark.parametrize(
    ("section", "changed", "sentence"),
    [
        ("views", {"sales": {"generation": 2}}, "say `make rollback VIEW=sales`"),
        ("views", {"orders": {"generation": 1}}, ""),
        ("processes", {"checkout": {"states": {"order": "number"}}}, "folds those anew"),
        ("aggregates", {"orders": {"state_schema": 4}}, "reads streams whole until"),
    ],
)
def test_of_states_and_rows_it_is_told_what_older_code_does(
    section: str, changed: dict[str, Any], sentence: str
) -> None:
    found = told(**{section: changed})
    assert len(found) == bool(sentence)
    assert sentence in "".join(found)
