"""Row views: which streams feed a row, and what the row shows, as pure functions.

A row consists of parts, one per stream: the stream's version and the fold of that stream alone.
What is shown is rendered from the parts. So a row is the same whatever the order its streams'
commits arrived in.

A stream feeds exactly one row of a view, and its id says which: `order-7` and `payment-7` feed row
`7`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar, cast, final

from cqrs import plain
from cqrs.history.commits import category_of, entity_of
from cqrs.history.events import EventTypes, Instant, Recorded
from cqrs.plain import Json, Value, field, replace

__all__ = [
    "Cause",
    "Document",
    "Fold",
    "Followed",
    "Generation",
    "KeyedByEntity",
    "Kind",
    "ParkedAt",
    "Part",
    "Place",
    "Row",
    "RowReader",
    "RowStore",
    "RowView",
    "SaveResult",
    "Saved",
    "States",
    "View",
]

Document = Mapping[str, Json]
Kind = Literal["row", "tally", "search"]
"""What keeps a view: a table of rows, one of rows and cells, or a search index."""
S = TypeVar("S")
E = TypeVar("E")


class Fold(Value, Generic[S, E]):
    """What a view remembers of one stream. `state` is the type of its states."""

    category: str
    events: EventTypes
    state: Any
    initial: S
    evolve: Callable[[S, Recorded[E]], S]


Cause = Literal["error", "ahead", "long"]
"""Why a part has stopped.

error   a commit can't be folded, or the row can't be saved with it: it waits for a redrive
ahead   a commit was written by newer code: it goes on by itself when that code is here
long    there were more commits than are taken at once: it goes on by itself. The part is only
        older, not outdated for good, so it counts as behind and not as parked.
"""


class ParkedAt(Value):
    """The mark of a part that does not go on: `version` is the next one, `at` is since when.

    `trace`: the end of the traceback of an error.
    """

    version: int
    error: str
    at: Instant | None = None
    cause: Cause = "error"
    trace: str | None = None

    @property
    def goes_on(self) -> bool:
        """By itself. Else it waits for a person."""
        return self.cause != "error"


class Part(Value, dict=True):
    """How far a row has followed one stream, and the plain form of the fold's state.

    `parked` is its mark, of any cause. What was loaded from it is kept with it (`load_state`).
    """

    version: int = 0
    state: Json = None
    parked: ParkedAt | None = None

    @property
    def is_parked(self) -> bool:
        """Whether it can't go on for now. One that is `long` can."""
        return self.parked is not None and self.parked.cause != "long"


_NOTHING = Part()  # of a stream that nobody has followed yet


class Place(Value, kw_only=False):
    """Where a row stands in a list: in which one (`c-1` among the lists by customer), and before
    what.

    `sort` ends with the row's key, so no two rows of a list stand at the same place.
    """

    partition: str
    sort: str


class Row(Value):
    """A row as it is stored. `revision` counts its saves; 0 was never saved.

    `document` is what it shows; None before there is something to show, and after it was removed.
    `unreadable`: it shows something, in a form that only code of another version knows.
    """

    key: str
    revision: int = 0
    parts: Mapping[str, Part] = field(default_factory=dict)
    document: Document | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    unreadable: bool = False

    def part(self, stream: str) -> Part:
        return self.parts.get(stream, _NOTHING)

    def with_part(self, stream: str, part: Part) -> Row:
        return replace(self, parts={**self.parts, stream: part})

    def saved(self) -> Row:
        """As it is once the store has taken it."""
        return replace(self, revision=self.revision + 1)

    @property
    def positions(self) -> dict[str, int]:
        return {stream: part.version for stream, part in self.parts.items()}

    @property
    def marks(self) -> dict[str, ParkedAt]:
        return {stream: part.parked for stream, part in self.parts.items() if part.parked}

    @property
    def parked(self) -> dict[str, ParkedAt]:
        """The marks of the streams that can't go on for now: without those that are `long`."""
        return {stream: mark for stream, mark in self.marks.items() if mark.cause != "long"}


class States:
    """The states that a row is rendered from: `parts[ORDER]`, the initial one if there is no such
    part.
    """

    def __init__(self, key: str, parts: Mapping[str, Part]) -> None:
        self.key = key
        self._parts = parts

    def __getitem__(self, fold: Fold[S, Any]) -> S:
        return load_state(fold, self._part(fold))

    def version(self, fold: Fold[Any, Any]) -> int:
        return self._part(fold).version

    def _part(self, fold: Fold[Any, Any]) -> Part:
        return self._parts.get(f"{fold.category}-{self.key}", _NOTHING)


def load_state(fold: Fold[S, Any], part: Part) -> S:
    """The state in a part, loaded once. Raises Unreadable."""
    if not part.version:
        return fold.initial
    kind, state = part.__dict__.get("loaded", (None, None))
    if kind is not fold.state:
        state = plain.load(fold.state, part.state)
        part.__dict__["loaded"] = (fold.state, state)
    return cast("S", state)


def part_with(fold: Fold[S, Any], version: int, state: S) -> Part:
    """The part that keeps a state. Raises TypeError or ValueError for one that isn't JSON, and
    Unreadable for one that would not be read again.
    """
    text = plain.write(state)
    part = Part(version=version, state=plain.read(Any, text))
    part.__dict__["loaded"] = (fold.state, plain.read(fold.state, text))
    return part


class Generation(Value, kw_only=False, order=True):
    """One edition of a view's rows: the `number` that its code says, and which `copy` of those it
    is. As a text `2`, and `2.1` for the next copy.
    """

    number: int
    copy: int = 0

    def __str__(self) -> str:
        return f"{self.number}.{self.copy}" if self.copy else str(self.number)

    @classmethod
    def parse(cls, text: str) -> Generation:
        """Raises ValueError for what is not the text of a generation."""
        number, _, copy = text.partition(".")
        if (number + copy).isdecimal():
            found = cls(int(number or 0), int(copy or 0))
            if str(found) == text:
                return found
        raise ValueError(f"'{text}' is no generation, as 2 and 2.1 are")


class KeyedByEntity:
    """What has a row per entity, fed by the streams whose id is the row's key.

    A `generation` is kept beside the one before: what makes other rows of the same events is
    another generation. Rows that are made once more of the same definition are a `copy` of it.
    """

    name: str
    generation: int
    folds: Sequence[Fold[Any, Any]]
    copy: int = 0

    @property
    def edition(self) -> Generation:
        return Generation(self.generation, self.copy)

    @property
    def scope(self) -> str:
        """Name and generation: what rows, and cursors into their lists, belong to."""
        return f"{self.name}#{self.edition}"

    @final
    def at(self, generation: Generation) -> Self:
        """The same view, with the rows of another generation."""
        view: Any = self
        return cast("Self", replace(view, generation=generation.number, copy=generation.copy))

    @final
    def fold_of(self, stream: str) -> Fold[Any, Any] | None:
        """None for a stream that is not followed."""
        category = category_of(stream)
        for fold in self.folds:
            if fold.category == category:
                return fold
        return None

    @final
    def key_of(self, stream: str) -> str:
        """Rows that are keyed by something else are a tally, or a list of the rows there are."""
        return entity_of(stream)


class Followed(Protocol):
    """What a follower keeps up to date: views, and processes."""

    kind: ClassVar[Kind]

    @property
    def name(self) -> str: ...

    @property
    def scope(self) -> str: ...

    @property
    def folds(self) -> Sequence[Fold[Any, Any]]: ...

    @property
    def lists(self) -> Mapping[str, object]: ...

    def fold_of(self, stream: str) -> Fold[Any, Any] | None:
        """None for a stream that is not followed."""

    def key_of(self, stream: str) -> str:
        """The row that a stream feeds."""

    def shown(self, row: Row) -> Row:
        """`row` with document and places as its parts have them."""


class View(Followed, Protocol):
    """What has generations: unlike a process, whose rows can't be made anew."""

    @property
    def edition(self) -> Generation: ...

    def at(self, generation: Generation) -> Self: ...


class RowView(Value, KeyedByEntity):
    """A view with one row per entity. `render` shows a row, or None if there is nothing to show.

    `lists` name the orders in which rows can be paged through; each says where a document stands.
    `choices` name the lists that are picked out of a closed set, and that set.
    """

    kind: ClassVar[Kind] = "row"
    name: str
    folds: Sequence[Fold[Any, Any]]
    render: Callable[[States], Document | None]
    lists: Mapping[str, Callable[[Document], Place | None]] = field(default_factory=dict)
    generation: int = 1
    choices: Mapping[str, type[StrEnum]] = field(default_factory=dict)
    copy: int = 0

    def shown(self, row: Row) -> Row:
        """`row` with document and places rendered from its parts.

        Raises ValueError for a place in a list that nobody could pick.
        """
        document = self.render(States(row.key, row.parts))
        found = {name: place(document) for name, place in self.lists.items()} if document else {}
        places = {name: place for name, place in found.items() if place}
        for name in self.choices.keys() & places.keys():
            self.choices[name](places[name].partition)
        return replace(row, document=document, places=places, unreadable=False)


class Saved(Enum):
    SAVED = "saved"
    RACED = "raced"  # somebody saved the row since it was loaded
    REFUSED = "refused"  # the store can never take this row
    FAILED = "failed"  # the store is down or has no capacity


class SaveResult(Value, kw_only=False):
    saved: Saved
    reason: str = ""
    cause: Exception | None = None


class RowStore(Protocol):
    """Where a view's rows are, for its follower. Both calls take a batch, one row per key."""

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        """The newest state of each row; one at revision 0 for a key without. Raises Unavailable."""

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        """Saves each row that is still at its `revision`, as the next one. Never raises for a
        single row.
        """

    def parked(self, limit: int) -> list[Row]:
        """Rows with a mark of any cause. May lag behind `load`, and may have nothing but the marks.
        Raises Unavailable.
        """

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        """Those of `parked` with a mark that goes on by itself; the next ones after the row with
        the key `after`. In any order, but always in the same.
        """


class RowReader(Protocol):
    """Where a view's rows are, for queries."""

    def get(self, key: str) -> Row:
        """One row, perhaps not the newest; at revision 0 for a key without. Raises Unavailable."""

    def load(self, keys: Sequence[str]) -> dict[str, Row]: ...

    @classmethod
    def load_all(cls, asked: Sequence[tuple[Self, Sequence[str]]]) -> list[dict[str, Row]]:
        """As `load`, from several stores of this kind together."""

    def page(
        self, name: str, partition: str, after: tuple[str, str] | None, limit: int
    ) -> list[Row]:
        """Rows of the list `name`, last sort key first, after `(sort, key)`. May lag behind `load`,
        and has no states in its parts.
        """
