"""A client of DynamoDB for a table with any number of rows, which counts calls and read units. It
makes an item when it is asked for, so what is measured is what our code asks for and does with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from cqrs.adapters.items import Item, size_of
from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.follow.followers import Follower
from cqrs.write.commands import CommandHandler
from domain.kernel import OrderId
from domain.orders import ORDER, PLACED_ORDERS
from scripts.shop.bench.orders import envelope, placed

__all__ = ["CUSTOMER", "Table", "name_of"]

CUSTOMER = "c-1"  # whose orders all are


def name_of(number: int) -> str:
    return f"{number:07}"


class Table:
    """Rows of `PLACED_ORDERS`, each newer than the one before."""

    def __init__(self, rows: int) -> None:
        self.units = {"calls": 0.0, "read units": 0.0}
        self._rows = rows
        self._row = _a_row()
        self._size = size_of(self._row)

    def get_item(self, *, Key: Item, **_: Any) -> Any:  # noqa: N803
        return {"Item": self._read([_number(Key["row"])], of_index=False, unit=0.5)[0]}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        ((table, asked),) = RequestItems.items()
        numbers = [_number(key["row"]) for key in asked["Keys"]]
        return {"Responses": {table: self._read(numbers, of_index=False, unit=1)}}

    def query(self, *, Limit: int, ExclusiveStartKey: Any = None, **_: Any) -> Any:  # noqa: N803
        newest = _number(ExclusiveStartKey["row"]) if ExclusiveStartKey else self._rows
        numbers = range(newest - 1, max(newest - 1 - Limit, -1), -1)
        items = self._read(numbers, of_index=True, unit=0.5)
        return {"Items": items} | ({"LastEvaluatedKey": items[-1]} if numbers[-1] else {})

    def _read(self, numbers: Iterable[int], *, of_index: bool, unit: float) -> list[Item]:
        """An index reads its items as one, a table each by itself."""
        items = [self._item(number) for number in numbers]
        sizes = [self._size * len(items)] if of_index else [self._size] * len(items)
        self.units["calls"] += 1
        self.units["read units"] += unit * sum(ceil(size / 4096) for size in sizes)
        return items

    def _item(self, number: int) -> Item:
        name = name_of(number)
        return {
            **self._row,
            "row": {"S": f"{PLACED_ORDERS.scope}/{name}"},
            "positions": {"S": f'{{"order-{name}":1}}'},
            "customer_sort": {"S": f"2026-01-01/{name}"},
        }


def _number(key: Any) -> int:
    return int(key["S"].rpartition("/")[2])


def _a_row() -> Item:
    """The item of an order that was placed."""
    store, rows = MemoryEventStore(), MemoryRows.of(PLACED_ORDERS)
    order = name_of(0)
    CommandHandler(store, ORDER).handle(order, placed(OrderId(order)), envelope("k"), opens=True)
    Follower(PLACED_ORDERS, rows, {"order": store}).catch_up({f"order-{order}": ()})
    return rows._rows[order]
