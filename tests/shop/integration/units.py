"""What calls to DynamoDB cost, in units, by the rules of its pricing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

__all__ = ["Lists", "read_units", "write_units"]

READS = {"GetItem", "BatchGetItem", "Query", "Scan", "DescribeTable"}
SHOWN = {"doc", "positions", "parked", "row"}  # what a list has of a row, beside its keys

Item = Mapping[str, Any]


def read_units(operation: str, asked: Any, answer: Any) -> float:
    """Of one call; none, if it is no read. What is not found counts like what is small."""
    match operation:
        case "GetItem":
            sizes = [item_size(answer.get("Item", {}))]
            consistent = asked.get("ConsistentRead", False)
        case "BatchGetItem":
            tables = asked["RequestItems"].values()
            found = [item_size(item) for items in answer["Responses"].values() for item in items]
            sizes = found + [0] * (sum(len(keys["Keys"]) for keys in tables) - len(found))
            consistent = all(keys.get("ConsistentRead", False) for keys in tables)
        case "Query" | "Scan":  # sizes are added up first
            sizes = [sum(map(item_size, answer["Items"]))]
            consistent = asked.get("ConsistentRead", False)
        case _:
            return 0
    return sum(max(1, ceil(size / 4096)) for size in sizes) * (1 if consistent else 0.5)


@dataclass
class Lists:
    """What is in the lists of tables; `of` names those of each table, `bare` those with keys only.

    A row that is written is written in its lists too, and taken out of its old place in them.
    """

    of: Mapping[str, Sequence[str]]
    bare: frozenset[str] = frozenset()
    entries: dict[tuple[str, str, str], Item] = field(default_factory=dict)

    def write_units(self, put: Any) -> int:
        units, table, item = 0, put["TableName"], put["Item"]
        for name in self.of.get(table, ()):
            place = (table, name, item["row"]["S"])
            before = self.entries.pop(place, None)
            if name not in item:
                units += kilobytes(before) if before else 0
                continue
            shown = ({"row"} if name in self.bare else SHOWN) | {name, f"{name}_sort"}
            own = self.entries[place] = {key: item[key] for key in item if key in shown}
            if before is None:
                units += kilobytes(own)
            elif (before[name], before[f"{name}_sort"]) == (own[name], own[f"{name}_sort"]):
                units += 0 if before == own else max(kilobytes(before), kilobytes(own))
            else:  # it leaves one place and comes to another
                units += kilobytes(before) + kilobytes(own)
        return units


def write_units(operation: str, asked: Any, lists: Lists) -> int:
    """Of one call, with the lists; none, if it is no write."""
    match operation:
        case "PutItem":
            return kilobytes(asked["Item"]) + lists.write_units(asked)
        case "TransactWriteItems":
            actions = [next(iter(action.items())) for action in asked["TransactItems"]]
            units = sum(2 * kilobytes(action.get("Item", {})) for _, action in actions)
            return units + sum(lists.write_units(a) for kind, a in actions if kind == "Put")
        case "UpdateItem":  # of the one item with all kinds of events
            return 1
        case _:
            assert operation in READS, f"it is not known what {operation} costs"
            return 0


def kilobytes(item: Item) -> int:
    return max(1, ceil(item_size(item) / 1024))


def item_size(item: Item) -> int:
    return sum(len(name) + _size(value) for name, value in item.items())


def _size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content) // 2 + 1
        case "B":  # in base64, as it is sent
            return len(content) * 3 // 4
        case _:
            raise AssertionError(f"{kind} is not stored")
