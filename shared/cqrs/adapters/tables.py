"""Calls that several kinds of tables share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cqrs.adapters import clients
from cqrs.errors import Throttled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["batch_get", "batch_get_all", "if_unchanged", "save_revision"]

KEYS_PER_CALL = 100


def batch_get(
    client: Callable[[], DynamoDBClient],
    table: str,
    keys: Sequence[Any],
    pause: Callable[[float], None],
) -> list[Any]:
    """The items that there are, as they are now. Calls: 1 per 100 keys. Raises Unavailable."""
    found = batch_get_all(client, [(table, key) for key in keys], pause)
    return [item for _, item in found]


def batch_get_all(
    client: Callable[[], DynamoDBClient],
    keys: Sequence[tuple[str, Any]],
    pause: Callable[[float], None],
) -> list[tuple[str, Any]]:
    """The same of several tables: `keys`, and what is found, with their table."""
    found: list[tuple[str, Any]] = []
    for start in range(0, len(keys), KEYS_PER_CALL):
        found += _batch(client, keys[start : start + KEYS_PER_CALL], pause)
    return found


def _batch(
    client: Callable[[], DynamoDBClient],
    keys: Sequence[tuple[str, Any]],
    pause: Callable[[float], None],
) -> list[tuple[str, Any]]:
    request: Any = {}
    for table, key in keys:
        request.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
    tables = " and ".join(request)
    items: list[tuple[str, Any]] = []
    for _ in clients.CONTENTION.attempts(pause):
        with clients.translated(tables):
            found = client().batch_get_item(RequestItems=request)
        items += [(table, item) for table, some in found["Responses"].items() for item in some]
        request = found.get("UnprocessedKeys")
        if not request:
            return items
    raise Throttled(f"{tables} did not give all items")


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
