"""FilterCriteria: which records a mapping lets through to its function.

Honoured is what this system uses, and what can't be got wrong: fields that must equal one of some
values. Comparisons ({"prefix": ...} and the like) and filters on Kinesis data are refused.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Pattern = Mapping[str, Any]


def read_patterns(criteria: Mapping[str, Any] | None) -> tuple[Pattern, ...]:
    """From the FilterCriteria of a mapping."""
    return tuple(json.loads(entry["Pattern"]) for entry in (criteria or {}).get("Filters") or ())


def beyond_equality(pattern: Pattern) -> str | None:
    """The first thing in a pattern that is more than a list of values to be equal to."""
    for key, wanted in pattern.items():
        if isinstance(wanted, Mapping):
            found = beyond_equality(wanted)
        else:
            found = next((json.dumps(w) for w in wanted if isinstance(w, Mapping | list)), None)
        if found or key.startswith("$"):
            return found or key
    return None


def passes(text: str, patterns: Sequence[Pattern]) -> bool:
    """One pattern that matches is enough; without patterns everything passes."""
    if not patterns:
        return True
    event = json.loads(text)
    return any(_matches(event, pattern) for pattern in patterns)


def _matches(value: Any, pattern: Any) -> bool:
    if not isinstance(pattern, Mapping):
        return value in pattern
    if not isinstance(value, Mapping):
        return False
    return all(key in value and _matches(value[key], wanted) for key, wanted in pattern.items())
