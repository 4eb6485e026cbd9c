"""A DynamoDB that answers at once with what it was given, in place of the HTTP connection: all else
of the SDK does its work. (A server in another process was tried: where system calls are slow, its
sockets are most of what both the floor and we take, and every ratio looks better.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

__all__ = ["Answers", "Stub"]

Answers = Mapping[str, Any]
"""Answers by `operation table`; a query gets the first items of its own, up to its limit."""


class _Raw(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.getvalue()


class Stub:
    """`calls` counts them."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._known: dict[bytes, bytes] = {}
        self.calls = 0

    def client(self, make: Callable[[], Any]) -> Any:
        """A client that asks here."""
        client = make()
        client.meta.events.register("before-send.dynamodb", self)
        return client

    def __call__(self, request: Any, **_: object) -> Any:
        from botocore.awsrequest import AWSResponse

        self.calls += 1
        body = self._known.get(request.body)
        if body is None:
            operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
            body = self._answer(operation, request.body)
            if operation != "PutItem":  # which never comes again
                self._known[request.body] = body
        headers: Any = {
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(len(body)),
            "x-amzn-RequestId": "B" * 52,
        }
        return AWSResponse(request.url, 200, headers, _Raw(body))

    def _answer(self, operation: str, body: bytes) -> bytes:
        if operation == "PutItem":
            return b"{}"
        asked = json.loads(body)
        table = asked.get("TableName") or min(asked["RequestItems"])
        answer = self._answers[f"{operation} {table}"]
        if "Limit" in asked and len(answer["Items"]) > asked["Limit"]:
            items = answer["Items"][: asked["Limit"]]
            last = {name: items[-1][name] for name in ("stream", "version")}
            answer = {**answer, "Items": items, "Count": len(items), "LastEvaluatedKey": last}
        return json.dumps(answer).encode()
