"""Rows as items of a DynamoDB table, and what such a table never takes. Pure: the adapters and
their twins in memory say the same of the same row.

row                   S  partition key: `order_history#1/7` (view, generation, key)
revision              N  counts the saves; a save is conditional on it
positions             S  JSON: the version of each stream that feeds the row
states                S  JSON: the fold of each of those streams
doc                   S  JSON: the document shown; absent if the row shows nothing
parked                S  JSON: the marks of streams that have stopped, as `marks` writes them
parked_in             S  only in rows with a mark, for the index `parked`: view and generation; and
                         `order_history#1/going-on` if one of the marks goes on by itself
<list>, <list>_sort   S  the row's position in each list: index `by_<list>`

and an item that says that the rows were not lost with their table:

row                   S  partition key: `filling/order_history#1`
made                  S  when it was made: tells one table from the next
filled                S  `yes`, where older code says so that every stream was followed
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from cqrs import plain
from cqrs.adapters.marks import marks_text
from cqrs.discretion import said
from cqrs.errors import Unreadable
from cqrs.observability import logger
from cqrs.plain import replace
from cqrs.views.rows import ParkedAt, Part, Place, Row

__all__ = [
    "MAX_ITEM_BYTES",
    "MAX_ROW_BYTES",
    "PARTITION_BYTES",
    "SORT_BYTES",
    "Item",
    "Items",
    "NeverSaved",
    "check_key",
    "check_size",
    "size_of",
]

Item = dict[str, Any]

MAX_ITEM_BYTES = 400 * 1024
MAX_ROW_BYTES = MAX_ITEM_BYTES - 8 * 1024  # leaves room to park a full row
PARTITION_BYTES, SORT_BYTES = 2048, 1024  # of keys, also those of indexes
MARKS = ("parked", "parked_in")
NAMES = {*MARKS, "row", "cell", "revision", "positions", "states", "doc"}


class NeverSaved(Exception):
    """The reason why a table can never hold a row."""


def size_of(item: Item) -> int:
    """The size of an item in bytes, names and values. Raises UnicodeEncodeError."""
    size = 0
    for name, value in item.items():
        (text,) = value.values()
        size += len(name) + _bytes_of(text)
    return size


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


class Items:
    """The items of one generation of a view, `scope` being `order_history#1`."""

    keys: ClassVar[Sequence[str]] = ("row",)

    def __init__(
        self, scope: str, lists: Iterable[str] | None = None, max_bytes: int = MAX_ROW_BYTES
    ) -> None:
        """`lists` are those that rows are read with; all that they stand in, if it is None."""
        self.scope = scope
        self._lists = None if lists is None else tuple(lists)
        self._max_bytes = max_bytes
        if taken := NAMES.intersection(self._lists or ()):
            raise ValueError(f"{scope} has a list '{min(taken)}', as rows have already: rename it")

    def scoped(self, partition: str) -> str:
        return f"{self.scope}/{partition}"

    @property
    def going_on(self) -> str:
        """Where in the index `parked` the rows are that go on by themselves."""
        return self.scoped("going-on")

    def key(self, key: str) -> Item:
        return {"row": {"S": self.scoped(key)}}

    def filling(self) -> Item:
        """The key of the item that says that the rows are there."""
        return self.key("") | {"row": {"S": f"filling/{self.scope}"}}

    def item(self, row: Row) -> Item:
        """What `row` is saved as, one revision on. Raises NeverSaved."""
        try:
            item = self._written(row)
            size = size_of({name: item[name] for name in item if name not in MARKS})
        except (AttributeError, TypeError, ValueError) as error:
            raise NeverSaved(f"the row is not JSON: {said(error)}") from error
        check_size("the row", size, self._max_bytes)
        check_key("key", item["row"]["S"], PARTITION_BYTES)
        for name in row.places:
            check_key(f"partition in the list '{name}'", item[name]["S"], PARTITION_BYTES)
            check_key(f"sort key in the list '{name}'", item[f"{name}_sort"]["S"], SORT_BYTES)
        return item

    def _written(self, row: Row) -> Item:
        states = {stream: part.state for stream, part in row.parts.items()}
        texts = {
            "positions": plain.write(row.positions).decode(),
            "states": plain.write(states).decode(),
        }
        if row.document is not None:
            texts["doc"] = plain.to_json(row.document)
        if marks := row.marks:
            goes_on = any(mark.goes_on for mark in marks.values())
            parked_in = self.going_on if goes_on else self.scope
            texts |= {"parked": marks_text(marks), "parked_in": parked_in}
        for name, place in row.places.items():
            texts |= {name: self.scoped(place.partition), f"{name}_sort": place.sort}
        item = self.key(row.key) | {name: {"S": text} for name, text in texts.items()}
        return item | {"revision": {"N": str(row.revision + 1)}}

    def row(self, item: Item) -> Row:
        """The row in an item of the table, or of an index, which has no states. Parts that can't be
        read are left out, so the row is folded again. The document stays: a process keeps its sent
        commands there.
        """
        lists = self._lists
        if lists is None:
            lists = tuple(name.removesuffix("_sort") for name in item if name.endswith("_sort"))
        row = Row(
            key=item["row"]["S"].partition("/")[2],
            unreadable=True,
            revision=int(item["revision"]["N"]) if "revision" in item else 0,
            places={
                name: Place(item[name]["S"].partition("/")[2], item[f"{name}_sort"]["S"])
                for name in lists
                if name in item and f"{name}_sort" in item
            },
        )
        try:
            row = replace(row, document=_json(item, "doc"), unreadable=False)
            return replace(row, parts=_parts(item))
        except (Unreadable, ValueError, LookupError, TypeError, AttributeError) as error:
            logger().error("unreadable row", row=item["row"]["S"], error=said(error))
            return row


def check_key(what: str, text: str, most: int) -> None:
    """Raises NeverSaved, also for a text that is not Unicode."""
    if not text:
        raise NeverSaved(f"a {what} is empty, and no key may be")
    try:
        size = _bytes_of(text)
    except UnicodeEncodeError as error:
        raise NeverSaved(f"a {what} is not Unicode") from error
    check_size(f"a {what}", size, most)


def check_size(what: str, size: int, most: int) -> None:
    """Raises NeverSaved."""
    if size > most:
        raise NeverSaved(f"{what} has {size} bytes, over {most}")


def _json(item: Item, name: str) -> Any:
    return plain.read(Any, item[name]["S"]) if name in item else None


def _parts(item: Item) -> dict[str, Part]:
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
