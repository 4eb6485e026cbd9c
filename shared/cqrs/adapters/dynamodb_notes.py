"""The notes of walks, as items of a table:

row       S  partition key: the name of the note
note      S  its text
revision  N  counts its saves
forget    N  seconds since 1970: when DynamoDB deletes it, a quarter of a year after the last save
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cqrs.adapters import clients
from cqrs.errors import Throttled
from cqrs.follow.walks import Note

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbNotes"]

KEYS_PER_CALL = 100
KEPT_SECONDS = 90 * 24 * 3_600


class DynamoDbNotes:
    """Calls: `load` 1 per 100 names, `save` 1, `beginning` 1 per MB of notes."""

    def __init__(
        self,
        table: str,
        client: Callable[[], DynamoDBClient] = clients.dynamodb,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._client = client
        self._pause = pause

    def load(self, names: Sequence[str]) -> dict[str, Note]:
        found: dict[str, Note] = {}
        for start in range(0, len(names), KEYS_PER_CALL):
            keys = [{"row": {"S": name}} for name in names[start : start + KEYS_PER_CALL]]
            found |= dict(map(_note, self._batch_get(keys)))
        return found

    def save(self, name: str, text: str, revision: int) -> bool:
        client = self._client()
        is_new = "attribute_not_exists(revision)"
        unchanged_since = "revision = :revision"
        condition: Any = (
            {
                "ConditionExpression": unchanged_since,
                "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
            }
            if revision
            else {"ConditionExpression": is_new}
        )
        item = {
            "row": {"S": name},
            "note": {"S": text},
            "revision": {"N": str(revision + 1)},
            "forget": {"N": str(int(time.time()) + KEPT_SECONDS)},
        }
        with clients.translated(self._table):
            try:
                client.put_item(TableName=self._table, Item=item, **condition)
            except client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def beginning(self, prefix: str) -> dict[str, Note]:
        found: dict[str, Note] = {}
        begins_so = "begins_with(#row, :prefix)"
        request: Any = {
            "TableName": self._table,
            "FilterExpression": begins_so,
            "ExpressionAttributeNames": {"#row": "row"},
            "ExpressionAttributeValues": {":prefix": {"S": prefix}},
        }
        while True:
            with clients.translated(self._table):
                page = self._client().scan(**request)
            found |= dict(map(_note, page["Items"]))
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _batch_get(self, keys: Any) -> list[Any]:
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        items: list[Any] = []
        for _ in clients.CONTENTION.attempts(self._pause):
            with clients.translated(self._table):
                found = self._client().batch_get_item(RequestItems=request)
            items += found["Responses"].get(self._table, [])
            request = found.get("UnprocessedKeys")
            if not request:
                return items
        raise Throttled(f"{self._table} did not give all notes")


def _note(item: Any) -> tuple[str, Note]:
    return item["row"]["S"], Note(item["note"]["S"], int(item["revision"]["N"]))
