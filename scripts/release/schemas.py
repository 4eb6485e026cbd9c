"""What a release can't be taken back from, and what this code reads: for who plans a deployment.

Importing this module imports nothing of the application.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.build.terraform.program import REPOSITORY

__all__ = ["kinds", "one_way_doors"]

Description = Mapping[str, Mapping[str, Any]]


def one_way_doors() -> list[str]:
    """What code of the last release can't read, or reads otherwise, once this code has written it;
    a sentence each, with what it does then. None before the first release.
    """
    released, now = _released_and_now()
    return [*doors(released, now)] if released else []


def kinds() -> list[str]:
    """The kinds of events that this code reads, as the publisher notes those that are written:
    `order.OrderPlaced@1`, with the category of their streams.
    """
    _, now = _released_and_now()
    categories = {service: said["streams"] for service, said in now["aggregates"].items()}
    named = (event.partition(".") for event in now["events"])
    # of a context that is only followed nobody here decides, so nobody goes back on it
    return sorted(f"{categories[of]}.{event}" for of, _, event in named if of in categories)


def _released_and_now() -> tuple[Description, Description]:
    """Raises ReleaseError."""
    if str(REPOSITORY / "shared") not in sys.path:
        sys.path.insert(0, str(REPOSITORY / "shared"))  # it looks at what runs elsewhere
    from scripts.release import released
    from scripts.release.application import this
    from scripts.release.description import described

    before = released.read_or_nothing()
    return before, described(this(), before)


def doors(before: Description, now: Description) -> Iterator[str]:
    for event in sorted(now["events"].keys() - before["events"].keys()):
        if "fields" in now["events"][event]:
            name, schema = event.split("@")
            yield (
                f"{name} of schema {schema} is new: once one is stored, code of the last release "
                "lets that stream wait, and answers commands to it with `ahead`, until this code "
                "is back"
            )
    for view, old, new in _of_both("views", before, now):
        if old["generation"] != new["generation"]:
            yield (
                f"{view} has generation {new['generation']}: before code of the last release comes "
                f"back, say `make rollback VIEW={view}`, or it shows rows of this code in its own "
                "way"
            )
    for process, old, new in _of_both("processes", before, now):
        if old["states"] != new["states"]:
            yield (
                f"{process} keeps other states: code of the last release folds those anew that it "
                "can't read, at the next event or within a minute"
            )
    for service, old, new in _of_both("aggregates", before, now):
        if old["state_schema"] != new["state_schema"]:
            yield (
                f"{service} has snapshots of schema {new['state_schema']}: code of the last "
                "release ignores them, and reads streams whole until it has written its own"
            )


def _of_both(
    section: str, before: Description, now: Description
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    for name in sorted(before[section].keys() & now[section].keys()):
        yield name, before[section][name], now[section][name]
