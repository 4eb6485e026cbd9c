"""Search views: row views that are kept in a search index, and asked by text, filter and facet."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from cqrs.plain import Json, Value, field
from cqrs.views.rows import Document, Kind, Row, RowStore, RowView

__all__ = [
    "Conversation",
    "Hit",
    "Hits",
    "IndexState",
    "Question",
    "Round",
    "SearchIndex",
    "SearchPage",
    "SearchView",
]

T = TypeVar("T")

Question = Mapping[str, Json]
"""The body of a search, in OpenSearch's own words. Fields of a document are called `doc.status`."""


class SearchView(RowView):
    """A row view that is kept in a search index.

    `fields` are the fields of its documents, in OpenSearch's own words; a document with any other
    is refused. With other fields it needs a new `generation`, an index of its own.
    """

    kind: ClassVar[Kind] = "search"
    fields: Mapping[str, Json]


class Hit(Value, kw_only=False):
    """A row that was found: without states, as in a list; what of it matched, by field."""

    row: Row
    sort: Sequence[Json]
    score: float | None = None
    highlights: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Hits(Value, kw_only=False):
    """`total` counts all hits. `facets` are the answer's aggregations, as they are."""

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Any] = field(default_factory=dict)


class IndexState(Value, kw_only=False):
    """`filling` until it is opened, `empty` if it is open and has no row. `made` tells one index
    from the next of the same name.
    """

    condition: Literal["missing", "filling", "empty", "ready"]
    made: str = ""


class SearchIndex(RowStore, Protocol):
    """Where the rows of a search view are: for its follower, for searches, and for who tends it."""

    def search(self, questions: Sequence[Question]) -> list[Hits]:
        """Asks all in one call. Raises Unavailable, also while the index is not open yet."""

    def state(self) -> IndexState:
        """Raises Unavailable."""

    def create(self) -> IndexState:
        """Makes the index, not open for searches yet. What is there already stays."""

    def open(self) -> None:
        """Lets searches see this generation, and no other."""

    def close(self) -> None:
        """Hides it from searches."""


Round = Mapping[str, Sequence[Question]]
"""Questions that are asked at the same time, by the name of the view."""
Conversation = Generator[Round, Mapping[str, Sequence[Hits]], T]
"""A search that takes several rounds: it yields questions, is sent their answers, and returns what
it found out. It is pure: who asks is somebody else.
"""


class SearchPage(Value, kw_only=False):
    """What a search came to. `body` is what is shown; `last` is the place of the last hit, if
    others follow it.
    """

    body: Document
    last: Sequence[Json] | None
