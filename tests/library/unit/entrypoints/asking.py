"""Asking over HTTP, in memory, and what every answer must be."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from cqrs.entrypoints.http import HttpFunction, Request, Response
from cqrs.plain import Value
from tests.library.payloads import http

ON_EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Answer(Value, kw_only=False):
    """An answer as API Gateway gets it; `text` is the body."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def ask(function: Callable[[dict[str, Any], Any], Any], event: dict[str, Any]) -> Answer:
    """Invokes `function`, and asserts what holds for all answers."""
    answer = json.loads(json.dumps(function(event, None), ensure_ascii=False).encode())
    assert answer.keys() == {"statusCode", "headers", "body"}
    assert all(isinstance(value, str) for value in answer["headers"].values())
    assert answer["headers"]["X-Correlation-Id"]
    assert ON_EVERY_ANSWER.items() <= answer["headers"].items()
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def ask_route(handler: Callable[[Request], Response], route: str, **request: Any) -> Answer:
    """The answer of a function with this route alone."""
    return ask(HttpFunction({route: handler}), http(route, **request))


def pages(ask: Callable[..., Answer], items: str, **query: str) -> list[list[Any]]:
    """The `items` of each page, every page asked for with the cursor of the one before."""
    found: list[list[Any]] = []
    while True:
        body = ask(**query).body
        found.append(body[items])
        if body["cursor"] is None:
            return found
        query["cursor"] = body["cursor"]


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem document in `answer`, which is a complete and discreet one."""
    assert (answer.status, answer.body.get("code")) == (status, code), answer
    problem: dict[str, Any] = answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem.keys() - {"errors"} == {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "correlation_id",
    }
    assert problem["type"] == f"urn:problem-type:{code}"
    assert problem["status"] == status
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert problem["title"]
    assert problem["detail"].endswith(".")
    for word in ("Traceback", 'File "', ".py", "Error(", "Exception"):
        assert word not in answer.text
    return problem


def faults(problem: dict[str, Any]) -> dict[str, str]:
    """Where an input is wrong, and how."""
    return {fault["pointer"]: fault["detail"] for fault in problem["errors"]}


def token(text: str) -> Mapping[str, str]:
    return {"Consistency-Token": text}


def cursor_of(found: object) -> str:
    """A cursor that nobody answered, with this in it."""
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")
