"""Search views: row views that are kept in a search index, and asked by text, filter and facet."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from cqrs.plain import Json, Value, field
from cqrs.views.filling import Fillable
from cqrs.views.rows import Document, Kind, Row, RowStore, RowView

__all__ = [
    "Conversation",
    "Hit",
    "Hits",
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


class SearchIndex(RowStore, Fillable, Protocol):
    """Where the rows of a search view are: for its follower, for searches, and for who fills it."""

    def search(self, questions: Sequence[Question]) -> list[Hits]:
        """Asks all in one call. Raises Unavailable, and NotFilled."""


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
