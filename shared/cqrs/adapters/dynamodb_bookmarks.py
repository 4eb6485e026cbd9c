"""The positions where walks stopped, as items of a table: `row` = `bookmark/<name>`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cqrs.adapters import clients

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbBookmarks"]


class DynamoDbBookmarks:
    def __init__(self, table: str, client: Callable[[], DynamoDBClient] = clients.dynamodb) -> None:
        self._table = table
        self._client = client

    def get(self, name: str) -> str | None:
        with clients.translated(self._table):
            found = self._client().get_item(
                TableName=self._table, Key=self._key(name), ConsistentRead=True
            )
        text: str = found.get("Item", {}).get("place", {}).get("S", "")
        return text or None

    def put(self, name: str, place: str | None) -> None:
        """Stores the position of a walk. None: it is finished, and the next one starts anew."""
        with clients.translated(self._table):
            self._client().put_item(
                TableName=self._table, Item={**self._key(name), "place": {"S": place or ""}}
            )

    def _key(self, name: str) -> dict[str, dict[str, str]]:
        return {"row": {"S": f"bookmark/{name}"}}
