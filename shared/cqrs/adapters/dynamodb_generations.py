"""The register of generations on DynamoDB: one small table for all views, one item per view.

view      S  partition key: the view's name
revision  N  counts the saves; a save is conditional on it
content   S  JSON: what there is of the view
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cqrs import plain
from cqrs.adapters import clients
from cqrs.errors import Throttled
from cqrs.plain import replace
from cqrs.views.generations import Known

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbGenerations"]

VIEWS_PER_CALL = 100


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
        """Raises Unavailable, and Unreadable for what newer code has written."""
        found = dict.fromkeys(names, Known())
        asked = list(found)
        for start in range(0, len(asked), VIEWS_PER_CALL):
            keys = [{"view": {"S": name}} for name in asked[start : start + VIEWS_PER_CALL]]
            for item in self._batch_get(keys):
                known: Known = plain.load(Known, plain.from_json(item["content"]["S"]))
                revision = int(item["revision"]["N"])
                found[item["view"]["S"]] = replace(known, revision=revision)
        return found

    def save(self, name: str, known: Known, revision: int) -> bool:
        client = self._client()
        put: Any = {
            "TableName": self._table,
            "Item": {
                "view": {"S": name},
                "revision": {"N": str(revision + 1)},
                "content": {"S": plain.to_json(plain.dump(replace(known, revision=0)))},
            },
        }
        never_saved = "attribute_not_exists(revision)"
        unchanged_since = "revision = :revision"
        if revision:
            put["ConditionExpression"] = unchanged_since
            put["ExpressionAttributeValues"] = {":revision": {"N": str(revision)}}
        else:
            put["ConditionExpression"] = never_saved
        try:
            with clients.translated(self._table):
                client.put_item(**put)
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _batch_get(self, keys: Sequence[Any]) -> list[Any]:
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        items: list[Any] = []
        for _ in clients.CONTENTION.attempts(self._pause):
            with clients.translated(self._table):
                found = self._client().batch_get_item(RequestItems=request)
            items += found["Responses"].get(self._table, [])
            request = found.get("UnprocessedKeys")
            if not request:
                return items
        raise Throttled(f"{self._table} did not tell of all views")
