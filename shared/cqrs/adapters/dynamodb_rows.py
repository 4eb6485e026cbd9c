"""The rows of a view on DynamoDB: one table per view, one item per row, as `items` writes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cqrs import plain
from cqrs.adapters import clients
from cqrs.adapters.items import Item, Items, NeverSaved
from cqrs.adapters.tables import batch_get, batch_get_all, if_unchanged
from cqrs.at_once import AT_ONCE, at_once
from cqrs.discretion import said
from cqrs.errors import Throttled, Unavailable
from cqrs.history.instants import now
from cqrs.views.filling import Filling
from cqrs.views.rows import Followed, Row, Saved, SaveResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbRows"]

ITEMS_PER_SCAN = 500  # of which those of one generation are deleted
DELETES_PER_CALL = 25
OTHERS = {"ConditionalCheckFailedException", "TransactionConflictException"}


class DynamoDbRows:
    """Row store and row reader of one generation of a view; `name` is `order_history#1`.

    Calls: `get` 1; `load` 1 per 100 keys; `save` 1 per row, 8 at a time; `page` and `going_on` 1;
    `parked` 2.
    """

    shape: ClassVar[type[Items]] = Items

    def __init__(
        self,
        table: str,
        name: str,
        lists: Iterable[str],
        client: Callable[[], DynamoDBClient] = clients.dynamodb,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._items = self.shape(name, lists)
        self._client = client
        self._pause = pause

    @classmethod
    def of(cls, view: Followed, table: str) -> Self:
        return cls(table, view.scope, view.lists)

    def get(self, key: str) -> Row:
        with clients.translated(self._table):
            found = self._client().get_item(TableName=self._table, Key=self._items.key(key))
        return self._items.row(found["Item"]) if "Item" in found else Row(key=key)

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        (rows,) = self.load_all([(self, keys)])
        return rows

    @classmethod
    def load_all(cls, asked: Sequence[tuple[Self, Sequence[str]]]) -> list[dict[str, Row]]:
        """Calls: 1 per 100 keys, of whatever tables."""
        found = [{key: Row(key=key) for key in keys} for _, keys in asked]
        wanted: dict[tuple[str, str], int] = {}
        keys: list[tuple[str, Item]] = []
        for n, (store, _) in enumerate(asked):
            for key in found[n]:
                item = store._items.key(key)
                keys.append((store._table, item))
                wanted[store._table, item["row"]["S"]] = n
        if keys:
            first = asked[0][0]
            for table, item in batch_get_all(first._client, keys, first._pause):
                n = wanted[table, item["row"]["S"]]
                row = asked[n][0]._items.row(item)
                found[n][row.key] = row
        return found

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        # a share for each thread, and not a row: to hand one over takes an eighth of a call
        shares = [rows[first::AT_ONCE] for first in range(min(AT_ONCE, len(rows)))]
        saved = at_once(lambda share: list(map(self._save, share)), shares)
        return [saved[n % AT_ONCE][n // AT_ONCE] for n in range(len(rows))]

    def page(
        self, name: str, partition: str, after: tuple[str, str] | None, limit: int
    ) -> list[Row]:
        start: dict[str, Any] = {}
        if after:
            sort, key = after
            place = {name: {"S": self._items.scoped(partition)}, f"{name}_sort": {"S": sort}}
            start = {"ExclusiveStartKey": self._items.key(key) | place}
        return self._query(f"by_{name}", name, self._items.scoped(partition), limit, **start)

    def parked(self, limit: int) -> list[Row]:
        rows = self._query("parked", "parked_in", self._items.scope, limit)
        return rows + self.going_on(limit - len(rows))

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        here = self._items.going_on
        start: dict[str, Any] = {}
        if after is not None:
            start = {"ExclusiveStartKey": self._items.key(after) | {"parked_in": {"S": here}}}
        return self._query("parked", "parked_in", here, limit, **start)

    # Whether they are there

    def state(self) -> Filling:
        found = self._batch_get([self._items.filling()])
        if not found:
            return Filling("missing")
        return Filling("there", found[0]["made"]["S"], "filled" in found[0])

    def create(self) -> Filling:
        client = self._client()
        is_there = client.exceptions.ConditionalCheckFailedException
        with clients.translated(self._table), suppress(is_there):
            client.put_item(
                TableName=self._table,
                Item=self._items.filling() | {"made": {"S": now()}},
                ConditionExpression="attribute_not_exists(made)",
            )
        return self.state()

    def delete(self, cursor: str | None = None) -> str | None:
        """Calls: a Scan, which pays for the rows of other generations too, and a write for each 25
        rows.
        """
        start = {"ExclusiveStartKey": plain.from_json(cursor)} if cursor else {}
        names = {f"#{name}": name for name in self._items.keys}
        with clients.translated(self._table):
            page: Any = self._client().scan(
                TableName=self._table,
                Limit=ITEMS_PER_SCAN,
                ProjectionExpression=", ".join(names),
                FilterExpression="begins_with(#row, :scope)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":scope": {"S": self._items.scoped("")}},
                **start,
            )
        keys = page["Items"]
        for first in range(0, len(keys), DELETES_PER_CALL):
            self._batch_delete(keys[first : first + DELETES_PER_CALL])
        if "LastEvaluatedKey" in page:
            return plain.to_json(page["LastEvaluatedKey"])
        self._batch_delete([self._items.filling()])
        return None

    # How it is done

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
            rows.extend(map(self._items.row, page["Items"]))
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return rows

    def _batch_get(self, keys: Sequence[Item]) -> list[Item]:
        return batch_get(self._client, self._table, keys, self._pause)

    def _batch_delete(self, keys: Sequence[Item]) -> None:
        request: Any = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        for _ in clients.CONTENTION.attempts(self._pause):
            with clients.translated(self._table):
                left = self._client().batch_write_item(RequestItems=request)
            request = left.get("UnprocessedItems")
            if not request:
                return
        raise Throttled(f"{self._table} did not delete all rows")

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
            return SaveResult(Saved.REFUSED, said(error))
        return SaveResult(Saved.SAVED)

    def _put(self, row: Row) -> dict[str, Any]:
        """A put that saves `row` if nobody has saved it since it was loaded. Raises NeverSaved."""
        put: dict[str, Any] = {"TableName": self._table, "Item": self._items.item(row)}
        return put | if_unchanged(row.revision)
