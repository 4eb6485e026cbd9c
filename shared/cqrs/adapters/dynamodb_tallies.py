"""The rows and cells of a tally on DynamoDB: one table per view, with a sort key, and items as
`tally_items` writes them.

Writes to one partition are limited to 1,000 units a second, and each change of a cell takes two: so
not all cells should be in one partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cqrs.adapters import clients
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.items import NeverSaved, size_of
from cqrs.adapters.tally_items import TallyItems
from cqrs.discretion import said
from cqrs.errors import Unavailable
from cqrs.plain import Value
from cqrs.views.rows import Row, Saved, SaveResult
from cqrs.views.tallies import Cell, Counts, changes_of, summed

__all__ = ["DynamoDbTallies"]

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024 - 512 * 1024  # leaves room for the cells, whose keys take 3 kB at most


class _Save(Value, kw_only=False):
    """A row that changes cells, to be saved in a transaction."""

    key: str
    put: dict[str, Any]
    size: int
    changes: Counts


class DynamoDbTallies(DynamoDbRows):
    """Row store, row reader and cells of one generation of a tally; `name` is `sales#1`.

    Calls: as for other rows, except that `save` puts the rows that change cells into transactions,
    as many as fit, one transaction after the other, as they may change the same cells. `cells`: 1.
    """

    shape = TallyItems
    _items: TallyItems

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        alone = [row for row in rows if not changes_of(row)]
        results = dict(zip((row.key for row in alone), super().save(alone), strict=True))
        saves: list[_Save] = []
        for row in rows:
            if changes_of(row):
                try:
                    saves.append(self._prepared(row))
                except NeverSaved as error:
                    results[row.key] = SaveResult(Saved.REFUSED, str(error))
        for pack in _packs(saves):
            results |= self._write(pack)
        return [results[row.key] for row in rows]

    def cells(
        self, partition: str, first: str, last: str, after: str | None, limit: int
    ) -> dict[Cell, Mapping[str, int]]:
        # no key is empty; `\0` makes the smallest text after another
        first = max(first, "\0" if after is None else after + "\0")
        here = "cell BETWEEN :first AND :last" if last else "cell >= :first"
        bounds = {":first": {"S": first}} | ({":last": {"S": last}} if last else {})
        start: dict[str, Any] = {}
        found: dict[Cell, Mapping[str, int]] = {}
        while (not last or first <= last) and len(found) < limit:
            with clients.translated(self._table):
                page = self._client().query(
                    TableName=self._table,
                    KeyConditionExpression=f"#row = :row AND {here}",
                    ExpressionAttributeNames={"#row": "row"},
                    ExpressionAttributeValues={
                        ":row": {"S": self._items.partition(partition)},
                        **bounds,
                    },
                    ConsistentRead=True,
                    Limit=limit - len(found),
                    **start,
                )
            found |= summed({_cell(partition, item): _numbers(item) for item in page["Items"]})
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return found

    def _prepared(self, row: Row) -> _Save:
        """Raises NeverSaved."""
        changes = self._items.changes(row)
        put = self._put(row)
        return _Save(row.key, put, size_of(put["Item"]), changes)

    def _write(self, pack: Sequence[_Save]) -> dict[str, SaveResult]:
        """Saves a pack as a whole, except rows that somebody saved since they were loaded.

        A repeat adds nothing twice, since the first time has raised the row's revision.
        """
        results: dict[str, SaveResult] = {}
        for _ in clients.CONTENTION.attempts(self._pause):
            results |= self._transact([save for save in pack if save.key not in results])
            if len(results) == len(pack):
                return results
        contended = SaveResult(Saved.FAILED, f"others write to the same cells of {self._table}")
        return {save.key: contended for save in pack} | results

    def _transact(self, saves: Sequence[_Save]) -> dict[str, SaveResult]:
        """The results of the saves, without those that have to be tried again."""
        client = self._client()
        result = SaveResult(Saved.SAVED)
        try:
            with clients.translated(self._table):
                client.transact_write_items(TransactItems=self._actions(saves))
        except Unavailable as error:
            result = SaveResult(Saved.FAILED, str(error))
        except client.exceptions.ClientError as error:
            response: Any = error.response
            reasons: list[Any] = response.get("CancellationReasons", [])
            codes = [reason["Code"] for reason in reasons]
            of_rows = zip(saves, codes, strict=False)  # the codes of cells follow
            raced = [save.key for save, code in of_rows if code == clients.CONDITION_FAILED]
            if raced or clients.UNDECIDED.intersection(codes):
                return dict.fromkeys(raced, SaveResult(Saved.RACED))
            if not reasons and clients.error_code(error) != "ValidationException":
                raise
            if len(saves) > 1:  # one of them can never be saved, but others can
                return {key: r for save in saves for key, r in self._write([save]).items()}
            why = ", ".join(sorted({*codes} - {"None"}))
            result = SaveResult(Saved.REFUSED, f"{said(error)} {why}".rstrip())
        return {save.key: result for save in saves}

    def _actions(self, saves: Sequence[_Save]) -> Any:
        changes = summed(*(save.changes for save in saves))
        puts = [{"Put": save.put} for save in saves]
        return puts + [{"Update": self._added(*change)} for change in changes.items()]

    def _added(self, cell: Cell, numbers: Mapping[str, int]) -> dict[str, Any]:
        names = {f"#{n}": name for n, name in enumerate(numbers)}
        return {
            "TableName": self._table,
            "Key": self._items.cell(cell),
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name[1:]}" for name in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {
                f":{n}": {"N": str(number)} for n, number in enumerate(numbers.values())
            },
        }


def _packs(saves: Sequence[_Save]) -> Iterable[Sequence[_Save]]:
    """Divides saves into transactions, in order."""
    pack: list[_Save] = []
    cells: set[Cell] = set()
    size = 0
    for save in saves:
        grown = cells | save.changes.keys()
        if pack and (len(pack) + 1 + len(grown) > MAX_ACTIONS or size + save.size > MAX_BYTES):
            yield pack
            pack, size, grown = [], 0, set(save.changes)
        pack, size, cells = [*pack, save], size + save.size, grown
    if pack:
        yield pack


def _cell(partition: str, item: Mapping[str, Any]) -> Cell:
    return Cell(partition, item["cell"]["S"])


def _numbers(item: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}
