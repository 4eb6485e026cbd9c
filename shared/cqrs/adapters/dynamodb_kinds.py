"""Which kinds of events were ever written, in one item of a table:

what   S   partition key: `events`
kinds  SS  `order.OrderPlaced@1`: category of the stream, type and schema
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from cqrs.adapters import clients

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbKinds"]

KEY = {"what": {"S": "events"}}


class DynamoDbKinds:
    """Calls: `add` 1."""

    def __init__(self, table: str, client: Callable[[], DynamoDBClient] = clients.dynamodb) -> None:
        self._table = table
        self._client = client

    def add(self, kinds: Collection[str]) -> None:
        with clients.translated(self._table):
            self._client().update_item(
                TableName=self._table,
                Key=KEY,
                UpdateExpression="ADD kinds :kinds",
                ExpressionAttributeValues={":kinds": {"SS": sorted(kinds)}},
            )
