"""The rows of a view on DynamoDB: one table per view, one item per row.

row                   S  partition key: `order_history#1/7` (view, generation, key)
revision              N  counts the saves; a save is conditional on it
positions             S  JSON: the version of each stream that feeds the row
states                S  JSON: the fold of each of those streams
doc                   S  JSON: the document shown; absent if the row shows nothing
parked                S  JSON: parked streams, each with version and error
parked_in             S  view and generation, only in rows with a parked stream: index `parked`
<list>, <list>_sort   S  the row's position in each list: index `by_<list>`
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from cqrs import plain
from cqrs.adapters import clients
from cqrs.errors import Throttled, Unavailable, Unreadable
from cqrs.observability import logger
from cqrs.plain import replace
from cqrs.views.rows import Followed, ParkedAt, Part, Place, Row, Saved, SaveResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbRows", "NeverSaved", "size_of"]

MAX_ITEM_BYTES = 400 * 1024
KEYS_PER_CALL = 100
SAVERS = 8
MARKS = ("parked", "parked_in")
OTHERS = {"ConditionalCheckFailedException", "TransactionConflictException"}
MAX_ROW_BYTES = MAX_ITEM_BYTES - 8 * 1024  # leaves room to park a full row


class NeverSaved(Exception):
    """The reason why the table can never hold a row."""


class DynamoDbRows:
    """Row store and row reader of one generation of a view; `name` is `order_history#1`.

    Calls: `get` 1; `load` 1 per 100 keys; `save` 1 per row, 8 at a time; `page` 1.
    """

    def __init__(
        self,
        table: str,
        name: str,
        lists: Iterable[str],
        client: Callable[[], DynamoDBClient] = clients.dynamodb,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._table = table
        self._lists = tuple(lists)
        self._client = client
        self._pause = pause

    @classmethod
    def of(cls, view: Followed, table: str) -> Self:
        return cls(table, view.scope, view.lists)

    def get(self, key: str) -> Row:
        with clients.translated(self._table):
            found = self._client().get_item(TableName=self._table, Key=self._key(key))
        return self._row(found["Item"]) if "Item" in found else Row(key=key)

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        rows = {key: Row(key=key) for key in keys}
        for start in range(0, len(keys), KEYS_PER_CALL):
            for item in self._batch_get(keys[start : start + KEYS_PER_CALL]):
                row = self._row(item)
                rows[row.key] = row
        return rows

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        if len(rows) == 1:
            return [self._save(rows[0])]
        with ThreadPoolExecutor(SAVERS) as pool:
            return list(pool.map(self._save, rows))

    def page(
        self, name: str, partition: str, after: tuple[str, str] | None, limit: int
    ) -> list[Row]:
        start: dict[str, Any] = {}
        if after:
            sort, key = after
            place = {name: {"S": self._scoped(partition)}, f"{name}_sort": {"S": sort}}
            start = {"ExclusiveStartKey": self._key(key) | place}
        return self._query(f"by_{name}", name, self._scoped(partition), limit, **start)

    def parked(self, limit: int) -> list[Row]:
        return self._query("parked", "parked_in", self.name, limit)

    def _query(self, index: str, hash_key: str, value: str, limit: int, **start: Any) -> list[Row]:
        """Up to `limit` rows of an index, newest first."""
        rows: list[Row] = []
        while len(rows) < limit:
            with clients.translated(self._table):
                page = self._client().query(
                    TableName=self._table,
                    IndexName=index,
                    KeyConditionExpression="#hash = :value",
                    ExpressionAttributeNames={"#hash": hash_key},
                    ExpressionAttributeValues={":value": {"S": value}},
                    ScanIndexForward=False,
                    Limit=limit - len(rows),
                    **start,
                )
            rows.extend(map(self._row, page["Items"]))
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return rows

    def _batch_get(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        request: Any = {
            self._table: {"Keys": [self._key(key) for key in keys], "ConsistentRead": True}
        }
        items: list[dict[str, Any]] = []
        for _ in clients.CONTENTION.attempts(self._pause):
            with clients.translated(self._table):
                found = self._client().batch_get_item(RequestItems=request)
            items += found["Responses"].get(self._table, [])
            request = found.get("UnprocessedKeys")
            if not request:
                return items
        raise Throttled(f"{self._table} did not give all rows")

    def _save(self, row: Row) -> SaveResult:
        client = self._client()
        try:
            put = self._put(row)
            with clients.translated(self._table):
                client.put_item(**put)
        except NeverSaved as error:
            return SaveResult(Saved.REFUSED, str(error))
        except Unavailable as error:
            return SaveResult(Saved.FAILED, str(error))
        except client.exceptions.ClientError as error:
            if clients.error_code(error) in OTHERS:
                return SaveResult(Saved.RACED)
            if clients.error_code(error) != "ValidationException":
                raise
            return SaveResult(Saved.REFUSED, str(error))
        return SaveResult(Saved.SAVED)

    def _put(self, row: Row) -> dict[str, Any]:
        """A put that saves `row` if nobody has saved it since it was loaded. Raises NeverSaved."""
        try:
            item = self._item(row)
            size = size_of({name: value for name, value in item.items() if name not in MARKS})
        except (AttributeError, TypeError, ValueError) as error:
            raise NeverSaved(f"the row is not JSON: {error}") from error
        if size > MAX_ROW_BYTES:
            raise NeverSaved(f"the row has {size} bytes, over {MAX_ROW_BYTES}")
        never_saved = "attribute_not_exists(revision)"
        unchanged_since = "revision = :revision"
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if not row.revision:
            return put | {"ConditionExpression": never_saved}
        return put | {
            "ConditionExpression": unchanged_since,
            "ExpressionAttributeValues": {":revision": {"N": str(row.revision)}},
        }

    def _item(self, row: Row) -> dict[str, Any]:
        states = {stream: part.state for stream, part in row.parts.items()}
        texts = {
            "positions": plain.to_json(row.positions),
            "states": plain.to_json(states),
        }
        if row.document is not None:
            texts["doc"] = plain.to_json(row.document)
        if row.parked:
            marks = {stream: plain.dump(mark) for stream, mark in row.parked.items()}
            texts |= {"parked": plain.to_json(marks), "parked_in": self.name}
        for name, place in row.places.items():
            texts |= {name: self._scoped(place.partition), f"{name}_sort": place.sort}
        item = self._key(row.key) | {name: {"S": text} for name, text in texts.items()}
        return item | {"revision": {"N": str(row.revision + 1)}}

    def _row(self, item: dict[str, Any]) -> Row:
        """The row in an item of the table, or of an index, which has no states. Parts that can't be
        read are left out, so the row is folded again. The document stays: a process keeps its sent
        commands there.
        """
        row = Row(
            key=item["row"]["S"].partition("/")[2],
            revision=int(item["revision"]["N"]) if "revision" in item else 0,
            places={
                name: Place(item[name]["S"].partition("/")[2], item[f"{name}_sort"]["S"])
                for name in self._lists
                if name in item and f"{name}_sort" in item
            },
        )
        try:
            row = replace(row, document=_json(item, "doc"))
            return replace(row, parts=_parts(item))
        except (Unreadable, ValueError, LookupError, TypeError, AttributeError) as error:
            logger().error("unreadable row", row=item["row"]["S"], error=repr(error))
            return row

    def _scoped(self, partition: str) -> str:
        return f"{self.name}/{partition}"

    def _key(self, key: str) -> dict[str, Any]:
        return {"row": {"S": f"{self.name}/{key}"}}


def size_of(item: dict[str, Any]) -> int:
    """The size of an item in bytes, names and values. Raises UnicodeEncodeError."""
    return sum(len(name) + len(next(iter(value.values())).encode()) for name, value in item.items())


def _json(item: dict[str, Any], name: str) -> Any:
    return plain.from_json(item[name]["S"]) if name in item else None


def _parts(item: dict[str, Any]) -> dict[str, Part]:
    positions, states = _json(item, "positions") or {}, _json(item, "states") or {}
    marks = _json(item, "parked") or {}
    return {
        stream: Part(
            version=int(positions.get(stream, 0)),
            state=states.get(stream),
            parked=plain.load(ParkedAt, marks[stream]) if stream in marks else None,
        )
        for stream in positions.keys() | marks.keys()
    }
