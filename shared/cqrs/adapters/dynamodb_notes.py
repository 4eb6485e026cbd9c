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
from cqrs.adapters.tables import batch_get, save_revision
from cqrs.follow.walks import Note

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbNotes"]

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
        keys = [{"row": {"S": name}} for name in names]
        return dict(map(_note, batch_get(self._client, self._table, keys, self._pause)))

    def save(self, name: str, text: str, revision: int) -> bool:
        forget = str(int(time.time()) + KEPT_SECONDS)
        item = {"row": {"S": name}, "note": {"S": text}, "forget": {"N": forget}}
        return save_revision(self._client(), self._table, item, revision)

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


def _note(item: Any) -> tuple[str, Note]:
    return item["row"]["S"], Note(item["note"]["S"], int(item["revision"]["N"]))
