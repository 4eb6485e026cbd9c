"""What DynamoDB is asked, counted."""

import json
from dataclasses import dataclass
from math import ceil
from typing import Any

import boto3


@dataclass(frozen=True)
class Call:
    operation: str
    request: dict[str, Any]

    @property
    def write_units(self) -> int:
        """Of a PutItem: 1 for each kilobyte of names and values."""
        item = self.request["Item"].items()
        size = sum(len(name) + len(next(iter(value.values())).encode()) for name, value in item)
        return ceil(size / 1024)


class Counted:
    """A client of DynamoDB that writes down what it is asked."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb")
        self._calls: list[Call] = []

    def start(self) -> None:
        self.client.meta.events.register("before-call.dynamodb", self._note)

    def _note(self, model: Any, params: Any, **_: Any) -> None:
        self._calls.append(Call(model.name, json.loads(params["body"])))

    def taken(self) -> list[Call]:
        """The calls since the last time."""
        taken, self._calls = self._calls, []
        return taken

    def names(self) -> list[str]:
        return [call.operation for call in self.taken()]
