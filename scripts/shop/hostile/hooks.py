"""Hooks for Schemathesis, in its own environment: nothing of ours can be imported here.

Invented ids meet nothing that is there. So one in two requests that fit the document is one of
those that the API has answered well, as a whole or in part; and what each route answers is counted.
"""

import atexit
import json
import os
from collections import Counter
from enum import Enum, auto
from pathlib import Path
from typing import Any

import schemathesis  # type: ignore[import-not-found]
from hypothesis import strategies as st

NOTES = Path(os.environ["HOSTILE_NOTES"])
GOOD = json.loads((NOTES / "good.json").read_text())  # by route
COUNTED: Counter[str] = Counter()  # by route and status
KEYS: dict[str, str] = {}  # of cases that are sent again


def flatmap_case(_: Any, case: Any) -> st.SearchStrategy[Any]:
    good = GOOD.get(route_of(case), [])
    same = st.just(case)
    if not good or not case.meta.generation.mode.is_positive:
        return same
    return st.one_of(same, st.builds(partly, same, st.sampled_from(good), st.sampled_from(Share)))


class Share(Enum):
    """How much a case takes from a good one."""

    ITS_ID = auto()
    ALL_BUT_ITS_KEY = auto()
    ALL = auto()


def partly(case: Any, good: dict[str, Any], share: Share) -> Any:
    if good["id"]:
        case.path_parameters = {**case.path_parameters, "id": good["id"]}
    if share is not Share.ITS_ID:
        case.query = {**case.query, **good["query"]}
        if good["body"]:  # one that is left out counts as wrong as soon as it is set
            case.body = good["body"]
    if share is Share.ALL and good["key"]:
        KEYS[case.id] = good["key"]
    return case


def before_call(_: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """The key goes into the request, and not into the case: there its headers would be checked
    again, without the token, and count as wrong.
    """
    if key := KEYS.pop(case.id, None):
        kwargs["auth"] = lambda request: request.headers.update({"Idempotency-Key": key}) or request


def after_call(_: Any, case: Any, response: Any) -> None:
    COUNTED[f"{route_of(case)} {response.status_code}"] += 1


def route_of(case: Any) -> str:
    return f"{case.method.upper()} {case.operation.path}"


for hook in (flatmap_case, before_call, after_call):
    schemathesis.hook(hook)
atexit.register(lambda: (NOTES / "counted.json").write_text(json.dumps(COUNTED)))
