"""Calls that several kinds of tables share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cqrs.adapters import clients
from cqrs.errors import Throttled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["batch_get", "if_unchanged", "save_revision"]

KEYS_PER_CALL = 100


def batch_get(
    client: Callable[[], DynamoDBClient],
    table: str,
    keys: Sequence[Any],
    pause: Callable[[float], None],
) -> list[Any]:
    """The items that there are, as they are now. Calls: 1 per 100 keys. Raises Unavailable."""
    items: list[Any] = []
    for start in range(0, len(keys), KEYS_PER_CALL):
        items += _batch(client, table, keys[start : start + KEYS_PER_CALL], pause)
    return items


def _batch(
    client: Callable[[], DynamoDBClient],
    table: str,
    keys: Sequence[Any],
    pause: Callable[[float], None],
) -> list[Any]:
    request: Any = {table: {"Keys": keys, "ConsistentRead": True}}
    items: list[Any] = []
    for _ in clients.CONTENTION.attempts(pause):
        with clients.translated(table):
            found = client().batch_get_item(RequestItems=request)
        items += found["Responses"].get(table, [])
        request = found.get("UnprocessedKeys")
        if not request:
            return items
    raise Throttled(f"{table} did not give all items")


def if_unchanged(revision: int) -> dict[str, Any]:
    """The condition that an item is still at `revision`; at 0, that there is none."""
    never_saved = "attribute_not_exists(revision)"
    unchanged_since = "revision = :revision"
    if not revision:
        return {"ConditionExpression": never_saved}
    return {
        "ConditionExpression": unchanged_since,
        "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
    }


def save_revision(client: DynamoDBClient, table: str, item: Any, revision: int) -> bool:
    """Saves an item as the next revision, if it is still at this one. Raises Unavailable."""
    item = {**item, "revision": {"N": str(revision + 1)}}
    with clients.translated(table):
        try:
            client.put_item(TableName=table, Item=item, **if_unchanged(revision))
        except client.exceptions.ConditionalCheckFailedException:
            return False
    return True
