"""The register of generations on DynamoDB: one small table for all views, one item per view.

view      S  partition key: the view's name
revision  N  counts the saves; a save is conditional on it
content   S  JSON: what there is of the view
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cqrs import plain
from cqrs.adapters import clients
from cqrs.adapters.tables import batch_get, save_revision
from cqrs.discretion import said
from cqrs.errors import Ahead, Unreadable
from cqrs.plain import replace
from cqrs.views.generations import Known

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbGenerations"]


class DynamoDbGenerations:
    """Calls: `load` 1 per 100 views; `save` 1."""

    def __init__(
        self,
        table: str,
        client: Callable[[], DynamoDBClient] = clients.dynamodb,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._client = client
        self._pause = pause

    def load(self, names: Sequence[str]) -> dict[str, Known]:
        """Raises Unavailable, and Ahead for what newer code has written."""
        found = dict.fromkeys(names, Known())
        keys = [{"view": {"S": name}} for name in found]
        for item in batch_get(self._client, self._table, keys, self._pause):
            try:
                known: Known = plain.load(Known, plain.from_json(item["content"]["S"]))
            except (Unreadable, ValueError) as error:
                raise Ahead(f"this code can't read its generations: {said(error)}") from error
            found[item["view"]["S"]] = replace(known, revision=int(item["revision"]["N"]))
        return found

    def save(self, name: str, known: Known, revision: int) -> bool:
        content = plain.to_json(plain.dump(replace(known, revision=0)))
        item = {"view": {"S": name}, "content": {"S": content}}
        return save_revision(self._client(), self._table, item, revision)
